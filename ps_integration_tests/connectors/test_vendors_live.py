"""Harvest and Clockify against the sandbox servers that speak their protocols."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from ps_integration.connectors.parse import strict_json
from ps_integration.connectors.protocol import Ask, StatusNote
from ps_integration.connectors.registry import VENDORS
from ps_integration.connectors.setup import Setup
from ps_integration.sandbox.server import SandboxServer
from ps_integration.sandbox.state import SandboxState
from ps_integration.settings.firm import System

NOW = datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
WORKSPACE = "64a0000000000000000000a1"


@pytest.fixture
def server(tmp_path):
    state = SandboxState(tmp_path / "sandbox.sqlite")
    with SandboxServer(state) as server:
        yield server


def read(connector, name, mode="full", since=None, window=None):
    stream = next(one for one in connector.streams() if one.name == name)
    ask = Ask(stream, mode, since, window, NOW)
    return [record for page in connector.pages(ask) for record in page]


def setup(server, system, vendor, path="", **body):
    told = {
        "id": system,
        "vendor": vendor,
        "roles": ["time"],
        "base_url": server.url(system) + path,
    }
    return Setup(System.model_validate({**told, **body}), {"KEY": "key"})


@pytest.fixture
def harvest(server):
    server.state.register_system(
        "harvest_uk", "harvest", {"account_id": 77, "tokens": ["key"], "me": 5}
    )
    put = server.state.put
    for user in (5, 6):
        body = {"id": user, "first_name": "Ada", "email": "a@example.com", "is_active": user == 5}
        put("harvest_uk", "users", str(user), body, NOW)
        rate = {"id": user + 10, "amount": Decimal("8.25"), "start_date": None, "end_date": None}
        put("harvest_uk", f"users/{user}/billable_rates", str(user + 10), rate, NOW)
    for number in range(1, 8):
        body = {"id": number, "spent_date": f"2026-03-0{number}", "hours": Decimal("1.10")}
        put("harvest_uk", "time_entries", str(number), body, NOW + timedelta(minutes=number))
    made = setup(
        server,
        "harvest_uk",
        "harvest",
        "/v2",
        account="77",
        credentials={"token": "env:KEY"},
        options={"page_size": 3, "rate_currency": "GBP"},
    )
    return VENDORS["harvest"].build(made)


def test_harvest_lists_every_page_with_payloads_as_served(harvest):
    records = read(harvest, "time_entries")
    assert sorted(record.record_id for record in records) == list("1234567")
    assert strict_json(records[0].payload)["hours"] == Decimal("1.1")
    assert records[0].updated_at is not None


def test_harvest_asks_for_what_changed_since(harvest):
    records = read(harvest, "time_entries", "incremental", since=NOW + timedelta(minutes=5))
    assert {record.record_id for record in records} == {"5", "6", "7"}


def test_harvest_rates_say_whose_they_are(harvest):
    rows = [
        row.values
        for record in read(harvest, "billable_rates")
        for row in harvest.parse("billable_rates", strict_json(record.payload))
    ]
    assert {(row["resource_external_id"], row["unit_price"]) for row in rows} == {
        ("5", Decimal("8.25")),
        ("6", Decimal("8.25")),
    }


def test_harvest_tells_whose_token_it_is(harvest):
    assert harvest.probe()["user"] == "a@example.com"


def entry(number, user, start, end, **changes):
    return {
        "id": f"e{number}",
        "workspaceId": WORKSPACE,
        "userId": user,
        "projectId": "p1",
        "taskId": "t1",
        "billable": True,
        "type": "REGULAR",
        "timeInterval": {"start": start, "end": end, "duration": None},
        **changes,
    }


@pytest.fixture
def clockify(server):
    state = server.state
    state.register_system("clockify_in", "clockify", {"api_keys": ["key"], "me": "u1"})
    state.put("clockify_in", "workspaces", WORKSPACE, {"id": WORKSPACE}, NOW)
    for user, status in (("u1", "ACTIVE"), ("u2", "INACTIVE")):
        member = {
            "membershipStatus": status,
            "membershipType": "WORKSPACE",
            "targetId": WORKSPACE,
        }
        body = {"id": user, "name": user, "email": f"{user}@example.com", "memberships": [member]}
        state.put("clockify_in", "users", user, body, NOW)
    for number in range(1, 6):
        day = f"2026-03-0{number}"
        body = entry(number, "u1", f"{day}T09:00:00Z", f"{day}T10:00:00Z")
        state.put("clockify_in", "time_entries", f"e{number}", body, NOW)
    left = entry(9, "u2", "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z")
    state.put("clockify_in", "time_entries", "e9", left, NOW)
    return setup(
        server,
        "clockify_in",
        "clockify",
        "/api/v1",
        account=WORKSPACE,
        credentials={"api_key": "env:KEY"},
        options={"page_size": 2, "history_from": "2025-12-15"},
    )


def test_clockify_lists_the_time_of_people_who_left_too(clockify):
    connector = VENDORS["clockify"].build(clockify)
    ids = {record.record_id for record in read(connector, "time_entries")}
    assert ids == {"e1", "e2", "e3", "e4", "e5", "e9"}
    resources = [
        connector.parse("users", strict_json(record.payload))[0].values
        for record in read(connector, "users")
    ]
    assert {row["external_id"]: row["is_active"] for row in resources} == {"u1": True, "u2": False}


def test_clockify_lists_a_window_of_days_and_a_day_beside_it(clockify):
    connector = VENDORS["clockify"].build(clockify)
    window = (date(2026, 3, 2), date(2026, 3, 4))
    records = read(connector, "time_entries", "window", window=window)
    # a day more on both sides, where it may be the window's day already or still
    assert {(r.record_id, r.day) for r in records} == {
        ("e1", "2026-03-01"),
        ("e2", "2026-03-02"),
        ("e3", "2026-03-03"),
        ("e4", "2026-03-04"),
        ("e9", "2026-03-02"),
    }


def test_clockify_marks_are_written_read_back_and_taken_off(clockify):
    connector = VENDORS["clockify"].build(clockify)
    writer = VENDORS["clockify"].feedback_writer(clockify)
    notes = [
        StatusNote("time_entry", number, "r", "1001", "open", "") for number in ("e1", "e3", "e9")
    ]
    assert [told.outcome for told in writer.tell(notes)] == ["accepted"] * 3
    marks = {record.record_id for record in read(connector, "invoiced_marks")}
    assert marks == {"e1", "e3", "e9"}
    unknown, taken = writer.tell(
        [
            StatusNote("time_entry", "nobody", "r", "1001", "open", ""),
            StatusNote("time_entry", "e1", "r", "1001", "cancelled", ""),
        ]
    )
    assert (unknown.outcome, taken.outcome) == ("refused", "accepted")
    assert {record.record_id for record in read(connector, "invoiced_marks")} == {"e3", "e9"}
