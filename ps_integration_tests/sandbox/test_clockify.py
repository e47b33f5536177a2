"""The Clockify server pages, filters, refuses and limits as Clockify does."""

from datetime import timedelta

import pytest

from ps_integration.sandbox.faults import Fault, add_fault
from ps_integration_tests.sandbox.conftest import NOW, WORKSPACE, clockify_entry

BASE = f"clockify_in/api/v1/workspaces/{WORKSPACE}"
ENTRIES = f"{BASE}/user/u1/time-entries"
REPORT = f"clockify_in/reports/v1/workspaces/{WORKSPACE}/reports/detailed"
MARCH = {"dateRangeStart": "2026-03-01T00:00:00.000", "dateRangeEnd": "2026-03-31T23:59:59.999"}


def ids(answer):
    return [row["id"] for row in answer.json()]


def report(call, **fields):
    body = {**MARCH, "detailedFilter": {"page": 1, "pageSize": 50}, **fields}
    return call(REPORT, "POST", json={k: v for k, v in body.items() if v is not None})


def report_ids(call, **fields):
    return [row["_id"] for row in report(call, **fields).json()["timeentries"]]


def code(answer):
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize(
    ("headers", "refusal"), [({}, (401, 1000)), ({"X-Api-Key": "other"}, (401, 4003))]
)
def test_the_key_is_required(clockify, call, headers, refusal):
    assert code(call(ENTRIES, headers=headers)) == refusal


def test_pages_are_bare_arrays_and_the_last_one_says_so(clockify, call):
    answers = [call(ENTRIES, params={"page": page, "page-size": 2}) for page in (1, 2, 3)]
    assert [ids(answer) for answer in answers] == [["e4", "e3"], ["e2"], []]
    assert [answer.headers["Last-Page"] for answer in answers] == ["false", "true", "true"]


def test_the_default_page_has_fifty_entries(clockify, call):
    for number in range(60):
        entry = clockify_entry(f"x{number}", "u1", "2026-02-01T09:00:00Z")
        clockify.put("clockify_in", "time_entries", f"x{number}", entry, NOW)
    assert len(ids(call(ENTRIES))) == 50


@pytest.mark.parametrize(
    "params",
    [
        {"page-size": 1001},
        {"page-size": 0},
        {"page": 0},
        {"page": "one"},
        {"hydrated": "true"},
        {"start": "2026-03-01"},
        {"start": "2026-03-01T00:00:00+01:00"},
        {"end": "2026-13-01T00:00:00Z"},
        {"in-progress": "maybe"},
    ],
)
def test_a_parameter_that_is_wrong_is_refused(clockify, call, params):
    assert code(call(ENTRIES, params=params)) == (400, 501)


def test_a_window_that_ends_before_it_starts_is_refused_in_the_vendors_words(clockify, call):
    params = {"start": "2026-03-02T00:00:00Z", "end": "2026-03-01T00:00:00Z"}
    assert call(ENTRIES, params=params).json() == {
        "message": "Start datetime 2026-03-02T00:00:00Z is greater than"
        " end datetime 2026-03-01T00:00:00Z.",
        "code": 501,
    }


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"start": "2026-03-03T09:00:00Z"}, ["e4", "e3"]),
        ({"end": "2026-03-02T09:30:00Z"}, ["e2"]),
        ({"project": "p1", "end": "2026-03-02T09:00:00Z"}, ["e2"]),
        ({"project": "p9"}, []),
        ({"task": "t9"}, ["run"]),
        ({"in-progress": "true"}, ["run"]),
        ({"project-required": "true"}, ["e4", "e3", "e2"]),
        ({"description": "paus"}, ["run"]),
    ],
)
def test_each_filter_finds_what_it_names(clockify, call, params, found):
    interval = {"start": "2026-03-09T09:00:00Z", "end": None, "duration": None}
    change = {"projectId": None, "taskId": "t9", "description": "Pause", "timeInterval": interval}
    entry = clockify_entry("run", "u1", "2026-03-09T09:00:00Z", **change)
    if "start" not in params:
        clockify.put("clockify_in", "time_entries", "run", entry, NOW)
    assert ids(call(ENTRIES, params=params)) == found


