"""Clockify's detailed report (vendor page "Time entry report"): entries of the whole workspace.

The only place where the vendor shows which entries are invoiced (filter `invoicingState`) and
which are approved (`approvalRequestId`). Its entries carry `_id`, names beside ids, a duration in
seconds and instants in the report's zone; timers that run are not in it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.answers import json_answer
from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.vendors import Context
from ps_integration.sandbox.vendors.clockify.entries import (
    in_window,
    is_running,
    newest_first,
)
from ps_integration.sandbox.vendors.clockify.shapes import (
    PAGE_SIZE,
    Paging,
    body_object,
    check_known,
    check_workspace,
    instant,
    invalid,
    number,
)

FIELDS = (
    "dateRangeStart",
    "dateRangeEnd",
    "detailedFilter",
    "approvalState",
    "invoicingState",
    "billable",
    "exportType",
    "amountShown",
    "timeZone",
    "users",
    "clients",
    "projects",
)
STATES = {"approvalState": ("APPROVED", "UNAPPROVED"), "invoicingState": ("INVOICED", "UNINVOICED")}
TOTALS = ("CALCULATE", "EXCLUDE")
IDS = {"users": "userId", "clients": "clientId", "projects": "projectId"}
Test = Callable[[Document], bool]


def detailed_report(request: Request, context: Context, workspace_id: str) -> Response:
    """Answer with one page of entries and, unless excluded, totals of all of them."""
    check_workspace(context, workspace_id)
    check_known("parameter", list(request.args), ())
    body = body_object(request, FIELDS)
    if body.get("exportType", "JSON") not in ("JSON", "JSON_V1"):
        raise invalid("exportType is not supported")
    zone = _zone(body)
    paging, with_totals = _detailed_filter(body, int(context.settings["entries_page_size_max"]))
    tests = _tests(body)
    start, end = (_range_end(body, name, zone) for name in ("dateRangeStart", "dateRangeEnd"))
    chosen = _invoicing_test(body, context)
    lines = _lines(context, start, end, chosen)
    lines = [line for line in lines if all(test(line) for test in tests)]
    page = [_in_zone(line, zone) for line in paging.cut(lines)]
    return json_answer({"totals": _totals(lines) if with_totals else [], "timeentries": page})


def _lines(context: Context, start: datetime, end: datetime, chosen: Test) -> list[Document]:
    """Return the finished entries of the window with names, newest first."""
    names = {
        kind: {row["id"]: row for row in context.state.documents(context.system, kind)}
        for kind in ("users", "clients", "projects", "tasks")
    }
    approved = _approved_by(context)
    rows = context.state.documents(context.system, "time_entries")
    rows = [row for row in rows if chosen(row) and not is_running(row)]
    rows = [row for row in rows if in_window(row, start, end)]
    return [_line(row, names, approved) for row in newest_first(rows)]


def _line(
    entry: Document, names: dict[str, dict[str, Document]], approved: dict[str, str]
) -> Document:
    project = names["projects"].get(entry.get("projectId") or "", {})
    client = names["clients"].get(project.get("clientId") or "", {})
    user = names["users"].get(entry["userId"], {})
    start, end = (instant(name, entry["timeInterval"][name]) for name in ("start", "end"))
    return {
        "_id": entry["id"],
        "description": entry.get("description", ""),
        "billable": entry["billable"],
        "locked": entry.get("isLocked", False),
        "approvalRequestId": approved.get(entry["id"]),
        "clientId": client.get("id"),
        "clientName": client.get("name"),
        "projectId": project.get("id"),
        "projectName": project.get("name"),
        "taskId": entry.get("taskId"),
        "taskName": names["tasks"].get(entry.get("taskId") or "", {}).get("name"),
        "userId": entry["userId"],
        "userName": user.get("name"),
        "userEmail": user.get("email"),
        "tags": [],
        "timeInterval": {
            "start": entry["timeInterval"]["start"],
            "end": entry["timeInterval"]["end"],
            "duration": (end - start) // timedelta(seconds=1),
        },
    }


def _approved_by(context: Context) -> dict[str, str]:
    """Map each approved entry to its approval request."""
    return {
        entry["id"]: row["approvalRequest"]["id"]
        for row in context.state.documents(context.system, "approval_requests")
        if row["approvalRequest"]["status"]["state"] == "APPROVED"
        for entry in row.get("entries", ())
    }


def _tests(body: Document) -> list[Test]:
    """Return the tests of a report's lines."""
    tests: list[Test] = []
    approved = _wanted_state(body, "approvalState")
    if approved is not None:
        tests.append(lambda line: (line["approvalRequestId"] is not None) is approved)
    billable = body.get("billable")
    if billable not in (None, True, False):
        raise invalid("billable must be true or false")
    if billable is not None:
        tests.append(lambda line: line["billable"] is billable)
    tests += [_ids_test(body[name], field) for name, field in IDS.items() if name in body]
    return tests


