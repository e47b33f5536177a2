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

from ps_integration.connectors.compose import idents, opt_whole, part, parts, whole
from ps_integration.connectors.fields import Fields, refuse
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
INVOICE_STATES: Final = (
    *("draft", "open", "part_paid", "paid", "part_credited", "credited", "cancelled", "invoiced"),
)


def story(record: JsonObject) -> Iterator[CanonicalRow]:
    """A task, or a milestone; a milestone that takes time is a task as well. Deleted = none."""
    item = part(record, "story")
    if item.raw("deleted_at") is not None:
        return
    is_milestone = item.text("story_type") == "milestone"
    if is_milestone:
        yield _milestone(item, part(record, "currency"), parts(record, "state_changes"))
    if not is_milestone or item.opt_flag("time_trackable"):
        yield CanonicalRow(
            "tasks",
            {
                "external_id": item.ident("id"),
                "match_key": match_key(item.text("title")),
                "project_external_id": item.ident("workspace_id"),
                "name": item.text("title"),
                "is_billable": item.flag("billable"),
                "is_active": not item.flag("archived"),
                "updated_at": item.opt_instant("updated_at"),
            },
        )


def _milestone(item: Fields, currency: Fields, changes: Sequence[Fields]) -> CanonicalRow:
    """Reached when completed, on the day it last became so; without a history, its due date."""
    is_reached = item.choice("state", MILESTONE_STATES)
    completions = [
        (change.instant("created_at"), change.day_written("created_at"))
        for change in changes
        if change.text("state") == "completed"
    ]
    reached = max(completions)[1] if completions else item.opt_day("due_date")
    return CanonicalRow(
        "milestones",
        {
            "external_id": item.ident("id"),
            "project_external_id": item.ident("workspace_id"),
            "name": item.text("title"),
            "amount_minor": _minor(item, "budget_estimate_in_cents", currency),
            "currency": currency.currency("currency"),
            "is_reached": is_reached,
            "reached_on": reached if is_reached else None,
            "is_invoiced": None,
            "updated_at": item.opt_instant("updated_at"),
        },
    )


def _minor(record: Fields, field: str, currency: Fields) -> int | None:
    """A count of base units as minor units of ISO 4217; they differ for few currencies."""
    count = opt_whole(record, field)
    if count is None:
        return None
    scale: int = 10 ** MINOR_UNITS[currency.currency("currency")]
    minor, rest = divmod(count * scale, whole(currency, "currency_base_unit"))
    if rest:
        refuse(field, count, "minor_units")
    return minor


def _per_hour(record: Fields, field: str, base_unit: int) -> Decimal | None:
    count = opt_whole(record, field)
    return None if count is None else Decimal(count) / base_unit


def workspace_resource(record: JsonObject) -> Iterator[CanonicalRow]:
    """One person on one project, and the price agreed for just that; unnamed places give none."""
    place = part(record, "workspace_resource")
    currency = part(record, "currency")
    person = place.opt_ident("user_id")
    if person is None:
        return
    common = {
        "external_id": place.ident("id"),
        "project_external_id": place.ident("workspace_id"),
        "resource_external_id": person,
        "task_external_id": None,
    }
    yield CanonicalRow(
        "assignments",
        {
            **common,
            "role": place.opt_text("role_name"),
            "starts_on": place.opt_day("earliest_allocation_date"),
            "ends_on": place.opt_day("latest_allocation_date"),
            "is_active": True,
        },
    )
    base_unit = whole(currency, "currency_base_unit")
    price = _per_hour(place, "resource_bill_rate", base_unit)
    if price is not None:
        yield CanonicalRow(
            "rates",
            {
                **common,
                "scope": "assignment",
                "role": None,
                "currency": currency.currency("currency"),
                "unit_price": price,
                "valid_from": FAR_PAST,
                "valid_to": None,
            },
        )


def rate_card(record: JsonObject) -> Iterator[CanonicalRow]:
    """Every price of one card for each project that uses it.

    A version holds from its set version's effective date to the next one's. Roles without a rate
    of their own have the version's `default_rate` (0 = unset), given here as the project's price.
    """
    card = part(record, "rate_card")
    part(record, "rate_card_set")  # without it nobody knows from when its prices hold
    roles = {role.ident("id"): role.text("name") for role in parts(record, "roles")}
    prices = parts(record, "rate_card_roles")
    projects = idents(Fields(record), "workspace_ids")
    for version, starts_on, ends_on in _versions(record):
        number = version.ident("id")
        listed = [
            (roles[price.ident("role_id")], _card_rate(price, "rate", card))
            for price in prices
            if price.ident("rate_card_version_id") == number
        ]
        if default := _card_rate(version, "default_rate", card):
            listed.append(("", default))
        for project in projects:
            for role, rate in listed:
                yield CanonicalRow(
                    "rates",
                    {
                        "external_id": "/".join((number, project, role or "default")),
                        "scope": "project_role" if role else "project",
                        "project_external_id": project,
                        "resource_external_id": None,
                        "task_external_id": None,
                        "role": role or None,
                        "currency": card.currency("currency"),
                        "unit_price": rate,
                        "valid_from": starts_on,
                        "valid_to": ends_on,
                    },
                )


