"""Clockify's records as canonical rows. Pages named are of the Clockify API documentation."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from pydantic import Field

from ps_integration.connectors.fields import Fields, refuse
from ps_integration.connectors.keys import KeyRule
from ps_integration.connectors.rows import row
from ps_integration.connectors.setup import Options
from ps_integration.domain.records import CanonicalRow
from ps_integration.settings.base import FAR_PAST, Identifier

_DURATION: Final = re.compile(r"PT(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?")
_TYPES: Final = {"REGULAR": True, "BREAK": False, "HOLIDAY": False, "TIME_OFF": False}
_DECISIONS: Final = {  # page "Approval": states of a request
    "PENDING": "submitted",
    "APPROVED": "approved",
    "REJECTED": "rejected",
    "WITHDRAWN_SUBMISSION": "withdrawn",
    "WITHDRAWN_APPROVAL": "withdrawn",
}


class ClockifyOptions(Options):
    """What only Clockify needs."""

    project_key: KeyRule = KeyRule(field="name")
    customer_key: KeyRule = KeyRule(field="name")
    resource_key: KeyRule = KeyRule(field="email")
    task_key: KeyRule = KeyRule(field="name")
    home_legal_entity: Identifier | None = Field(default=None, description="of all its people")
    reports_url: str = Field(default="", description="reports host, when it is not the usual one")
    history_from: date = Field(default=date(2015, 1, 1), description="first day of full reports")
    page_size: int = Field(default=500, ge=1, le=1000)


def user(fields: Fields, options: ClockifyOptions, workspace: str) -> Sequence[CanonicalRow]:
    """Page "User": settings.timeZone is an IANA name; membership says who is still here."""
    user_id = fields.ident("id")
    mine = [one for one in _members(fields) if one.raw("targetId") == workspace]
    status = [one.raw("membershipStatus") for one in mine] or [fields.raw("status")]
    resource = row(
        "resources",
        user_id,
        match_key=options.resource_key.read(fields),
        name=fields.opt_text("name"),
        email=fields.opt_text("email"),
        home_legal_entity=options.home_legal_entity,
        time_zone=fields.opt_text("settings.timeZone"),
        is_active="ACTIVE" in status,
    )
    rates = (_rate(one, f"user/{user_id}", "resource", resource=user_id) for one in mine)
    return [resource, *(rate for rate in rates if rate is not None)]


def customer(fields: Fields, options: ClockifyOptions) -> Sequence[CanonicalRow]:
    """Page "Client"."""
    one = row(
        "customers",
        fields.ident("id"),
        match_key=options.customer_key.read(fields),
        name=fields.text("name"),
        currency=fields.opt_currency("currencyCode"),
        is_blocked=fields.flag("archived"),
    )
    return [one]


def project(fields: Fields, options: ClockifyOptions) -> Sequence[CanonicalRow]:
    """Page "Project": its members are the assignments, with rates of their own."""
    project_id, is_billable = fields.ident("id"), fields.flag("billable")
    rows: list[CanonicalRow | None] = [
        row(
            "projects",
            project_id,
            match_key=options.project_key.read(fields),
            name=fields.text("name"),
            customer_external_id=fields.opt_ident("clientId"),
            currency=fields.opt_currency("hourlyRate.currency"),
            status="closed" if fields.flag("archived") else "active",
            billing_type=None if is_billable else "internal",
            is_billable=is_billable,
            has_billing_attributes=False,
        ),
        _rate(fields, f"project/{project_id}", "project", project=project_id),
    ]
    for member in _members(fields):
        user_id = member.ident("userId")
        rows.append(
            row(
                "assignments",
                f"{project_id}/{user_id}",
                project_external_id=project_id,
                resource_external_id=user_id,
                is_active=member.raw("membershipStatus") == "ACTIVE",
            )
        )
        key = f"project/{project_id}/user/{user_id}"
        rows.append(_rate(member, key, "assignment", project=project_id, resource=user_id))
    return [one for one in rows if one is not None]


def task(fields: Fields, options: ClockifyOptions) -> Sequence[CanonicalRow]:
    """Page "Task"."""
    one = row(
        "tasks",
        fields.ident("id"),
        match_key=options.task_key.read(fields),
        project_external_id=fields.ident("projectId"),
        name=fields.text("name"),
        is_billable=fields.opt_flag("billable"),
        is_active=fields.choice("status", {"ACTIVE": True, "DONE": False}),
    )
    return [one]


def _members(fields: Fields) -> list[Fields]:
    members = fields.raw("memberships")
    listed = members if isinstance(members, list) else []
    return [Fields(one) for one in listed if isinstance(one, dict)]


def _rate(
    fields: Fields, key: str, scope: str, project: str | None = None, resource: str | None = None
) -> CanonicalRow | None:
    """Page "Project": hourlyRate.amount counts minor units; it is undated, so always valid."""
    if fields.raw("hourlyRate.amount") is None:
        return None
    currency = fields.currency("hourlyRate.currency")
    return row(
        "rates",
        key,
        scope=scope,
        project_external_id=project,
        resource_external_id=resource,
        currency=currency,
        unit_price=fields.opt_price_from_minor("hourlyRate.amount", currency),
        valid_from=FAR_PAST,
    )


def time_entry(fields: Fields) -> Sequence[CanonicalRow]:
    """Page "Time entry": end is null while the timer runs; breaks and leave are not billable."""
    start, end = fields.instant("timeInterval.start"), fields.opt_instant("timeInterval.end")
    seconds = 0 if end is None else int((end - start).total_seconds())
    if seconds < 0:
        refuse("timeInterval.end", end, "negative")
    told = _DURATION.fullmatch(fields.opt_text("timeInterval.duration") or "")
    if end and told and sum(int(told[i] or 0) * 60 ** (3 - i) for i in (1, 2, 3)) != seconds:
        refuse("timeInterval.duration", told[0], "duration_differs_from_interval")
    is_work = fields.raw("type") is None or fields.choice("type", _TYPES)
    currency = fields.opt_currency("hourlyRate.currency")
    entry = row(
        "time_entries",
        fields.ident("id"),
        resource_external_id=fields.ident("userId"),
        project_external_id=fields.opt_ident("projectId"),
        task_external_id=fields.opt_ident("taskId"),
        seconds=seconds,
        is_billable=fields.flag("billable") and is_work,
        approval_state="draft" if end is None else "by_request",
        is_locked=fields.opt_flag("isLocked"),
        is_running=end is None,
        unit_price=fields.opt_price_from_minor("hourlyRate.amount", currency) if currency else None,
        currency=currency,
        started_at=start,
        ended_at=end,
        note=fields.opt_text("description"),
    )
    return [entry]


def approvals(fields: Fields) -> Sequence[CanonicalRow]:
    """Page "Approval": one request decides many entries."""
    request = fields.ident("approvalRequest.id")
    state = fields.choice("approvalRequest.status.state", _DECISIONS)
    at = fields.opt_instant("approvalRequest.status.updatedAt")
    is_decided = state in {"approved", "rejected"}
    approver = fields.opt_text("approvalRequest.status.updatedByUserName") if is_decided else None
    entries = fields.raw("entries")
    ids = [Fields(one).ident("id") for one in (entries if isinstance(entries, list) else []) if one]
    return [
        row(
            "approvals",
            f"{request}/{entry}",
            entry_external_id=entry,
            state=state,
            approver=approver,
            decided_at=at if is_decided else None,
            updated_at=at,
        )
        for entry in ids
    ]


def mark(fields: Fields) -> Sequence[CanonicalRow]:
    """Page "Time entry report": listed there with invoicingState INVOICED = marked."""
    entry = fields.ident("_id")
    values = {"subject_kind": "time_entry", "subject_external_id": entry, "status": "invoiced"}
    return [row("invoice_statuses", entry, **values)]
