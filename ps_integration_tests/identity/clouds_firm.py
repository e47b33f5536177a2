"""A firm on Kantata and Clockify, whose records keep their own ids whatever they are called."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from ps_integration_tests.identity.books import Record
from ps_integration_tests.identity.grid import Cell, Kind, View, entries
from ps_integration_tests.regressions.firm import PLACES

FIRM: Final = "clockworks"
WORKSPACE: Final = "65900000000000000000aaaa"
ADMIN: Final = "65a000000000000000000001"
KNOWS: Final[dict[Kind, tuple[str, ...]]] = {
    "customer": ("psa", "time", "erp"),
    "project": ("psa", "time", "erp"),
    "resource": ("psa", "time"),
    "task": ("psa", "time"),
}
SIDES: Final = {"a": 1, "b": 2}


def firm_file() -> dict[str, Any]:
    """Clockworks', with longer project codes."""
    told: dict[str, Any] = yaml.safe_load((PLACES / FIRM / "firm.yaml").read_text("utf-8"))
    told["systems"][0]["options"]["project_key"]["pattern"] = r"^(X-\d+)"
    return told


def write(folder: Path, cells: Sequence[Cell], views: Mapping[str, View]) -> None:
    """Nothing: this firm has no drops."""


def records(cells: Sequence[Cell], views: Mapping[str, View]) -> Iterator[Record]:
    """What Clockify and Kantata have of the cells."""
    yield "clock", "users", ADMIN, _user(ADMIN, "admin@clockworks.example", "Admin")
    for cell in cells:
        yield from _clock(cell, views["time"])
        yield from _plan(cell, views["psa"])


def _user(key: str, email: str, name: str) -> dict[str, Any]:
    member = {"userId": key, "targetId": WORKSPACE, "membershipType": "WORKSPACE"}
    member |= {"membershipStatus": "ACTIVE"}
    return {
        "id": key, "email": email, "name": name, "status": "ACTIVE", "activeWorkspace": WORKSPACE,
        "defaultWorkspace": WORKSPACE,
        "memberships": [{**member, "hourlyRate": None, "costRate": None}],
        "settings": {"timeZone": "Europe/London", "weekStart": "MONDAY"},
    }  # fmt: skip


def _id(letter: str, cell: Cell, side: str) -> str:
    return f"65{letter}{SIDES[side]:01}{cell.number:020}"


def _email(view: View, cell: Cell, side: str) -> str:
    return f"{view.key('resource', cell, side).lower()}@clockworks.example"


def _title(view: View, cell: Cell, side: str) -> str:
    """A task is known by its title, in both systems."""
    return f"{view.key('task', cell, side)} {view.name('task', cell, side)}"


def _clock(cell: Cell, view: View) -> Iterator[Record]:
    place = {"workspaceId": WORKSPACE}
    for side in view.sides("resource", cell):
        key = _id("a", cell, side)
        user = _user(key, _email(view, cell, side), view.name("resource", cell, side))
        yield "clock", "users", key, user
    for side in view.sides("customer", cell):
        key = _id("c", cell, side)
        note = f"Customer {view.key('customer', cell, side)}"
        yield "clock", "clients", key, {
            **place, "id": key, "name": view.name("customer", cell, side), "note": note,
            "email": None, "address": None, "archived": False, "currencyId": None,
        }  # fmt: skip
    client = view.side("customer", cell)
    for side in view.sides("project", cell):
        key = _id("b", cell, side)
        name = f"{view.key('project', cell, side)} {view.name('project', cell, side)}"
        yield "clock", "projects", key, {
            **place, "id": key, "name": name, "clientId": _id("c", cell, client),
            "clientName": view.name("customer", cell, client), "billable": True,
            "archived": False, "public": True, "color": "#2f6690", "note": "", "memberships": [],
            "hourlyRate": {"amount": 10000, "currency": "GBP"}, "costRate": None,
        }  # fmt: skip
    project = _id("b", cell, view.side("project", cell))
    for side in view.sides("task", cell):
        key = _id("d", cell, side)
        yield "clock", "tasks", key, {
            "id": key, "name": _title(view, cell, side), "projectId": project, "assigneeIds": [],
            "status": "ACTIVE", "billable": True, "estimate": "PT0S", "duration": None,
            "hourlyRate": None, "costRate": None,
        }  # fmt: skip
    user, task = (_id(letter, cell, view.side(kind, cell)) for letter, kind in
                  (("a", "resource"), ("d", "task")))  # fmt: skip
    for number, hours, day in entries(cell, view):
        end = "10:00:00" if hours == "1" else "09:30:00"
        length = "PT1H" if hours == "1" else "PT30M"
        key, request = f"65f{number:021}", f"65e{number:021}"
        yield "clock", "time_entries", key, {
            **place, "id": key, "userId": user, "projectId": project, "taskId": task,
            "description": "Work", "billable": True, "isLocked": True, "type": "REGULAR",
            "tagIds": [], "customFieldValues": [], "hourlyRate": None, "costRate": None,
            "timeInterval": {"start": f"{day}T09:00:00Z", "end": f"{day}T{end}Z",
                             "duration": length},
        }  # fmt: skip
        who = {"userId": user, "userName": view.name("resource", cell)}
        status = {"state": "APPROVED", "note": "", "updatedAt": "2026-03-31T09:00:00Z"}
        yield "clock", "approval_requests", request, {
            "id": request, "entries": [{"id": key, "approvalRequestId": request}],
            "approvalRequest": {
                **place, "id": request, "owner": who, "creator": who,
                "dateRange": {"start": f"{day}T00:00:00Z", "end": f"{day}T23:59:59Z"},
                "status": {**status, "updatedBy": ADMIN, "updatedByUserName": "Admin"},
            },
        }  # fmt: skip


