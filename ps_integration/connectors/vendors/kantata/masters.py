"""Kantata's people, clients and projects as canonical rows.

Raw records are composed of exact slices of one answer: the record and what `include` side-loaded
for it (custom field values, account membership, role, client groups). Field names: vendor pages
"User", "Account Membership", "Workspace Group", "Workspace", "Custom Field Values".
"""

from collections.abc import Iterator, Mapping
from datetime import date

from ps_integration.connectors.compose import opt_part, part, parts, whole
from ps_integration.connectors.fields import Fields, refuse
from ps_integration.connectors.vendors.kantata.options import Options
from ps_integration.domain.records import CanonicalRow, JsonObject
from ps_integration.domain.text import match_key

_IN_OPTIONS = "correct it in Kantata, or name the value in the system's options"


class CustomValues:
    """The custom field values that came with a record, by name of the field."""

    def __init__(self, record: JsonObject) -> None:
        """Take the composed record."""
        values = parts(record, "custom_field_values")
        self._values = {value.text("custom_field_name"): value for value in values}

    def text(self, name: str) -> str | None:
        """The text a person sees; choices show their label, not their id."""
        value = self._values.get(name)
        if value is None:
            return None
        shows_label = value.raw("type") in ("single", "multi")
        found = value.raw("display_value" if shows_label else "value")
        return None if found in (None, "") else str(found)

    def day(self, name: str) -> date | None:
        """A date."""
        text = self.text(name)
        return None if text is None else Fields({name: text}).day(name)

    def meaning(self, name: str, meanings: Mapping[str, str]) -> str | None:
        """What the value means here; with no meanings configured, itself. Unknown is refused."""
        text = self.text(name)
        if text is None or not meanings:
            return text
        return (
            meanings[text]
            if text in meanings
            else refuse(name, text, "status_unknown", _IN_OPTIONS)
        )

    def money(self, name: str, currency: str) -> int | None:
        """An amount in minor units: type `currency` holds them, `number` holds major units."""
        value = self._values.get(name)
        if value is None or value.raw("value") in (None, ""):
            return None
        if value.raw("type") == "currency":
            return whole(value, "value")
        return value.money("value", currency)


def user(record: JsonObject, options: Options) -> Iterator[CanonicalRow]:
    """One person; recognised elsewhere by e-mail. Disabled in the account = not active."""
    person = part(record, "user")
    membership = opt_part(record, "account_membership") or Fields({})
    role = opt_part(record, "role")
    values = CustomValues(record)
    names = options.resource_fields
    email = person.opt_text("email_address") or None
    disabled = person.opt_flag("disabled") or membership.raw("disabled_at") is not None
    yield CanonicalRow(
        "resources",
        {
            "external_id": person.ident("id"),
            "match_key": match_key(email) if email else None,
            "name": person.text("full_name"),
            "email": email,
            "home_legal_entity": values.meaning(
                names.home_legal_entity, options.legal_entity_values
            ),
            "home_valid_from": values.day(names.home_valid_from),
            "role": role.text("name") if role else None,
            "supplier_key": values.text(names.supplier_key),
            "time_zone": values.text(names.time_zone),
            "is_active": not disabled,
            "starts_on": values.day(names.starts_on),
            "ends_on": values.day(names.ends_on),
            "updated_at": membership.opt_instant("updated_at"),
        },
    )


def _group_key(group: Fields, values: CustomValues | None, number: str) -> str | None:
    """A client's key: its customer number where the account keeps one, else its name."""
    text = group.text("name") if values is None or not number else values.text(number)
    return match_key(text) if text else None


def workspace_group(record: JsonObject, options: Options) -> Iterator[CanonicalRow]:
    """One client; groups that are no company (`company` false) only sort projects."""
    group = part(record, "workspace_group")
    if not group.flag("company"):
        return
    values = CustomValues(record)
    names = options.customer_fields
    yield CanonicalRow(
        "customers",
        {
            "external_id": group.ident("id"),
            "match_key": _group_key(group, values, names.number),
            "name": group.text("name"),
            "currency": None,
            "legal_entity": values.meaning(names.legal_entity, options.legal_entity_values),
            "company": None,
            "is_blocked": False,
            "updated_at": group.opt_instant("updated_at"),
        },
    )


def workspace(record: JsonObject, options: Options) -> Iterator[CanonicalRow]:
    """One project. Archived = closed; billing terms come from the named custom fields."""
    project = part(record, "workspace")
    values = CustomValues(record)
    names = options.custom_fields
    code = values.text(names.code)
    currency = project.currency("currency")
    billing_type = values.text(names.billing_type)
    if billing_type is not None:
        billing_type = values.meaning(names.billing_type, {"": "", **options.billing_type_values})
    yield CanonicalRow(
        "projects",
        {
            "external_id": project.ident("id"),
            "match_key": match_key(code) if code else None,
            "name": project.text("title"),
            **_customer(record, project, options),
            "legal_entity": values.meaning(names.legal_entity, options.legal_entity_values),
            "company": None,
            "currency": currency,
            "status": _status(project, options),
            "billing_type": billing_type,
            "is_billable": billing_type != "internal",
            "cap_minor": values.money(names.cap, currency),
            "tax_code": values.text(names.tax_code),
            "revenue_account": values.text(names.revenue_account),
            "cost_centre": values.text(names.cost_centre),
            "billing_rule": values.text(names.billing_rule),
            "purchase_order": values.text(names.purchase_order),
            "has_billing_attributes": names.has_billing_attributes,
            "starts_on": project.opt_day("start_date"),
            "ends_on": project.opt_day("due_date"),
            "closed_on": values.day(names.closed_on),
            "updated_at": project.opt_instant("updated_at"),
        },
    )


def _customer(record: JsonObject, project: Fields, options: Options) -> dict[str, object]:
    """The primary client group, else the only company among the project's groups.

    Its key is known here only where clients are recognised by name; a client's number is a custom
    field of the client, which comes with the client.
    """
    groups = {group.ident("id"): group for group in parts(record, "workspace_groups")}
    companies = [key for key, group in groups.items() if group.flag("company")]
    primary = project.opt_ident("primary_workspace_group_id")
    chosen = primary or (companies[0] if len(companies) == 1 else None)
    key = None
    if chosen in groups and not options.customer_fields.number:
        key = _group_key(groups[chosen], None, "")
    return {"customer_external_id": chosen, "customer_key": key}


def _status(project: Fields, options: Options) -> str:
    if project.flag("archived"):
        return "closed"
    if not options.status_values:
        return "active"
    message = project.text("status.message")
    key = str(project.raw("status.key"))
    for told in (message, key):
        if told in options.status_values:
            return options.status_values[told]
    return refuse("status.message", message, "status_unknown", _IN_OPTIONS)
