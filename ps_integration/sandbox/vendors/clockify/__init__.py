"""Clockify API v1 below `/{system}/api/v1`, its reports below `/{system}/reports/v1`.

Settings: `api_keys`, `me` (user id of the keys' owner), `page_size_max` (lists),
`entries_page_size_max` (time entries and reports), `rate_limit_requests` per
`rate_limit_seconds`, `deleted_lag_seconds` (until a deletion shows in the change feed),
`max_commit_delay_seconds`.

Collections, in the vendor's JSON: `workspaces`, `users`, `clients`, `projects`, `tasks`,
`time_entries`, `approval_requests` (by the id inside `approvalRequest`; their `entries` say which
entries they approve) and `invoiced_entries` (by entry id, `{"invoiced": true}`): the vendor shows
that flag in no time entry, only as a filter of the detailed report.

Errors are `{"message", "code"}` (vendor page "Introduction"); whatever is not documented is
refused with 400. Not served, and so refused: hydrated lists, tag filters, reports other than JSON.
"""

from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.answers import json_answer
from ps_integration.sandbox.routing import dispatch
from ps_integration.sandbox.vendors import Context, Vendor
from ps_integration.sandbox.vendors.clockify.changes import changed_entities
from ps_integration.sandbox.vendors.clockify.entries import (
    mark_invoiced,
    one_entry,
    running_entries,
    user_entries,
)
from ps_integration.sandbox.vendors.clockify.lists import (
    approval_requests,
    clients,
    me,
    projects,
    tasks,
    users,
    workspace,
    workspaces,
)
from ps_integration.sandbox.vendors.clockify.reports import detailed_report
from ps_integration.sandbox.vendors.clockify.shapes import refused

NO_KEY = "Full authentication is required to access this resource"
WRONG_KEY = "Api key does not exist"
REPORT = "/reports/v1/workspaces/<workspace_id>/reports/detailed"
WORKSPACE = "/api/v1/workspaces/<workspace_id>"

ROUTES = Map(
    [
        Rule("/api/v1/user", methods=["GET"], endpoint=me),
        Rule("/api/v1/workspaces", methods=["GET"], endpoint=workspaces),
        Rule(WORKSPACE, methods=["GET"], endpoint=workspace),
        Rule(f"{WORKSPACE}/users", methods=["GET"], endpoint=users),
        Rule(f"{WORKSPACE}/clients", methods=["GET"], endpoint=clients),
        Rule(f"{WORKSPACE}/projects", methods=["GET"], endpoint=projects),
        Rule(f"{WORKSPACE}/projects/<project_id>/tasks", methods=["GET"], endpoint=tasks),
        Rule(f"{WORKSPACE}/user/<user_id>/time-entries", methods=["GET"], endpoint=user_entries),
        Rule(
            f"{WORKSPACE}/time-entries/status/in-progress",
            methods=["GET"],
            endpoint=running_entries,
        ),
        Rule(f"{WORKSPACE}/time-entries/invoiced", methods=["PATCH"], endpoint=mark_invoiced),
        Rule(f"{WORKSPACE}/time-entries/<entry_id>", methods=["GET"], endpoint=one_entry),
        Rule(f"{WORKSPACE}/approval-requests", methods=["GET"], endpoint=approval_requests),
        Rule(
            f"{WORKSPACE}/entities/<any(created, updated, deleted):kind>",
            methods=["GET"],
            endpoint=changed_entities,
        ),
        Rule(REPORT, methods=["POST"], endpoint=detailed_report),
    ]
)


def _handle(request: Request, context: Context) -> Response:
    key = request.headers.get("X-Api-Key")
    if not key:
        return refused(401, NO_KEY, 1000)
    if key not in context.settings["api_keys"]:
        return _refuse(401, 0)
    wait = context.over_limit(
        key,
        int(context.settings["rate_limit_requests"]),
        float(context.settings["rate_limit_seconds"]),
    )
    if wait is not None:
        return _refuse(429, 0)
    return dispatch(ROUTES, request, context, _not_found)


def _not_found(status: int) -> Response:
    return refused(status, "No such resource", 3000)


def _refuse(status: int, _retry_after: int) -> Response:
    match status:
        case 401:
            return refused(401, WRONG_KEY, 4003)
        case 429:
            return json_answer({"message": "Too many requests", "code": 429}, 429)
        case _:
            return refused(status, "Internal server error", status)


VENDOR = Vendor(
    handle=_handle,
    refuse=_refuse,
    defaults={
        "api_keys": [],
        "me": "",
        "page_size_max": 5000,
        "entries_page_size_max": 1000,
        "rate_limit_requests": 50,
        "rate_limit_seconds": 1,
        "deleted_lag_seconds": 60,
        "max_commit_delay_seconds": 0.3,
    },
    reads_by_post=("/reports/v1/*",),
)