def _wanted_state(body: Document, name: str) -> bool | None:
    """Read a filter of two states; None asks for all."""
    yes, no = STATES[name]
    wanted = body.get(name, "ALL")
    if wanted not in (yes, no, "ALL"):
        raise invalid(f"{name} must be one of {yes}, {no}, ALL")
    return None if wanted == "ALL" else wanted == yes


def _invoicing_test(body: Document, context: Context) -> Test:
    """Return the test of entries that are invoiced, or not; before lines are made of them."""
    wanted = _wanted_state(body, "invoicingState")
    if wanted is None:
        return lambda _: True
    rows = context.state.stored(context.system, "invoiced_entries")
    invoiced = {row.id for row in rows if row.document["invoiced"]}
    return lambda entry: (entry["id"] in invoiced) is wanted


def _ids_test(wanted: object, field: str) -> Test:
    if not isinstance(wanted, dict) or not isinstance(wanted.get("ids"), list):
        raise invalid(f"the filter of {field} needs ids")
    check_known("field", list(wanted), ("ids", "contains", "status"))
    if wanted.get("contains", "CONTAINS") not in ("CONTAINS", "DOES_NOT_CONTAIN"):
        raise invalid("contains must be CONTAINS or DOES_NOT_CONTAIN")
    ids, inside = wanted["ids"], wanted.get("contains", "CONTAINS") == "CONTAINS"
    return lambda line: (line[field] in ids) is inside


def _detailed_filter(body: Document, size_max: int) -> tuple[Paging, bool]:
    wanted = body.get("detailedFilter")
    if not isinstance(wanted, dict):
        raise invalid("detailedFilter is required")
    check_known("field", list(wanted), ("page", "pageSize", "sortColumn", "options"))
    if wanted.get("sortColumn", "DATE") != "DATE":
        raise invalid("sortColumn is not supported")
    options = wanted.get("options", {})
    totals = options.get("totals", "CALCULATE") if isinstance(options, dict) else None
    if totals not in TOTALS:
        raise invalid("totals must be CALCULATE or EXCLUDE")
    page = number("page", wanted.get("page", 1), 1)
    size = number("pageSize", wanted.get("pageSize", PAGE_SIZE), 1, size_max)
    return Paging(page, size), totals == "CALCULATE"


def _zone(body: Document) -> ZoneInfo:
    try:
        return ZoneInfo(str(body.get("timeZone", "UTC")))
    except (ZoneInfoNotFoundError, ValueError):
        raise invalid("timeZone is not known") from None


def _range_end(body: Document, name: str, zone: ZoneInfo) -> datetime:
    """Read one end of the range: a time on the clock of the report's zone."""
    try:
        at = datetime.fromisoformat(str(body.get(name)))
    except ValueError:
        raise invalid(f"{name} is not a date") from None
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _in_zone(line: Document, zone: ZoneInfo) -> Document:
    interval = dict(line["timeInterval"])
    for name in ("start", "end"):
        interval[name] = instant(name, interval[name]).astimezone(zone).isoformat()
    return {**line, "timeInterval": interval}


def _totals(lines: list[Document]) -> list[Document]:
    seconds = [line["timeInterval"]["duration"] for line in lines]
    billable = [line["timeInterval"]["duration"] for line in lines if line["billable"]]
    return [
        {
            "totalTime": sum(seconds),
            "totalBillableTime": sum(billable),
            "entriesCount": len(lines),
            "amounts": [],
        }
    ]
