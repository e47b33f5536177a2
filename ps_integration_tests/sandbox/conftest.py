"""A sandbox on a free port, and small Harvest and Clockify accounts in it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import requests

from ps_integration.sandbox.server import SandboxServer
from ps_integration.sandbox.state import SandboxState

NOW = datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
HARVEST_HEADERS = {
    "Authorization": "Bearer secret",
    "Harvest-Account-Id": "77",
    "User-Agent": "tests (tests@example.com)",
}
CLOCKIFY_HEADERS = {"X-Api-Key": "key"}
WORKSPACE = "64a0000000000000000000a1"
Call = Callable[..., requests.Response]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[SandboxState]:
    state = SandboxState(tmp_path / "sandbox.sqlite")
    yield state
    state.close()


@pytest.fixture
def server(state: SandboxState) -> Iterator[SandboxServer]:
    with SandboxServer(state) as server:
        yield server


@pytest.fixture
def call(server: SandboxServer) -> Iterator[Call]:
    """Send one request to a path of the sandbox, with the vendor's right headers."""
    with requests.Session() as session:

        def send(path: str, method: str = "GET", **kwargs: object) -> requests.Response:
            system = path.split("/", 1)[0]
            kwargs.setdefault("headers", HEADERS.get(system))
            kwargs.setdefault("timeout", 5)
            return session.request(method, server.url(path), **kwargs)

        yield send


HEADERS = {"harvest_uk": HARVEST_HEADERS, "clockify_in": CLOCKIFY_HEADERS}


def harvest_entry(number: int, **changes: object) -> dict[str, object]:
    return {
        "id": number,
        "spent_date": "2026-03-02",
        "user": {"id": 5, "name": "Ada Byrne"},
        "client": {"id": 7, "name": "Acme"},
        "project": {"id": 8, "name": "Rollout"},
        "task": {"id": 9, "name": "Build"},
        "user_assignment": {"id": 10, "is_active": True, "hourly_rate": Decimal("110.5")},
        "task_assignment": {"id": 11, "billable": True, "is_active": True},
        "hours": Decimal("1.10"),
        "hours_without_timer": Decimal("1.10"),
        "rounded_hours": Decimal("1.25"),
        "notes": None,
        "is_locked": False,
        "locked_reason": None,
        "is_closed": False,
        "approval_status": "unsubmitted",
        "is_billed": False,
        "timer_started_at": None,
        "started_time": None,
        "ended_time": None,
        "is_running": False,
        "invoice": None,
        "external_reference": None,
        "billable": True,
        "budgeted": True,
        "billable_rate": Decimal("110.50"),
        "cost_rate": None,
        **changes,
    }


@pytest.fixture
def harvest(state: SandboxState) -> SandboxState:
    """An account with one person, one project and five entries of 2 to 6 March."""
    state.register_system(
        "harvest_uk", "harvest", {"account_id": 77, "tokens": ["secret"], "me": 5}
    )
    user = {"id": 5, "first_name": "Ada", "last_name": "Byrne", "is_active": True}
    client = {"id": 7, "name": "Acme", "currency": "GBP"}
    project = {"id": 8, "name": "Rollout", "code": "R1", "is_active": True, "client": client}
    task = {"id": 9, "name": "Build", "is_active": True, "default_hourly_rate": Decimal("0.0")}
    put = state.put
    put("harvest_uk", "company", "1", {"name": "Firm", "weekly_capacity": 126000}, NOW)
    put("harvest_uk", "users", "5", user, NOW)
    put("harvest_uk", "clients", "7", {**client, "is_active": True}, NOW)
    put("harvest_uk", "projects", "8", project, NOW)
    put("harvest_uk", "tasks", "9", task, NOW)
    put("harvest_uk", "task_assignments", "11", {"id": 11, "is_active": True}, NOW)
    put("harvest_uk", "user_assignments", "10", {"id": 10, "user": {"id": 5}}, NOW)
    for start, number in (("2026-01-01", 12), ("2025-01-01", 13)):
        rate = {"id": number, "amount": Decimal("8.25"), "start_date": start, "end_date": None}
        put("harvest_uk", "users/5/billable_rates", str(number), rate, NOW)
    for day in range(2, 7):
        entry = harvest_entry(100 + day, spent_date=f"2026-03-0{day}")
        put("harvest_uk", "time_entries", str(100 + day), entry, NOW + timedelta(days=day))
    return state


def clockify_entry(doc_id: str, user_id: str, start: str, **changes: object) -> dict[str, object]:
    return {
        "id": doc_id,
        "workspaceId": WORKSPACE,
        "userId": user_id,
        "projectId": "p1",
        "taskId": "t1",
        "description": "Build",
        "billable": True,
        "isLocked": False,
        "type": "REGULAR",
        "tagIds": [],
        "customFieldValues": [],
        "hourlyRate": {"amount": 10500, "currency": "INR"},
        "timeInterval": {"start": start, "end": start.replace("T09", "T10"), "duration": "PT1H"},
        **changes,
    }


@pytest.fixture
def clockify(state: SandboxState) -> SandboxState:
    """A workspace with an active and an inactive person; the active one has three entries."""
    state.register_system("clockify_in", "clockify", {"api_keys": ["key"], "me": "u1"})

    def put(collection: str, doc_id: str, **document: object) -> None:
        body = {"id": doc_id, "workspaceId": WORKSPACE, **document}
        state.put("clockify_in", collection, doc_id, body, NOW - timedelta(days=60))

    def membership(status: str) -> list[dict[str, object]]:
        return [{"membershipStatus": status, "membershipType": "WORKSPACE", "targetId": WORKSPACE}]

    state.put("clockify_in", "workspaces", WORKSPACE, {"id": WORKSPACE, "name": "India"}, NOW)
    put("users", "u1", name="Ravi", email="r@example.com", memberships=membership("ACTIVE"))
    put("users", "u2", name="Old", email="o@example.com", memberships=membership("INACTIVE"))
    put("clients", "c1", name="Acme", archived=False)
    put("projects", "p1", name="Rollout", clientId="c1", billable=True, archived=False)
    put("tasks", "t1", name="Build", projectId="p1", status="ACTIVE")
    for day in (2, 3, 4):
        entry = clockify_entry(f"e{day}", "u1", f"2026-03-0{day}T09:00:00Z")
        at = NOW - timedelta(days=50)
        state.put("clockify_in", "time_entries", f"e{day}", entry, at)
    request = {"id": "a1", "owner": {"userId": "u1"}, "status": {"state": "APPROVED"}}
    put("approval_requests", "a1", approvalRequest=request, entries=[{"id": "e2"}, {"id": "e3"}])
    return state
