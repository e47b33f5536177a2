"""Kantata's tasks, milestones, prices, time, approvals and invoice marks as canonical rows.

Field names: vendor pages "Story", "Workspace Resource", "Rate Card", "Rate Card Set Version",
"Rate Card Role", "Time Entry", "Timesheet Submission" and "External Reference". Every `*_in_cents`
and every rate counts the currency's base unit (`currency_base_unit`: 100, or 1 for yen); rates are
per hour.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Final

from ps_integration.connectors import fields as f
from ps_integration.connectors.vendors.kantata.options import Options
from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.domain.records import CanonicalRow, JsonObject
from ps_integration.domain.text import match_key

FAR_PAST: Final = date(1900, 1, 1)
MILESTONE_STATES: Final = {"not started": False, "started": False, "completed": True}
SUBMISSION_STATES: Final = {
    "new": "submitted",
    "approved": "approved",
    "rejected": "rejected",
    "cancelled": "withdrawn",
}
SUBJECTS: Final = {"Workspace": "project", "Story": "milestone", "TimeEntry": "time_entry"}
INVOICE_STATES: Final = ("draft", "open", "part_paid", "paid", "cancelled", "invoiced")


def story(record: JsonObject, options: Options) -> Iterator[CanonicalRow]:  # noqa: ARG001
    """A task, or a milestone; a milestone that takes time is a task as well. Deleted = none."""
    item = f.record(record, "story")
    if item.get("deleted_at") is not None:
        return
    is_milestone = f.text(item, "story_type") == "milestone"
    if is_milestone:
        yield _milestone(item, f.record(record, "currency"), f.records(record, "state_changes"))
    if not is_milestone or f.boolean_or_none(item, "time_trackable"):
        yield CanonicalRow(
            "tasks",
            {
                "external_id": f.text(item, "id"),
                "match_key": match_key(f.text(item, "title")),
                "project_external_id": f.text(item, "workspace_id"),
                "name": f.text(item, "title"),
                "is_billable": f.boolean(item, "billable"),
                "is_active": not f.boolean(item, "archived"),
                "updated_at": f.instant_or_none(item, "updated_at"),
            },
        )


def _milestone(
    item: JsonObject, currency: JsonObject, changes: Sequence[JsonObject]
) -> CanonicalRow:
    """Reached when completed, on the day it last became so; without a history, its due date."""
    is_reached = f.mapped(item, "state", MILESTONE_STATES)
    completions = [
        f.instant(change, "created_at")
        for change in changes
        if f.text(change, "state") == "completed"
    ]
    reached = max(completions).date() if completions else f.day_or_none(item, "due_date")
    return CanonicalRow(
        "milestones",
        {
            "external_id": f.text(item, "id"),
            "project_external_id": f.text(item, "workspace_id"),
            "name": f.text(item, "title"),
            "amount_minor": _minor(item, "budget_estimate_in_cents", currency),
            "currency": f.currency(currency, "currency"),
            "is_reached": is_reached,
            "reached_on": reached if is_reached else None,
            "is_invoiced": None,
            "updated_at": f.instant_or_none(item, "updated_at"),
        },
    )


def _minor(record: JsonObject, field: str, currency: JsonObject) -> int | None:
    """A count of base units as minor units of ISO 4217; they differ for few currencies."""
    count = f.integer_or_none(record, field)
    if count is None:
        return None
    scale = 10 ** MINOR_UNITS[f.currency(currency, "currency")]
    whole, rest = divmod(count * scale, f.integer(currency, "currency_base_unit"))
    if rest:
        raise f.refused(record, field, "is not a whole number of minor units")
    return whole


def _per_hour(record: JsonObject, field: str, base_unit: int) -> Decimal | None:
    count = f.integer_or_none(record, field)
    return None if count is None else Decimal(count) / base_unit


def workspace_resource(record: JsonObject, options: Options) -> Iterator[CanonicalRow]:  # noqa: ARG001
    """One person on one project, and the price agreed for just that; unnamed places give none."""
    place = f.record(record, "workspace_resource")
    currency = f.record(record, "currency")
    person = f.text_or_none(place, "user_id")
    if person is None:
        return
    common = {
        "external_id": f.text(place, "id"),
        "project_external_id": f.text(place, "workspace_id"),
        "resource_external_id": person,
        "task_external_id": None,
    }
    yield CanonicalRow(
        "assignments",
        {
            **common,
            "role": f.text_or_none(place, "role_name"),
            "starts_on": f.day_or_none(place, "earliest_allocation_date"),
            "ends_on": f.day_or_none(place, "latest_allocation_date"),
            "is_active": True,
        },
    )
    base_unit = f.integer(currency, "currency_base_unit")
    price = _per_hour(place, "resource_bill_rate", base_unit)
    if price is not None:
        yield CanonicalRow(
            "rates",
            {
                **common,
                "scope": "assignment",
                "role": None,
                "currency": f.currency(currency, "currency"),
                "unit_price": price,
                "valid_from": FAR_PAST,
                "valid_to": None,
            },
        )


def rate_card(record: JsonObject, options: Options) -> Iterator[CanonicalRow]:  # noqa: ARG001
    """Every price of one card, from one version's effective date to the next one's.

    A version's roles have their rate; its other roles have `default_rate` (0 = unset), given here
    as the project's price. A card of the account's default set also prices, by role, the projects
    that name no card.
    """
    card = f.record(record, "rate_card")
    of_set = f.record(record, "rate_card_set")
    roles = {f.text(role, "id"): f.text(role, "name") for role in f.records(record, "roles")}
    projects: list[str | None] = [*f.texts(record, "workspace_ids")]
    if f.boolean(of_set, "account_default"):
        projects.append(None)
    for version, starts_on, ends_on in _versions(record):
        prices = [
            (roles[f.text(price, "role_id")], _card_rate(price, "rate", card))
            for price in f.records(record, "rate_card_roles")
            if f.text(price, "rate_card_version_id") == f.text(version, "id")
        ]
        default = _card_rate(version, "default_rate", card)
        for project in projects:
            listed = [*prices, (None, default)] if project and default else prices
            for role, rate in listed:
                yield CanonicalRow(
                    "rates",
                    {
                        "external_id": "/".join(
                            (f.text(version, "id"), project or "default", role or "any")
                        ),
                        "scope": _scope(project, role),
                        "project_external_id": project,
                        "resource_external_id": None,
                        "task_external_id": None,
                        "role": role,
                        "currency": f.currency(card, "currency"),
                        "unit_price": rate,
                        "valid_from": starts_on,
                        "valid_to": ends_on,
                    },
                )


def _scope(project: str | None, role: str | None) -> str:
    if project is None:
        return "role"
    return "project_role" if role else "project"


def _card_rate(record: JsonObject, field: str, card: JsonObject) -> Decimal | None:
    return _per_hour(record, field, 10 ** MINOR_UNITS[f.currency(card, "currency")])


def _versions(record: JsonObject) -> Iterator[tuple[JsonObject, date, date | None]]:
    """The card's versions in order, each with `[effective, next effective)`."""
    dates = {
        f.text(version, "id"): f.day(version, "effective_date")
        for version in f.records(record, "rate_card_set_versions")
    }
    versions = sorted(
        f.records(record, "rate_card_versions"),
        key=lambda version: dates[f.text(version, "rate_card_set_version_id")],
    )
    starts = [dates[f.text(version, "rate_card_set_version_id")] for version in versions]
    yield from zip(versions, starts, [*starts[1:], None], strict=True)


