"""The server mounts systems, keeps the clock, counts requests and starts again."""

import pytest
import requests

from ps_integration.sandbox.limits import RateLimiter
from ps_integration.sandbox.server import SandboxServer
from ps_integration.sandbox.state import SandboxState
from ps_integration.sandbox.vendors import find_vendor, vendor_names
from ps_integration_tests.sandbox.conftest import HARVEST_HEADERS, NOW


def test_every_vendor_module_is_found_by_its_name():
    assert {"harvest", "clockify"} <= set(vendor_names())
    assert all(find_vendor(name).defaults["max_commit_delay_seconds"] for name in vendor_names())


def test_an_unknown_vendor_is_named_with_the_known_ones():
    with pytest.raises(LookupError, match=r"'hervest'.*harvest"):
        find_vendor("hervest")


def test_an_unknown_system_is_not_found(call):
    assert call("nobody/v2/users").status_code == 404


def test_the_date_header_follows_the_clock(harvest, call):
    harvest.set_clock(NOW)
    answer = call("harvest_uk/v2/company")
    assert answer.raw.headers.getlist("Date") == ["Tue, 31 Mar 2026 22:00:00 GMT"]


def test_the_clock_is_set_over_http(harvest, call):
    body = {"now": "2026-03-31T23:00:00+01:00"}
    assert call("_sandbox/clock", "POST", json=body).json() == {"now": NOW.isoformat()}
    assert harvest.clock() == NOW


def test_a_clock_without_a_zone_is_refused(call):
    answer = call("_sandbox/clock", "POST", json={"now": "2026-03-31T23:00:00"})
    assert (answer.status_code, "time zone" in answer.json()["error"]) == (400, True)


def test_requests_are_counted_and_writes_marked(harvest, clockify, call):
    for _ in range(2):
        call("harvest_uk/v2/users", params={"page": 1})
    call("harvest_uk/v2/time_entries/102", "PATCH", json={"notes": "x"})
    call("clockify_in/reports/v1/workspaces/w/reports/detailed", "POST", json={})
    log = call("_sandbox/requests").json()
    assert [(row["path"], row["count"], row["is_write"]) for row in log["counts"]] == [
        ("/reports/v1/workspaces/w/reports/detailed", 1, False),
        ("/v2/users", 2, False),
        ("/v2/time_entries/102", 1, True),
    ]
    assert (log["requests"][0]["query"], log["requests"][0]["status"]) == ("page=1", 200)


def test_an_unknown_switch_is_not_found(call):
    assert call("_sandbox/everything").status_code == 404


def test_what_was_written_is_there_after_a_restart_on_the_same_port(harvest, tmp_path):
    with SandboxServer(harvest) as server:
        url, port = server.url("harvest_uk/v2/time_entries/102"), server.port
        requests.patch(url, json={"notes": "kept"}, headers=HARVEST_HEADERS, timeout=5)
    with pytest.raises(requests.ConnectionError):
        requests.get(url, headers=HARVEST_HEADERS, timeout=5)
    with SandboxServer(SandboxState(tmp_path / "sandbox.sqlite"), port):
        answer = requests.get(url, headers=HARVEST_HEADERS, timeout=5)
    assert answer.json()["notes"] == "kept"


def test_a_limiter_lets_a_request_through_when_the_window_has_passed():
    times = iter([0.0, 1.0, 2.0, 10.5])
    limiter = RateLimiter(lambda: next(times))
    assert [limiter.take("a", 2, 10) for _ in range(4)] == [None, None, 8.0, None]
