"""Kantata's people, clients, projects, tasks and assignments as canonical rows.

Field names: vendor pages "User", "Workspace Group", "Workspace", "Story", "Assignment" and
"Workspace Resource".
"""

from collections.abc import Iterator, Mapping
from typing import cast

from ps_integration.connectors import fields as f
from ps_integration.connectors.vendors.kantata.options import Options
from ps_integration.domain.money import exact_minor
from ps_integration.domain.records import (
    CanonicalRow,
    FieldProblem,
    JsonObject,
    RecordRefusedError,
)
from ps_integration.domain.text import match_key

def custom_values(record: JsonObject) -> dict[str, JsonObject]:
    """The custom field values that came with a record, by name of the field."""
    values = f.records(record, "custom_field_values")
    return {f.text(value, "custom_field_name"): value for value in values}


def _custom_text(values: Mapping[str, JsonObject], name: str) -> str | None:
    """The text a person sees in a custom field; choices show their label, not their id."""
    if not name or name not in values:
        return None
    value = values[name]
    if value.get("type") in ("single", "multi"):
        return f.text_or_none(value, "display_value")
    return f.text_or_none(value, "value")


def _legal_entity(values: Mapping[str, JsonObject], name: str, options: Options) -> str | None:
    text = _custom_text(values, name)
    if text is None or not options.legal_entity_values:
        return text
    return _mapped(name, text, options.legal_entity_values)


def _mapped(field: str, text: str, values: Mapping[str, str]) -> str:
    if text not in values:
        raise RecordRefusedError(
            FieldProblem(
                field,
                text,
                f"is none of {', '.join(sorted(values))}",
                "Correct it in Kantata, or add the value to the system's options.",
            )
        )
    return values[text]


def user(record: JsonObject, options: Options) -> Iterator[CanonicalRow]:
    """One person; recognised elsewhere by e-mail. Disabled in the account = not active."""
    person = f.record(record, "user")
    membership = f.record_or_none(record, "account_membership") or {}
    role = f.record_or_none(record, "role")
    values = custom_values(record)
    names = options.resource_fields
    email = f.text_or_none(person, "email_address")
    disabled = f.boolean_or_none(person, "disabled") or membership.get("disabled_at") is not None
    yield CanonicalRow(
        "resources",
        {
            "external_id": f.text(person, "id"),
            "match_key": match_key(email) if email else None,
            "name": f.text(person, "full_name"),
            "email": email,
            "home_legal_entity": _legal_entity(values, names.home_legal_entity, options),
            "role": f.text(role, "name") if role else None,
            "time_zone": _custom_text(values, names.time_zone),
            "is_active": not disabled,
            "starts_on": f.parsed_day(names.starts_on, _custom_text(values, names.starts_on)),
            "ends_on": f.parsed_day(names.ends_on, _custom_text(values, names.ends_on)),
            "updated_at": f.instant_or_none(membership, "updated_at"),
        },
    )


def client_key(group: JsonObject, values: Mapping[str, JsonObject], number: str) -> str | None:
    """A client's key: its customer number where the account keeps one, else its name."""
    text = _custom_text(values, number) if number else f.text(group, "name")
    return match_key(text) if text else None


def workspace_group(record: JsonObject, options: Options) -> Iterator[CanonicalRow]:
    """One client; groups that are no company (`company` false) only sort projects."""
    group = f.record(record, "workspace_group")
    if not f.boolean(group, "company"):
        return
    values = custom_values(record)
    names = options.customer_fields
    yield CanonicalRow(
        "customers",
        {
            "external_id": f.text(group, "id"),
            "match_key": client_key(group, values, names.number),
            "name": f.text(group, "name"),
            "currency": None,
            "legal_entity": _legal_entity(values, names.legal_entity, options),
            "company": None,
            "is_blocked": False,
            "updated_at": f.instant_or_none(group, "updated_at"),
        },
    )


