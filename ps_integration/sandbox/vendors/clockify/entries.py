"""Clockify's time entries (vendor page "Time entry"): per user only, newest start first."""

from datetime import datetime

from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.answers import json_answer
from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.vendors import Context
from ps_integration.sandbox.vendors.clockify.shapes import (
    Paging,
    body_object,
    check_known,
    check_workspace,
    flag,
    instant,
    invalid,
    window,
)

PAGING = ("page", "page-size")
FILTERS = ("description", "start", "end", "project", "task", "in-progress")
REQUIRED = ("project-required", "task-required")
RUNNING_PAGE_SIZE = 10


def user_entries(request: Request, context: Context, workspace_id: str, user_id: str) -> Response:
    """Answer with one user's entries; `start` and `end` are compared with an entry's start."""
    check_workspace(context, workspace_id)
    check_known("parameter", list(request.args), (*PAGING, *FILTERS, *REQUIRED))
    paging = Paging.read(request, int(context.settings["entries_page_size_max"]))
    if context.state.get(context.system, "users", user_id) is None:
        raise invalid("User doesn't belong to Workspace")
    start, end = window(request)
    rows = context.state.documents(context.system, "time_entries", where={"userId": user_id})
    rows = [row for row in rows if in_window(row, start, end) and _passes(request, row)]
    return paging.answer(newest_first(rows))


def running_entries(request: Request, context: Context, workspace_id: str) -> Response:
    """Answer with every entry whose timer runs."""
    check_workspace(context, workspace_id)
    check_known("parameter", list(request.args), PAGING)
    size_max = int(context.settings["entries_page_size_max"])
    paging = Paging.read(request, size_max, RUNNING_PAGE_SIZE)
    rows = context.state.documents(context.system, "time_entries")
    return paging.answer(newest_first([row for row in rows if is_running(row)]))


def one_entry(request: Request, context: Context, workspace_id: str, entry_id: str) -> Response:
    """Answer with one entry."""
    check_workspace(context, workspace_id)
    check_known("parameter", list(request.args), ())
    entry = context.state.get(context.system, "time_entries", entry_id)
    if entry is None:
        raise invalid("Time entry doesn't belong to Workspace")
    return json_answer(entry)


def mark_invoiced(request: Request, context: Context, workspace_id: str) -> Response:
    """Mark entries as invoiced or not, all or none; the answer is empty."""
    check_workspace(context, workspace_id)
    body = body_object(request, ("timeEntryIds", "invoiced"))
    ids, invoiced = body.get("timeEntryIds"), body.get("invoiced")
    if not isinstance(ids, list) or not ids or not all(isinstance(one, str) for one in ids):
        raise invalid("timeEntryIds must be a list of ids")
    if not isinstance(invoiced, bool):
        raise invalid("invoiced must be true or false")
    with context.state.transaction() as transaction:
        for entry_id in ids:
            if transaction.get(context.system, "time_entries", entry_id) is None:
                raise invalid("Time entry doesn't belong to Workspace")
            document = {"invoiced": invoiced}
            transaction.put(context.system, "invoiced_entries", entry_id, document, context.now)
    return Response(b"", 200)


def started(entry: Document) -> datetime:
    """Return when an entry's interval starts."""
    return instant("start", str(entry["timeInterval"]["start"]))


def in_window(entry: Document, start: datetime | None, end: datetime | None) -> bool:
    """Whether an entry starts within the window, both ends included."""
    at = started(entry)
    return (start is None or at >= start) and (end is None or at <= end)


def is_running(entry: Document) -> bool:
    """Whether an entry's timer runs."""
    return entry["timeInterval"].get("end") is None


def newest_first(rows: list[Document]) -> list[Document]:
    """Sort entries by start, latest first."""
    return sorted(rows, key=lambda row: (started(row), str(row["id"])), reverse=True)


def _passes(request: Request, entry: Document) -> bool:
    for name, field in (("project", "projectId"), ("task", "taskId")):
        if name in request.args and entry.get(field) != request.args[name]:
            return False
        if flag(request, f"{name}-required") and not entry.get(field):
            return False
    running = flag(request, "in-progress")
    if running is not None and is_running(entry) is not running:
        return False
    text = request.args.get("description", "").casefold()
    return text in str(entry.get("description", "")).casefold()