def test_running_entries_are_listed_for_everybody(clockify, call):
    interval = {"start": "2026-03-09T09:00:00Z", "end": None, "duration": None}
    entry = clockify_entry("run", "u2", "2026-03-09T09:00:00Z", timeInterval=interval)
    clockify.put("clockify_in", "time_entries", "run", entry, NOW)
    assert ids(call(f"{BASE}/time-entries/status/in-progress")) == ["run"]


def test_an_entry_has_neither_update_instant_nor_invoiced_flag(clockify, call):
    call(f"{BASE}/time-entries/invoiced", "PATCH", json={"timeEntryIds": ["e2"], "invoiced": True})
    entry = call(f"{BASE}/time-entries/e2").json()
    assert not {"updatedAt", "createdAt", "invoiced", "approvalStatus"} & set(entry)


@pytest.mark.parametrize(
    "path", ["user/nobody/time-entries", "time-entries/none", "projects/none/tasks"]
)
def test_what_does_not_belong_to_the_workspace_is_refused(clockify, call, path):
    assert code(call(f"{BASE}/{path}")) == (400, 501)


def test_a_strange_workspace_is_forbidden(clockify, call):
    assert call("clockify_in/api/v1/workspaces/other/clients").status_code == 403


def test_a_strange_path_is_not_found(clockify, call):
    assert call(f"{BASE}/holidays").status_code == 404


def test_inactive_users_are_listed_only_when_asked(clockify, call):
    assert ids(call(f"{BASE}/users")) == ["u1"]
    assert ids(call(f"{BASE}/users", params={"status": "ALL"})) == ["u1", "u2"]
    assert ids(call(f"{BASE}/users", params={"status": "INACTIVE"})) == ["u2"]


def test_memberships_are_shown_only_when_asked(clockify, call):
    [plain] = call(f"{BASE}/users").json()
    [full] = call(f"{BASE}/users", params={"memberships": "WORKSPACE"}).json()
    assert (plain["memberships"], len(full["memberships"])) == ([], 1)


@pytest.mark.parametrize(
    ("path", "params", "found"),
    [
        ("clients", {"archived": "true"}, []),
        ("clients", {"name": "acm"}, ["c1"]),
        ("projects", {"billable": "true", "clients": "c1,c2"}, ["p1"]),
        ("projects", {"users": "u9"}, []),
        ("projects/p1/tasks", {"is-active": "true"}, ["t1"]),
        ("projects/p1/tasks", {"is-active": "false"}, []),
        ("users", {"email": "r@", "sort-column": "EMAIL", "sort-order": "DESCENDING"}, ["u1"]),
    ],
)
def test_master_data_is_filtered(clockify, call, path, params, found):
    assert ids(call(f"{BASE}/{path}", params=params)) == found


@pytest.mark.parametrize("params", [{"page-size": 5001}, {"sort-column": "COLOUR"}, {"x": 1}])
def test_master_data_refuses_what_it_does_not_know(clockify, call, params):
    assert code(call(f"{BASE}/projects", params=params)) == (400, 501)


def test_the_owner_of_the_key_and_the_workspaces(clockify, call):
    assert call("clockify_in/api/v1/user").json()["id"] == "u1"
    assert ids(call("clockify_in/api/v1/workspaces")) == [WORKSPACE]
    assert call(BASE).json()["name"] == "India"


def test_approval_requests_are_filtered_by_status(clockify, call):
    path = f"{BASE}/approval-requests"
    [found] = call(path, params={"status": "APPROVED"}).json()
    assert [entry["id"] for entry in found["entries"]] == ["e2", "e3"]
    assert call(path, params={"status": "PENDING", "sort-column": "START"}).json() == []
    assert call(path, params={"status": "REJECTED"}).status_code == 400


