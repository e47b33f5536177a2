"""Writes a commented firm file for the vendors a firm wants to connect."""

import json
from collections.abc import Iterator, Sequence

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ps_integration.connectors.registry import vendor
from ps_integration.connectors.setup import Setup, Vendor
from ps_integration.settings.firm import System

_HEAD = """\
# Firm file of ps_integration. Every key is checked: `ps-integration config check`.
# Editors complete and check it with the schema from `ps-integration config schema`.
# Secrets are never written here: `env:NAME` names the environment variable that holds one.

firm:
  id: my_firm                     # CHANGE: short id; state lives in data/<id>
  name: My Firm                   # CHANGE
  time_zone: Europe/London        # CHANGE: zone of the nightly schedule
  reporting_currency: GBP         # CHANGE: money at risk is also shown in it

legal_entities:
  - id: MAIN                      # CHANGE: one block per company of the firm
    name: My Firm Ltd
    currency: GBP
    time_zone: Europe/London
    rounding: {rounding:<20}# as the ERP rounds: half_up or half_even; once per line
    closed_period: hold           # time in a closed period: hold | shift | reject
    future_period: hold
    corrections: reverse_and_rebill  # changed after posting: reverse_and_rebill | delta | ask
    voided: hold                  # cancelled in the ERP: hold | rebill | leave
    invoice_date: last_work_day   # on the paper: last_work_day | end_of_period | day_of_sending

systems:
"""
_TAIL = """
# Sets the point from which time is billed here; earlier time is counted and never posted.
going_live: [{going_live}]

# Which system owns what; a difference in a copy is a break with both values.
# ownership:
#   - {{object: project, field: "*", system: {owner}}}

# How the price of an hour is found.
rates:
  source: {source}
  precedence: [assignment, project_role, project, role, resource{entry}]

# What may be approved without a person. A currency that is not named has the ceiling 0.
approval:
  automatic:
    max_amount_per_batch: {{GBP: "5000.00"}}
    max_lines_per_batch: 200
    max_amount_per_day: {{GBP: "20000.00"}}
    max_amount_per_month: {{GBP: "100000.00"}}
  expires_after_days: 14

# What is written to the ERP: `draft` stops there for a person to post.
posting:
  mode: post
{revenue}
# Days allowed: approved to posted, submitted to approved, milestone reached to billed.
slas: {{posting_days: 2, approval_days: 5, milestone_days: 3}}

# Change of one rule, e.g. TM12: {{severity: low, tolerances: {{tolerance_hours: "0.25"}}}}
rules: {{}}

schedules:
  nightly: "30 4 * * *"           # in the firm's time zone

stores:
  folder: ""                      # empty: data/<firm id>
  operational: ""                 # empty: SQLite there; or env:NAME of a PostgreSQL URL
"""
_REVENUE = """\
  revenue_account: "4000"         # CHANGE: where time is booked, if the ERP does not say
"""
_NO_REVENUE = """\
  revenue_account: ""             # where time is booked, if the ERP does not say
"""


def starter(vendors: Sequence[str]) -> str:
    """The text of a firm file that passes `config check` and says what to change.

    Raises:
        FixConfigError: A vendor is not known.
    """
    chosen = [vendor(name) for name in vendors]
    by_role = {role: known.name for known in reversed(chosen) for role in known.roles}
    books = vendor(by_role["erp"]).rounding if "erp" in by_role else None
    parts = [
        _HEAD.format(rounding=books or "half_up"),
        *(_system(known) for known in chosen),
        "\n# Who serves which entity.\nrouting:\n",
    ]
    for role, system in sorted(by_role.items()):
        parts.append(f"  {role}: [{{legal_entity: MAIN, system: {system}}}]\n")
    if not by_role:
        parts[-1] = "\nrouting: {}\n"
    time = by_role.get("time")
    live = f"{{legal_entity: MAIN, time_system: {time}, bill_from: 2026-01-01}}" if time else ""
    source = by_role.get("psa") or by_role.get("time") or "null"
    entry = "" if "psa" in by_role else ", entry"
    revenue = _NO_REVENUE if "erp" not in by_role or _says_revenue(by_role["erp"]) else _REVENUE
    tail = _TAIL.format(going_live=live, owner=source, source=source, entry=entry, revenue=revenue)
    return "".join((*parts, tail))


def _says_revenue(name: str) -> bool:
    """Whether an ERP as it is written here says per project on which account it is booked."""
    known = vendor(name)
    told = {
        option: field.examples[0]
        for option, field in known.options.model_fields.items()
        if field.examples and field.is_required()
    }
    lacking = {
        option: "CHANGE"
        for option, field in known.options.model_fields.items()
        if field.is_required() and option not in told
    }
    system = System(id=name, vendor=name, roles=("erp",), options={**lacking, **told})
    return "revenue_account" in known.billing_attributes(Setup(system, {}))


def _system(known: Vendor) -> str:
    lines = [
        f"  - id: {known.name}",
        f"    vendor: {known.name}",
        f"    roles: [{', '.join(known.roles or ('time',))}]",
        '    base_url: ""                # empty: the vendor\'s own address; or env:NAME',
        '    account: "CHANGE"',
    ]
    if known.credentials:
        lines.append("    credentials:")
        lines += [
            f"      {name}: env:{known.name.upper()}_{name.upper()}" for name in known.credentials
        ]
    lines.append("    legal_entities: [MAIN]")
    options = list(_options(known.options))
    if any(not line.lstrip().startswith("#") for line in options):
        lines.append("    options:")
    elif options:
        lines.append("    # options:")
    return "\n".join([*lines, *options]) + "\n"


def _options(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        note = f"   # {field.description}" if field.description else ""
        if field.is_required() or (field.examples and field.default == ()):
            yield f"      {name}: {_example(field)}   # CHANGE{note}"
        else:
            yield f"    #   {name}: {_default(field)}{note}"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", exclude_none=True)
    return json.dumps(value, default=str)


def _example(field: FieldInfo) -> str:
    if field.examples:
        return json.dumps(field.examples[0])
    return "[]" if "tuple" in str(field.annotation) else "CHANGE"
