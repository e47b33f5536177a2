"""Every kind of fault does to the client and to the state what its name says."""

import time
from typing import get_args

import pytest
import requests

from ps_integration.sandbox.faults import Fault, Kind, add_fault, claim_faults, clear_faults
from ps_integration.sandbox.state import SandboxState

ENTRY = "harvest_uk/v2/time_entries/102"
ENTRIES = "harvest_uk/v2/time_entries"


@pytest.fixture
def fail(harvest):
    def switch_on(kind, *, times=1, method="*", path_pattern="*", **options):
        add_fault(harvest, Fault(kind, "harvest_uk", method, path_pattern, times, options))

    return switch_on


@pytest.fixture
def written(harvest):
    return lambda: harvest.get("harvest_uk", "time_entries", "102")["notes"] == "new"


@pytest.fixture
def write(call):
    return lambda **kwargs: call(ENTRY, "PATCH", json={"notes": "new"}, **kwargs)


@pytest.mark.parametrize(
    ("kind", "commits"),
    [("dead", False), ("timeout_before_commit", False), ("timeout_after_commit", True)],
)
def test_a_lost_answer_says_nothing_of_the_commit(fail, write, written, kind, commits):
    fail(kind, seconds=0.01)
    with pytest.raises(requests.ConnectionError):
        write()
    assert written() is commits


def test_a_timeout_outlasts_the_client(fail, write, written):
    fail("timeout_after_commit", seconds=2)
    with pytest.raises(requests.ReadTimeout):
        write(timeout=1)
    assert written()


def test_a_slow_commit_comes_after_the_client_gave_up_and_before_the_declared_delay(
    fail, write, written, harvest
):
    settings = {"account_id": 77, "tokens": ["secret"], "max_commit_delay_seconds": 1}
    harvest.register_system("harvest_uk", "harvest", settings)
    fail("slow_commit", delay=60)
    sent = time.monotonic()
    with pytest.raises(requests.ConnectionError):
        write()
    assert not written()
    while not written():
        assert time.monotonic() - sent < 1
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("kind", "status", "commits"),
    [
        ("status_429", 429, False),
        ("status_500_before", 500, False),
        ("status_500_after_commit", 500, True),
        ("status_503", 503, False),
        ("wrong_token", 401, False),
    ],
)
def test_a_refusal_has_the_vendors_body(fail, write, written, kind, status, commits):
    fail(kind)
    answer = write()
    assert (answer.status_code, written()) == (status, commits)
    assert {"message", "error"} & set(answer.json())


def test_a_429_says_how_long_to_wait(fail, write):
    fail("status_429", retry_after=7)
    assert write().headers["Retry-After"] == "7"


def test_a_truncated_body_is_shorter_than_announced(fail, call, write, written):
    fail("truncated_body")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        write()
    assert written()
    assert call(ENTRY).ok


def test_an_html_page_has_status_200_and_does_nothing(fail, write, written):
    fail("html_200")
    answer = write()
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, "text/html")
    assert not written()


def test_a_drip_takes_longer_than_any_single_read(fail, call):
    fail("drip", bytes=100, seconds=0.1)
    started = time.monotonic()
    answer = call(ENTRY, timeout=0.7)
    assert answer.json()["id"] == 102
    assert time.monotonic() - started > 0.7


def test_a_renamed_field_keeps_its_value(fail, call):
    fail("renamed_field", field="hours", value="duration")
    [first, *_] = call(ENTRIES).json()["time_entries"]
    assert ("hours" in first, first["duration"]) == (False, 1.1)


def test_a_dropped_field_may_lie_deep_and_in_one_record_only(fail, call):
    fail("dropped_field", field="project.id", only_id="102")
    entries = call(ENTRIES).json()["time_entries"]
    assert [entry["id"] for entry in entries if "id" not in entry["project"]] == [102]


def test_a_retyped_field_can_be_what_json_does_not_allow(fail, call):
    fail("retyped_field", field="hours", literal="NaN")
    fail("retyped_field", field="notes", value=5)
    text = call(ENTRY).text
    assert '"hours":NaN' in text
    assert '"notes":5' in text


def test_a_duplicated_page_brings_the_page_before_again(fail, call):
    fail("duplicated_page", path_pattern="/v2/time_entries", times=2)
    pages = [call(ENTRIES, params={"per_page": 2, "page": page}).json() for page in (1, 2)]
    assert [[row["id"] for row in page["time_entries"]] for page in pages] == [
        [106, 105],
        [106, 105, 104, 103],
    ]
    assert pages[1]["page"] == 2


def test_a_shifted_page_misses_its_first_record(fail, call):
    fail("shifted_page")
    page = call(ENTRIES, params={"per_page": 2}).json()["time_entries"]
    assert [row["id"] for row in page] == [105]


def test_page_faults_reach_bare_arrays(clockify, call):
    add_fault(clockify, Fault("shifted_page", "clockify_in"))
    path = "clockify_in/api/v1/workspaces/64a0000000000000000000a1/user/u1/time-entries"
    assert [row["id"] for row in call(path).json()] == ["e3", "e2"]


def test_a_fault_meets_only_its_method_and_path(fail, call, write):
    fail("status_503", method="PATCH", path_pattern="/v2/time_entries/*", times=None)
    assert [call(ENTRY).status_code, call(ENTRIES).status_code] == [200, 200]
    assert [write().status_code, write().status_code] == [503, 503]


def test_a_fault_is_used_up_and_outlives_a_restart(fail, harvest, tmp_path):
    fail("status_503", times=2)
    again = SandboxState(tmp_path / "sandbox.sqlite")
    claims = [len(claim_faults(again, "harvest_uk", "GET", "/v2/users")) for _ in range(3)]
    assert claims == [1, 1, 0]


def test_of_two_faults_that_exclude_each_other_the_second_waits(fail, call):
    fail("status_503")
    fail("status_500_before")
    assert [call(ENTRY).status_code for _ in range(3)] == [503, 500, 200]


def test_faults_of_one_system_are_cleared_alone(fail, harvest):
    fail("dead", times=None)
    add_fault(harvest, Fault("dead", "clockify_in"))
    assert (clear_faults(harvest, "clockify_in"), clear_faults(harvest)) == (1, 1)


def test_faults_are_switched_over_http(harvest, call):
    fault = {"kind": "status_503", "system": "harvest_uk", "times": 1}
    assert call("_sandbox/faults", "POST", json=fault).status_code == 201
    assert call(ENTRY).status_code == 503
    call("_sandbox/faults", "POST", json=fault)
    assert call("_sandbox/faults", "DELETE").json() == {"cleared": 1}
    assert call(ENTRY).status_code == 200


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "gone", "system": "s"},
        {"kind": "dead"},
        {"kind": "dead", "system": "s", "x": 1},
        {"kind": "dead", "system": "s", "times": 0},
        {"kind": "dead", "system": "s", "times": "twice"},
        {"kind": "drip", "system": "s", "options": ["bytes"]},
        ["dead"],
    ],
)
def test_a_fault_that_is_none_is_refused(call, fault):
    assert call("_sandbox/faults", "POST", json=fault).status_code == 400


def test_every_kind_is_described():
    import ps_integration.sandbox.faults as module  # noqa: PLC0415 - its docstring is the subject

    described = [line.split(" ", 1)[0] for line in module.__doc__.splitlines()]
    assert set(get_args(Kind)) <= set(described)