def test_entries_are_marked_invoiced_and_the_report_shows_it(clockify, call):
    body = {"timeEntryIds": ["e2", "e4"], "invoiced": True}
    answer = call(f"{BASE}/time-entries/invoiced", "PATCH", json=body)
    assert (answer.status_code, answer.content) == (200, b"")
    assert report_ids(call, invoicingState="INVOICED") == ["e4", "e2"]
    call(f"{BASE}/time-entries/invoiced", "PATCH", json={**body, "invoiced": False})
    assert report_ids(call, invoicingState="UNINVOICED") == ["e4", "e3", "e2"]


@pytest.mark.parametrize(
    "body",
    [
        {"timeEntryIds": ["e2", "none"], "invoiced": True},
        {"timeEntryIds": ["e2"], "invoiced": "yes"},
        {"timeEntryIds": [], "invoiced": True},
        {"timeEntryIds": ["e2"], "invoiced": True, "number": "7"},
        ["e2"],
    ],
)
def test_a_mark_that_is_wrong_marks_nothing(clockify, call, body):
    assert code(call(f"{BASE}/time-entries/invoiced", "PATCH", json=body)) == (400, 501)
    assert report_ids(call, invoicingState="INVOICED") == []


def test_the_report_names_approvals_and_counts_seconds(clockify, call):
    answer = report(call, approvalState="APPROVED").json()
    [first, second] = answer["timeentries"]
    assert (first["_id"], first["approvalRequestId"], second["_id"]) == ("e3", "a1", "e2")
    assert (first["timeInterval"]["duration"], first["clientName"]) == (3600, "Acme")
    [totals] = answer["totals"]
    assert (totals["totalTime"], totals["entriesCount"]) == (7200, 2)
    assert report_ids(call, approvalState="UNAPPROVED") == ["e4"]


def test_the_report_pages_and_its_totals_are_of_all_pages(clockify, call):
    answer = report(call, detailedFilter={"page": 2, "pageSize": 2}).json()
    assert [row["_id"] for row in answer["timeentries"]] == ["e2"]
    assert answer["totals"][0]["entriesCount"] == 3


def test_the_range_is_on_the_clock_of_the_reports_zone(clockify, call):
    day = {"dateRangeStart": "2026-03-02T14:30:00.000", "dateRangeEnd": "2026-03-02T14:30:00.000"}
    answer = report(call, **day, timeZone="Asia/Kolkata").json()
    assert [row["timeInterval"]["start"] for row in answer["timeentries"]] == [
        "2026-03-02T14:30:00+05:30"
    ]
    assert report_ids(call, **day) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"dateRangeStart": None},
        {"dateRangeEnd": "soon"},
        {"detailedFilter": None},
        {"detailedFilter": {"page": 1, "pageSize": 1001}},
        {"detailedFilter": {"page": 0}},
        {"detailedFilter": {"colour": 1}},
        {"invoicingState": "BILLED"},
        {"exportType": "CSV"},
        {"timeZone": "Mars/Base"},
        {"colour": "red"},
        {"users": ["u1"]},
        {"users": {"ids": ["u1"], "contains": "MAYBE"}},
        {"billable": "yes"},
        {"approvalState": "PENDING"},
        {"detailedFilter": {"sortColumn": "COLOUR"}},
        {"detailedFilter": {"options": {"totals": "MAYBE"}}},
        {"detailedFilter": {"options": "CALCULATE"}},
    ],
)
def test_a_report_that_is_wrong_is_refused(clockify, call, fields):
    assert code(report(call, **fields)) == (400, 501)


def test_the_report_filters_by_id(clockify, call):
    assert report_ids(call, users={"ids": ["u2"], "contains": "CONTAINS"}) == []
    nobody = {"ids": ["p2"], "contains": "DOES_NOT_CONTAIN"}
    assert len(report_ids(call, projects=nobody)) == 3


def test_the_report_filters_by_billable_and_may_leave_totals_out(clockify, call):
    entry = clockify_entry("free", "u1", "2026-03-09T09:00:00Z", billable=False, projectId=None)
    clockify.put("clockify_in", "time_entries", "free", entry, NOW)
    wanted = {"page": 1, "pageSize": 50, "options": {"totals": "EXCLUDE"}}
    answer = report(call, billable=False, detailedFilter=wanted).json()
    assert ([row["_id"] for row in answer["timeentries"]], answer["totals"]) == (["free"], [])