def _plan(cell: Cell, view: View) -> Iterator[Record]:
    for side in view.sides("resource", cell):
        key = _number(1, cell, side)
        yield "plan", "users", key, {
            "id": key, "full_name": view.name("resource", cell, side), "photo_path": None,
            "email_address": _email(view, cell, side), "headline": "Engineer", "disabled": False,
            "account_id": "1", "account_permission": "punch_clock", "role_id": "1",
        }  # fmt: skip
        yield "plan", "account_memberships", key, {
            "id": key, "user_id": key, "disabled_at": None, "permission": "punch_clock",
            "can_log_in": True, "non_participant": False,
        }  # fmt: skip
    for side in view.sides("customer", cell):
        key = _number(3, cell, side)
        yield "plan", "workspace_groups", key, {
            "id": key, "name": view.name("customer", cell, side), "company": True,
        }  # fmt: skip
        number = view.key("customer", cell, side)
        yield _field("WorkspaceGroup", key, "Customer number", number, 4)
    group = _number(3, cell, view.side("customer", cell))
    for side in view.sides("project", cell):
        key = _number(2, cell, side)
        yield "plan", "workspaces", key, {
            "id": key, "title": view.name("project", cell, side), "account_id": "1",
            "archived": False, "description": "", "start_date": "2026-01-01", "due_date": None,
            "currency": "GBP", "currency_symbol": "£", "currency_base_unit": 100,
            "status": {"color": "green", "key": 300, "message": "Active"}, "rate_card_id": None,
            "require_time_approvals": True, "time_trackable": True,
            "workspace_group_ids": [group], "primary_workspace_group_id": group,
            "participant_ids": [],
        }  # fmt: skip
        yield _field("Workspace", key, "Project code", view.key("project", cell, side), 1)
        yield _field("Workspace", key, "Legal entity", "CW", 2)
        yield _field("Workspace", key, "Billing type", "Time and materials", 3)
    workspace = _number(2, cell, view.side("project", cell))
    for side in view.sides("task", cell):
        key = _number(4, cell, side)
        yield "plan", "stories", key, {
            "id": key, "workspace_id": workspace, "title": _title(view, cell, side),
            "story_type": "task", "state": "started", "billable": True, "archived": False,
            "deleted_at": None, "due_date": None, "start_date": None, "fixed_fee": False,
            "budget_estimate_in_cents": None, "time_trackable": True,
        }  # fmt: skip


def _number(kind: int, cell: Cell, side: str) -> str:
    return f"{kind}{SIDES[side]}{cell.number:03}"


def _field(subject: str, key: str, name: str, value: str, number: int) -> Record:
    identity = f"{key}{number}"
    return "plan", "custom_field_values", identity, {
        "id": identity, "subject_type": subject, "subject_id": key, "value": value,
        "display_value": value, "can_edit": True, "type": "string", "setter_id": None,
        "account_id": "1", "custom_field_id": str(min(number, 3) if number < 4 else 1),
        "custom_field_name": name,
    }  # fmt: skip
