"""Whether a rule has what it compares. Nothing read is not the same as nothing there.

A need is written `table@role`: every system of that role has rows in that canonical table, or has
had all its streams read completely (then the table is truly empty). A need ending in `!`
(`rates@erp!`) asks for rows, because an optional stream that is not served looks like an empty one.
A need ending in `?` (`opportunities@crm?`) is met where the firm has no system of that role.
An ERP that imports files is asked only for what the firm's own streams of it bring: it need not
export any.
`billing_attributes@erp!` asks for ERP projects that say how they are billed.
`reconciliation.holds` makes a rule run after those that hold things, `reconciliation.found` after
all others, `reconciliation.all` after these too.
"""

import re
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
select
    ro.system,
    ro.role <> 'erp' or sy.feeds is null or list_contains(string_split(sy.feeds, ','), $name)
        as feeds_it
from config.system_roles as ro
inner join config.systems as sy on ro.system = sy.system
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
        is_configured: False when the firm has no system of that role, so that there is nothing
            to compare and nothing to hold back.
        systems: Those that lack it.
        is_whole: False when some systems of the role have what is needed and others have not.
    """

    message: str
    is_configured: bool = True
    is_whole: bool = True
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
    known = queries.rows(_SYSTEMS, {"role": role, "name": table})
    systems = [str(row["system"]) for row in known if row["feeds_it"]]
    if not systems and need.endswith("?"):
        return None
    if not systems:
        lack = (
            f"no system of the role {role} brings {what}"
            if known
            else (f"no system has the role {role}")
        )
        return Lack(lack, is_configured=False)
    served = {
        row["system"] for row in queries.rows(_WITH_ROWS.format(table=table, condition=condition))
    }
    if not need.endswith("!") and not served.issuperset(systems):
        served |= {row["system"] for row in queries.rows(_READ_WHOLE)}
    without = [system for system in systems if system not in served]
    if not without:
        return None
    is_whole = not need.endswith("!") or len(without) == len(systems)
    return Lack(
        f"no {what} read from {', '.join(without)}", is_whole=is_whole, systems=tuple(without)
    )