@pytest.mark.parametrize("kind", ["status_429", "status_500_before", "status_503", "wrong_token"])
def test_a_fault_answers_in_the_vendors_words(clockify, call, kind):
    add_fault(clockify, Fault(kind, "clockify_in"))
    assert set(call(ENTRIES).json()) == {"message", "code"}


def test_a_body_that_is_not_json_is_refused(clockify, call):
    assert code(call(REPORT, "POST", data="{")) == (400, 501)


def test_sorting_backwards_turns_the_list_around(clockify, call):
    project = {"id": "p2", "name": "Audit", "workspaceId": WORKSPACE}
    clockify.put("clockify_in", "projects", "p2", project, NOW)
    by_name = {"sort-column": "NAME", "sort-order": "ASCENDING"}
    assert ids(call(f"{BASE}/projects", params=by_name)) == ["p2", "p1"]
    assert ids(call(f"{BASE}/projects", params={"sort-order": "DESCENDING"})) == ["p2", "p1"]


def changes(call, kind, **params):
    answer = call(f"{BASE}/entities/{kind}", params={"type": "TIME_ENTRY", **params})
    return [item["id"] for item in answer.json()["response"]]


def test_a_deleted_entry_shows_in_the_change_feed_after_a_minute(clockify, call):
    clockify.set_clock(NOW)
    clockify.delete("clockify_in", "time_entries", "e2", NOW - timedelta(seconds=30))
    assert changes(call, "deleted") == []
    clockify.set_clock(NOW + timedelta(seconds=31))
    assert changes(call, "deleted") == ["e2"]


def test_what_came_and_went_inside_the_window_shows_nowhere(clockify, call):
    clockify.set_clock(NOW)
    entry = clockify_entry("brief", "u1", "2026-03-20T09:00:00Z")
    clockify.put("clockify_in", "time_entries", "brief", entry, NOW - timedelta(days=2))
    clockify.delete("clockify_in", "time_entries", "brief", NOW - timedelta(days=1))
    assert [changes(call, kind) for kind in ("created", "updated", "deleted")] == [[], [], []]


def test_an_update_shows_unless_the_entry_was_created_in_the_window(clockify, call):
    clockify.set_clock(NOW)
    entry = clockify_entry("e2", "u1", "2026-03-02T09:00:00Z")
    clockify.put("clockify_in", "time_entries", "e2", entry, NOW - timedelta(days=1))
    clockify.put("clockify_in", "time_entries", "new", entry, NOW - timedelta(days=1))
    assert (changes(call, "updated"), changes(call, "created")) == (["e2"], ["new"])


def test_the_change_feed_counts_pages_from_zero(clockify, call):
    clockify.set_clock(NOW)
    for doc_id in ("e2", "e3"):
        clockify.delete("clockify_in", "time_entries", doc_id, NOW - timedelta(days=1))
    pages = [changes(call, "deleted", page=page, limit=1) for page in (0, 1, 2)]
    assert pages == [["e2"], ["e3"], []]


@pytest.mark.parametrize("params", [{"type": "HOURS"}, {"limit": 0}, {"page": -1}])
def test_the_change_feed_refuses_what_it_does_not_know(clockify, call, params):
    path = f"{BASE}/entities/deleted"
    assert code(call(path, params={"type": "TIME_ENTRY", **params})) == (400, 501)


def test_the_request_over_the_limit_is_not_told_when_to_come_back(clockify, call):
    settings = {"api_keys": ["key"], "rate_limit_requests": 1}
    clockify.register_system("clockify_in", "clockify", settings)
    answer = [call(f"{BASE}/clients") for _ in range(2)][1]
    assert (answer.status_code, answer.json()["message"]) == (429, "Too many requests")
    assert "Retry-After" not in answer.headers