def workspace(record: JsonObject, options: Options) -> Iterator[CanonicalRow]:
    """One project. Archived = closed; billing terms come from the named custom fields."""
    project = f.record(record, "workspace")
    values = custom_values(record)
    names = options.custom_fields
    code = _custom_text(values, names.code)
    currency = f.currency(project, "currency")
    billing_type = _custom_text(values, names.billing_type)
    if billing_type is not None:
        billing_type = _mapped(names.billing_type, billing_type, options.billing_type_values)
    yield CanonicalRow(
        "projects",
        {
            "external_id": f.text(project, "id"),
            "match_key": match_key(code) if code else None,
            "name": f.text(project, "title"),
            **_customer(record, project, options),
            "legal_entity": _legal_entity(values, names.legal_entity, options),
            "company": None,
            "currency": currency,
            "status": _status(project, options),
            "billing_type": billing_type,
            "is_billable": billing_type != "internal",
            "cap_minor": _money(values.get(names.cap), currency),
            "tax_code": _custom_text(values, names.tax_code),
            "revenue_account": _custom_text(values, names.revenue_account),
            "cost_centre": _custom_text(values, names.cost_centre),
            "billing_rule": _custom_text(values, names.billing_rule),
            "purchase_order": _custom_text(values, names.purchase_order),
            "has_billing_attributes": names.has_billing_attributes,
            "starts_on": f.day_or_none(project, "start_date"),
            "ends_on": f.day_or_none(project, "due_date"),
            "closed_on": f.parsed_day(names.closed_on, _custom_text(values, names.closed_on)),
            "updated_at": f.instant_or_none(project, "updated_at"),
        },
    )


def _customer(record: JsonObject, project: JsonObject, options: Options) -> dict[str, object]:
    """The primary client group, else the only company among the project's groups."""
    groups = {f.text(group, "id"): group for group in f.records(record, "workspace_groups")}
    companies = [key for key, group in groups.items() if f.boolean(group, "company")]
    primary = f.text_or_none(project, "primary_workspace_group_id")
    chosen = primary or (companies[0] if len(companies) == 1 else None)
    key = None
    if chosen in groups and not options.customer_fields.number:
        key = client_key(groups[chosen], {}, "")
    return {"customer_external_id": chosen, "customer_key": key}


def _status(project: JsonObject, options: Options) -> str:
    if f.boolean(project, "archived"):
        return "closed"
    if not options.status_values:
        return "active"
    status = f.record(project, "status")
    message = f.text(status, "message")
    key = str(status.get("key", ""))
    if message not in options.status_values and key in options.status_values:
        return options.status_values[key]
    return _mapped("status", message, cast("Mapping[str, str]", options.status_values))


def _money(value: JsonObject | None, currency: str) -> int | None:
    """A custom field's amount in minor units.

    Fields of type `currency` hold subunits of their currency, those of type `number` major units
    (vendor page "Custom Field Values").
    """
    if value is None or value.get("value") is None:
        return None
    if value.get("type") == "currency":
        return f.integer(value, "value")
    amount = f.decimal(value, "value")
    try:
        return exact_minor(amount, currency)
    except ValueError as error:
        name = f.text(value, "custom_field_name")
        raise RecordRefusedError(FieldProblem(name, str(amount), str(error))) from None


def assignment(record: JsonObject, options: Options) -> Iterator[CanonicalRow]:  # noqa: ARG001
    """One person on one task; the task says the project."""
    link = f.record(record, "assignment")
    story = f.record(record, "story")
    yield CanonicalRow(
        "assignments",
        {
            "external_id": f"assignment/{f.text(link, 'id')}",
            "project_external_id": f.text(story, "workspace_id"),
            "task_external_id": f.text(story, "id"),
            "resource_external_id": f.text(link, "assignee_id"),
            "role": None,
            "starts_on": f.day_or_none(story, "start_date"),
            "ends_on": f.day_or_none(story, "due_date"),
            "is_active": f.boolean(link, "current"),
        },
    )