def time_entry(record: JsonObject, options: Options) -> Iterator[CanonicalRow]:  # noqa: ARG001
    """One entry of time, in whole minutes; the date has no time of day and no zone."""
    state = "submitted" if record.get("active_submission_id") is not None else "draft"
    yield CanonicalRow(
        "time_entries",
        {
            "external_id": f.text(record, "id"),
            "resource_external_id": f.text(record, "user_id"),
            "project_external_id": f.text(record, "workspace_id"),
            "task_external_id": f.text_or_none(record, "story_id"),
            "role": None,
            "work_date": f.day(record, "date_performed"),
            "seconds": f.integer(record, "time_in_minutes") * 60,
            "is_billable": f.boolean(record, "billable"),
            "approval_state": "approved" if f.boolean(record, "approved") else state,
            "approved_at": None,
            "approver": None,
            "is_locked": None,
            "is_running": False,
            "is_invoiced": f.boolean(record, "is_invoiced"),
            "unit_price": _per_hour(
                record, "rate_in_cents", f.integer(record, "currency_base_unit")
            ),
            "currency": f.currency(record, "currency"),
            "started_at": None,
            "ended_at": None,
            "time_zone": None,
            "note": f.text_or_none(record, "notes"),
            "submitted_at": None,
            "updated_at": f.instant(record, "updated_at"),
        },
    )


def submission(record: JsonObject, options: Options) -> Iterator[CanonicalRow]:  # noqa: ARG001
    """One timesheet submission as evidence for each of its entries; it serves one project."""
    state = f.mapped(record, "status", SUBMISSION_STATES)
    decided = f.text_or_none(record, "current_resolution_created_at_date")
    for entry in f.texts(record, "time_entry_ids"):
        yield CanonicalRow(
            "approvals",
            {
                "external_id": f"{f.text(record, 'id')}/{entry}",
                "entry_external_id": entry,
                "state": state,
                "approver": f.text_or_none(record, "current_resolution_creator_id"),
                "decided_at": _decided(decided) if state in ("approved", "rejected") else None,
                "updated_at": f.instant(record, "updated_at"),
            },
        )


def _decided(text: str | None) -> datetime | None:
    """The vendor names the day of a decision only; it counts from that day's midnight in UTC."""
    day = f.parsed_day("current_resolution_created_at_date", text[:10] if text else None)
    return None if day is None else datetime.combine(day, time(), UTC)


def external_reference(record: JsonObject, options: Options) -> Iterator[CanonicalRow]:
    """What the account believes of one ERP invoice; other services' references give none."""
    kind = SUBJECTS.get(f.text(record, "subject_type"))
    if f.text(record, "service_name") != options.service_name or kind is None:
        return
    states: Mapping[str, str] = {state: state for state in INVOICE_STATES}
    yield CanonicalRow(
        "invoice_statuses",
        {
            "external_id": f.text(record, "id"),
            "subject_kind": kind,
            "subject_external_id": f.text(record, "subject_id"),
            "reference": f.text(record, "service_model_ref"),
            "status": f.mapped(record, "external_status", states),
            "message": f.text_or_none(record, "external_message"),
            "updated_at": f.instant_or_none(record, "updated_at"),
        },
    )
