"""Changing a Harvest time entry (vendor page "Time Entries", Update a time entry)."""

from datetime import datetime
from decimal import Decimal

from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.answers import RefusedError, json_answer, json_body
from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.store import StateTransaction
from ps_integration.sandbox.vendors import Context
from ps_integration.sandbox.vendors.harvest.shapes import as_sent, read_date, refused

REFERENCE_FIELDS = {"id", "group_id", "account_id", "permalink"}
REFERENCE_ADDED = {"service": None, "service_icon_url": None}
FIELDS = {
    "project_id",
    "task_id",
    "spent_date",
    "started_time",
    "ended_time",
    "hours",
    "notes",
    "external_reference",
}
LOCKS = ("is_locked", "is_closed", "is_billed")


def change_entry(request: Request, context: Context, number: int) -> Response:
    """Change some fields of one entry; locked, approved and billed ones are refused with 422."""
    fields = _fields(request)
    with context.state.transaction() as transaction:
        entry = transaction.get(context.system, "time_entries", str(number))
        if entry is None:
            return refused(404, "Not Found")
        if any(entry.get(lock) for lock in LOCKS):
            return refused(422, f"Time entry is locked: {entry.get('locked_reason') or 'locked'}")
        changes = _changes(fields, transaction, context.system)
        return _stored(transaction, context.system, {**entry, **changes}, context.now)


def _fields(request: Request) -> Document:
    try:
        body = json_body(request)
    except ValueError:
        raise RefusedError(refused(400, "The request body is not JSON")) from None
    if not isinstance(body, dict):
        raise RefusedError(refused(422, "The request body must be an object"))
    if unknown := sorted(set(body) - FIELDS):
        raise RefusedError(refused(422, f"Unknown field: {unknown[0]}"))
    return body


def _changes(fields: Document, transaction: StateTransaction, system: str) -> Document:
    changes: Document = {}
    for name, value in fields.items():
        match name:
            case "spent_date":
                changes[name] = read_date(name, value)
            case "hours":
                changes |= dict.fromkeys(("hours", "hours_without_timer"), _hours(value))
                changes["rounded_hours"] = _hours(value)
            case "project_id" | "task_id":
                changes |= _moved(name.removesuffix("_id"), value, transaction, system)
            case "external_reference":
                changes[name] = _reference(value)
            case _:
                changes[name] = _text(name, value)
    return changes


def _hours(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0:
        raise RefusedError(refused(422, "hours must be a number"))
    return Decimal(value)


def _text(name: str, value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise RefusedError(refused(422, f"{name} must be text"))
    return value


def _reference(value: object) -> Document | None:
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) - REFERENCE_FIELDS:
        raise RefusedError(refused(422, "external_reference has unknown fields"))
    return {**dict.fromkeys(REFERENCE_FIELDS), **value, **REFERENCE_ADDED}


def _moved(kind: str, value: object, transaction: StateTransaction, system: str) -> Document:
    target = transaction.get(system, f"{kind}s", str(value))
    if target is None:
        raise RefusedError(refused(422, f"{kind.title()} doesn't exist"))
    moved: Document = {kind: {"id": target["id"], "name": target["name"]}}
    if kind == "project":
        moved["client"] = {"id": target["client"]["id"], "name": target["client"]["name"]}
    return moved


def _stored(transaction: StateTransaction, system: str, entry: Document, now: datetime) -> Response:
    transaction.put(system, "time_entries", str(entry["id"]), entry, now)
    stored = transaction.get_stored(system, "time_entries", str(entry["id"]))
    return json_answer(as_sent(stored)) if stored else refused(404, "Not Found")
