"""Whether a rule has what it compares. Nothing read is not the same as nothing there.

A need is written `table@role`: every system of that role has rows in that canonical table, or has
had all its streams read completely (then the table is truly empty). A need ending in `!`
(`billing_attributes@erp!`) asks for rows, because projects of whose billing nothing is known would
look like projects that lack nothing.
A need ending in `?` (`opportunities@crm?`) is met where the firm has no system of that role.
`billing_attributes@erp!` asks for ERP projects that say how they are billed.

A system is asked only for what its connector declares that it can say: the tables of its streams,
and the billing attributes of its vendor. What no system of the role can say makes a rule *not
applicable*: it guards nothing, and its silence says nothing about the data.
`reconciliation.holds` makes a rule run after those that hold things, `reconciliation.found` after
all others, `reconciliation.all` after these too.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ps_integration.domain.ports import Queries

NEED_PATTERN: Final = re.compile(
    r"^(reconciliation\.(all|found|holds)|[a-z_]+@(crm|psa|time|erp|hr)[!?]?)$"
)
_PHRASES: Final = {
    "billing_attributes": "billing attributes of projects",
    "intercompany_charges": "intercompany charges",
    "rates": "prices",
    "subcontractor_costs": "subcontractors' costs",
    "time_entries": "time entries",
}

_SYSTEMS: Final = """
with told as (
    select system, list(distinct object) as objects
    from canonical.feeds
    group by system
)
select
    ro.system,
    case
        when $name = 'billing_attributes' then sy.billing_attributes is distinct from ''
        else coalesce(
            list_contains(coalesce(td.objects, string_split(sy.feeds, ',')), $name), true
        )
    end as says_it
from config.system_roles as ro
inner join config.systems as sy on ro.system = sy.system
left join told as td on ro.system = td.system
where ro.role = $role
order by ro.system
"""
_WITH_ROWS: Final = "select distinct system from canonical.{table} where {condition}"
_READ_WHOLE: Final = """
select re.system
from (
    select system, stream, status
    from raw.reads
    qualify row_number() over (partition by system, stream order by finished_at desc) = 1
) as re
group by re.system
having bool_and(re.status = 'complete')
"""


@dataclass(frozen=True, slots=True)
class Lack:
    """Why a need is not met.

    Attributes:
        message: One plain sentence.
        is_applicable: False when no system of that role can say it, so that there is nothing to
            compare and nothing to hold back.
        systems: Those that lack it.
        is_whole: False when some systems of the role have what is needed and others have not.
        is_met: True when all that can say it were read, and others cannot say it at all.
    """

    message: str
    is_applicable: bool = True
    is_whole: bool = True
    is_met: bool = False
    systems: tuple[str, ...] = ()


def lacking(queries: Queries, need: str) -> Lack | None:
    """What is missing for one need, or None when it is met."""
    if need.startswith("reconciliation."):
        return None
    name, role = need.rstrip("!?").split("@")
    what = _PHRASES.get(name, name.replace("_", " "))
    table, condition = (
        ("projects", "has_billing_attributes") if name == "billing_attributes" else (name, "true")
    )
    known = queries.rows(_SYSTEMS, {"role": role, "name": name})
    systems = [str(row["system"]) for row in known if row["says_it"]]
    if not systems and need.endswith("?"):
        return None
    if not systems:
        silent = ", ".join(str(row["system"]) for row in known)
        lack = f"{silent} cannot say {what}" if known else f"no system has the role {role}"
        return Lack(lack, is_applicable=False)
    served = {
        row["system"] for row in queries.rows(_WITH_ROWS.format(table=table, condition=condition))
    }
    if not need.endswith("!") and not served.issuperset(systems):
        served |= {row["system"] for row in queries.rows(_READ_WHOLE)}
    without = [system for system in systems if system not in served]
    if not without:
        return _beside(what, [str(row["system"]) for row in known if not row["says_it"]])
    is_whole = not need.endswith("!") or len(without) == len(systems)
    return Lack(
        f"no {what} read from {', '.join(without)}", is_whole=is_whole, systems=tuple(without)
    )


def _beside(what: str, silent: Sequence[str]) -> Lack | None:
    """A need that is met, and the systems of its role that it cannot be asked of."""
    if not silent:
        return None
    return Lack(f"{', '.join(silent)} cannot say {what}", is_whole=False, is_met=True)
