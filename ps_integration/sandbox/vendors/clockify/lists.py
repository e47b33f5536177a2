"""Clockify's master data and approval requests (vendor pages "Workspace" to "Approval")."""

from collections.abc import Callable, Mapping, Sequence

from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.answers import json_answer
from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.vendors import Context
from ps_integration.sandbox.vendors.clockify.shapes import (
    Paging,
    check_known,
    check_workspace,
    choice,
    flag,
    invalid,
)

PAGING = ("page", "page-size", "sort-column", "sort-order")
APPROVAL_STATES = ("PENDING", "APPROVED", "WITHDRAWN_APPROVAL")
APPROVAL_ORDERS: Mapping[str, tuple[str, ...]] = {
    "ID": ("approvalRequest", "id"),
    "USER_ID": ("approvalRequest", "owner", "userId"),
    "START": ("approvalRequest", "dateRange", "start"),
    "UPDATED_AT": ("approvalRequest", "status", "updatedAt"),
}
MEMBER_STATES = ("PENDING", "ACTIVE", "DECLINED", "INACTIVE", "ALL")
PRESENT = ("PENDING", "ACTIVE")


def me(request: Request, context: Context) -> Response:
    """Answer with the owner of the key."""
    check_known("parameter", list(request.args), ("include-memberships",))
    user = context.state.get(context.system, "users", str(context.settings["me"]))
    if user is None:
        raise invalid("User doesn't exist")
    return json_answer(user)


def workspaces(request: Request, context: Context) -> Response:
    """Answer with every workspace of the key's owner."""
    check_known("parameter", list(request.args), ("roles",))
    return json_answer(context.state.documents(context.system, "workspaces"))


def workspace(request: Request, context: Context, workspace_id: str) -> Response:
    """Answer with one workspace and its settings."""
    check_known("parameter", list(request.args), ())
    return json_answer(check_workspace(context, workspace_id))


def users(request: Request, context: Context, workspace_id: str) -> Response:
    """Answer with members; without a status only those present, so ask for ALL to miss nobody."""
    check_workspace(context, workspace_id)
    known = (*PAGING, "status", "memberships", "include-roles", "email", "name")
    check_known("parameter", list(request.args), known)
    status = choice(request, "status", MEMBER_STATES)
    shown = choice(request, "memberships", ("ALL", "WORKSPACE", "PROJECT", "USERGROUP", "NONE"))
    wanted = MEMBER_STATES if status == "ALL" else PRESENT if status is None else (status,)
    rows = [
        {**user, "memberships": _memberships(user, shown or "NONE")}
        for user in context.state.documents(context.system, "users")
        if _membership_status(user, workspace_id) in wanted
    ]
    rows = _containing(request, rows, ("email", "name"))
    return _sorted_page(request, context, rows, {"ID": ("id",), "EMAIL": ("email",)})


def clients(request: Request, context: Context, workspace_id: str) -> Response:
    """Answer with clients."""
    check_workspace(context, workspace_id)
    check_known("parameter", list(request.args), (*PAGING, "name", "archived"))
    rows = _containing(request, _of(context, "clients", workspace_id), ("name",))
    return _sorted_page(request, context, _flagged(request, rows, ("archived",)), {})


def projects(request: Request, context: Context, workspace_id: str) -> Response:
    """Answer with projects, their memberships and rates."""
    check_workspace(context, workspace_id)
    known = (*PAGING, "name", "archived", "billable", "clients", "users")
    check_known("parameter", list(request.args), known)
    rows = _containing(request, _of(context, "projects", workspace_id), ("name",))
    rows = _flagged(request, rows, ("archived", "billable"))
    if "clients" in request.args:
        wanted = request.args["clients"].split(",")
        rows = [row for row in rows if row.get("clientId") in wanted]
    if "users" in request.args:
        wanted = request.args["users"].split(",")
        rows = [
            row
            for row in rows
            if any(one["userId"] in wanted for one in row.get("memberships", ()))
        ]
    return _sorted_page(request, context, rows, {"ID": ("id",), "CLIENT_NAME": ("clientName",)})


def tasks(request: Request, context: Context, workspace_id: str, project_id: str) -> Response:
    """Answer with one project's tasks."""
    check_workspace(context, workspace_id)
    check_known("parameter", list(request.args), (*PAGING, "name", "is-active"))
    if context.state.get(context.system, "projects", project_id) is None:
        raise invalid("Project doesn't belong to Workspace")
    rows = context.state.documents(context.system, "tasks", where={"projectId": project_id})
    active = flag(request, "is-active")
    if active is not None:
        rows = [row for row in rows if (row.get("status") == "ACTIVE") is active]
    rows = _containing(request, rows, ("name",))
    return _sorted_page(request, context, rows, {"ID": ("id",)})


def approval_requests(request: Request, context: Context, workspace_id: str) -> Response:
    """Answer with approval requests and the entries they cover."""
    check_workspace(context, workspace_id)
    check_known("parameter", list(request.args), (*PAGING, "status"))
    status = choice(request, "status", APPROVAL_STATES)
    rows = [
        row
        for row in context.state.documents(context.system, "approval_requests")
        if status in (None, row["approvalRequest"]["status"]["state"])
    ]
    return _sorted_page(request, context, rows, APPROVAL_ORDERS)


def _of(context: Context, collection: str, workspace_id: str) -> list[Document]:
    rows = context.state.documents(context.system, collection)
    return [row for row in rows if row.get("workspaceId", workspace_id) == workspace_id]


def _flagged(request: Request, rows: list[Document], names: Sequence[str]) -> list[Document]:
    for name in names:
        wanted = flag(request, name)
        if wanted is not None:
            rows = [row for row in rows if bool(row.get(name)) is wanted]
    return rows


def _containing(request: Request, rows: list[Document], names: Sequence[str]) -> list[Document]:
    for name in names:
        text = request.args.get(name, "").casefold()
        rows = [row for row in rows if text in str(row.get(name)).casefold()]
    return rows


def _sorted_page(
    request: Request,
    context: Context,
    rows: list[Document],
    orders: Mapping[str, tuple[str, ...]],
) -> Response:
    orders = {"NAME": ("name",), **orders} if orders is not APPROVAL_ORDERS else orders
    column = choice(request, "sort-column", tuple(orders))
    backwards = choice(request, "sort-order", ("ASCENDING", "DESCENDING")) == "DESCENDING"
    if column:
        rows = sorted(rows, key=_reader(orders[column]), reverse=backwards)
    elif backwards:
        rows = rows[::-1]
    return Paging.read(request, int(context.settings["page_size_max"])).answer(rows)


def _reader(path: tuple[str, ...]) -> Callable[[Document], str]:
    def read(row: Document) -> str:
        found: object = row
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return str(found)

    return read


def _membership_status(user: Document, workspace_id: str) -> str:
    for membership in user.get("memberships", ()):
        if membership["targetId"] == workspace_id:
            return str(membership["membershipStatus"])
    return "ACTIVE"


def _memberships(user: Document, shown: str) -> list[Document]:
    every = user.get("memberships", [])
    return [one for one in every if shown in ("ALL", one["membershipType"])]