def _card_rate(record: Fields, field: str, card: Fields) -> Decimal | None:
    return _per_hour(record, field, 10 ** MINOR_UNITS[card.currency("currency")])


def _versions(record: JsonObject) -> Iterator[tuple[Fields, date, date | None]]:
    """The card's versions in order, each with `[effective, next later effective)`.

    Versions of one date hold for the same days: which of them counts, nobody says.
    """
    dates = {
        version.ident("id"): version.day("effective_date")
        for version in parts(record, "rate_card_set_versions")
    }
    versions = sorted(
        parts(record, "rate_card_versions"),
        key=lambda version: dates[version.ident("rate_card_set_version_id")],
    )
    starts = [dates[version.ident("rate_card_set_version_id")] for version in versions]
    for version, start in zip(versions, starts, strict=True):
        yield version, start, min((later for later in starts if later > start), default=None)


def time_entry(raw: JsonObject) -> Iterator[CanonicalRow]:
    """One entry of time, in whole minutes; the date has no time of day and no zone."""
    record = Fields(raw)
    state = "submitted" if record.raw("active_submission_id") is not None else "draft"
    yield CanonicalRow(
        "time_entries",
        {
            "external_id": record.ident("id"),
            "resource_external_id": record.ident("user_id"),
            "project_external_id": record.ident("workspace_id"),
            "task_external_id": record.opt_ident("story_id"),
            "role": None,
            "work_date": record.day("date_performed"),
            "seconds": whole(record, "time_in_minutes") * 60,
            "is_billable": record.flag("billable"),
            "approval_state": "approved" if record.flag("approved") else state,
            "approved_at": None,
            "approver": None,
            "is_locked": None,
            "is_running": False,
            "is_invoiced": record.flag("is_invoiced"),
            "unit_price": _per_hour(record, "rate_in_cents", whole(record, "currency_base_unit")),
            "currency": record.currency("currency"),
            "started_at": None,
            "ended_at": None,
            "time_zone": None,
            "note": record.opt_text("notes"),
            "submitted_at": None,
            "updated_at": record.instant("updated_at"),
        },
    )


def submission(raw: JsonObject) -> Iterator[CanonicalRow]:
    """One timesheet submission as evidence for each of its entries; it serves one project."""
    record = Fields(raw)
    state = record.choice("status", SUBMISSION_STATES)
    for entry in idents(record, "time_entry_ids"):
        yield CanonicalRow(
            "approvals",
            {
                "external_id": f"{record.ident('id')}/{entry}",
                "entry_external_id": entry,
                "state": state,
                "approver": record.opt_ident("current_resolution_creator_id"),
                "decided_at": _decided(record) if state in ("approved", "rejected") else None,
                "updated_at": record.instant("updated_at"),
            },
        )


def _decided(record: Fields) -> datetime | None:
    """The vendor names the day of a decision only; it counts from that day's midnight in UTC."""
    field = "current_resolution_created_at_date"
    text = record.opt_text(field)
    if not text:
        return None
    return datetime.combine(Fields({field: text[:10]}).day(field), time(), UTC)


def external_reference(raw: JsonObject, options: Options) -> Iterator[CanonicalRow]:
    """What the account believes of one ERP invoice; other services' references give none."""
    record = Fields(raw)
    kind = SUBJECTS.get(record.text("subject_type"))
    if record.text("service_name") != options.service_name or kind is None:
        return
    states: Mapping[str, str] = {state: state for state in INVOICE_STATES}
    yield CanonicalRow(
        "invoice_statuses",
        {
            "external_id": record.ident("id"),
            "subject_kind": kind,
            "subject_external_id": record.ident("subject_id"),
            "reference": record.text("service_model_ref"),
            "status": record.choice("external_status", states),
            "message": record.opt_text("external_message"),
            "updated_at": record.opt_instant("updated_at"),
        },
    )
