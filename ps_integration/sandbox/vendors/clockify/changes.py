"""Clockify's experimental change feed (vendor page "Entity changes").

Its `page` counts from 0. What was created and deleted inside the window shows nowhere; what was
created and updated inside it shows as created only; a deletion shows after about a minute.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.answers import json_answer
from ps_integration.sandbox.codec import Document, utc_seconds
from ps_integration.sandbox.vendors import Context
from ps_integration.sandbox.vendors.clockify.shapes import (
    check_known,
    check_workspace,
    invalid,
    number,
    window,
)

COLLECTIONS = {
    "CLIENTS": "clients",
    "PROJECTS": "projects",
    "TAGS": "tags",
    "TASKS": "tasks",
    "SCHEDULED_ASSIGNMENT": "scheduled_assignments",
    "TIME_ENTRY": "time_entries",
    "TIME_ENTRY_RATE": "time_entry_rates",
    "TIME_ENTRY_CUSTOM_FIELD_VALUE": "time_entry_custom_field_values",
}
DEFAULT_WINDOW = timedelta(days=30)
LIMIT = 50
LIMIT_MAX = 1000


def changed_entities(request: Request, context: Context, workspace_id: str, kind: str) -> Response:
    """Answer with what was created, updated or deleted in a window."""
    check_workspace(context, workspace_id)
    check_known("parameter", list(request.args), ("type", "start", "end", "page", "limit"))
    types = request.args.get("type", "").split(",")
    if not set(types) <= set(COLLECTIONS):
        raise invalid(f"type must be one of {', '.join(COLLECTIONS)}")
    given_start, given_end = window(request)
    end = given_end or context.now
    start = given_start or end - DEFAULT_WINDOW
    page = number("page", request.args.get("page", "0"), 0)
    limit = number("limit", request.args.get("limit", str(LIMIT)), 1, LIMIT_MAX)
    read = _deleted if kind == "deleted" else _created if kind == "created" else _updated
    found = [item for code in types for item in read(context, code, start, end)]
    return json_answer({"response": found[page * limit : (page + 1) * limit]})


def _deleted(context: Context, code: str, start: datetime, end: datetime) -> Iterator[Document]:
    visible = context.now - timedelta(seconds=float(context.settings["deleted_lag_seconds"]))
    for row in context.state.deleted(context.system, COLLECTIONS[code]):
        if start <= row.deleted_at <= min(end, visible) and row.created_at < start:
            yield {**_item(row.id, code, row.document), "deletedAt": utc_seconds(row.deleted_at)}


def _created(context: Context, code: str, start: datetime, end: datetime) -> Iterator[Document]:
    for row in context.state.stored(context.system, COLLECTIONS[code]):
        if start <= row.created_at <= end:
            yield _item(row.id, code, row.document)


def _updated(context: Context, code: str, start: datetime, end: datetime) -> Iterator[Document]:
    for row in context.state.stored(context.system, COLLECTIONS[code], updated_from=start):
        if row.created_at < start and row.updated_at <= end:
            yield _item(row.id, code, row.document)


def _item(doc_id: str, code: str, document: Document) -> Document:
    return {"id": doc_id, "documentCode": code, "document": document}
