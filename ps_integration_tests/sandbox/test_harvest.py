"""The Harvest server pages, filters, refuses and limits as Harvest does."""

from datetime import timedelta

import pytest

from ps_integration_tests.sandbox.conftest import HARVEST_HEADERS, NOW, harvest_entry

ENTRIES = "harvest_uk/v2/time_entries"


def ids(answer, name="time_entries"):
    return [row["id"] for row in answer.json()[name]]


def without(header):
    return {**HARVEST_HEADERS, header: None}


def follow(call, path, name, **params):
    """Read a list to its end by its own links; pages as (page number, ids)."""
    answer = call(path, params=params)
    pages = [(answer.json()["page"], ids(answer, name))]
    while following := answer.json()["links"]["next"]:
        answer = call(f"harvest_uk{following.split('/harvest_uk', 1)[1]}")
        pages.append((answer.json()["page"], ids(answer, name)))
    return pages


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (without("Authorization"), 401),
        ({**HARVEST_HEADERS, "Authorization": "Bearer other"}, 401),
        ({**HARVEST_HEADERS, "Authorization": "secret"}, 401),
        (without("Harvest-Account-Id"), 401),
        ({**HARVEST_HEADERS, "Harvest-Account-Id": "78"}, 401),
        ({**HARVEST_HEADERS, "User-Agent": ""}, 400),
    ],
)
def test_every_header_is_required(harvest, call, headers, status):
    assert call(ENTRIES, headers=headers).status_code == status


def test_time_entries_come_newest_day_first_in_numbered_pages(harvest, call):
    pages = follow(call, ENTRIES, "time_entries", per_page=2)
    assert pages == [(1, [106, 105]), (2, [104, 103]), (3, [102])]


def test_the_envelope_counts_pages_and_keeps_the_filters(harvest, call):
    body = call(ENTRIES, params={"per_page": 2, "page": 2, "user_id": 5}).json()
    del body["time_entries"]
    links = body.pop("links")
    assert body == {
        "per_page": 2,
        "total_pages": 3,
        "total_entries": 5,
        "next_page": 3,
        "previous_page": 1,
        "page": 2,
    }
    assert links["next"].endswith("/harvest_uk/v2/time_entries?user_id=5&page=3&per_page=2")
    assert links["previous"].endswith("page=1&per_page=2")
    assert links["last"].endswith("page=3&per_page=2")


def test_lists_with_cursors_hide_the_numbers_of_inner_pages(harvest, call):
    for number in range(20, 24):
        at = NOW + timedelta(minutes=number)
        harvest.put("harvest_uk", "users", str(number), {"id": number, "is_active": True}, at)
    pages = follow(call, "harvest_uk/v2/users", "users", per_page=2)
    assert pages == [(1, [23, 22]), (None, [21, 20]), (3, [5])]


def test_a_cursor_neither_misses_nor_repeats_when_records_appear(harvest, call):
    for number in range(20, 23):
        harvest.put("harvest_uk", "users", str(number), {"id": number}, NOW + timedelta(hours=1))
    first = call("harvest_uk/v2/users", params={"per_page": 2})
    harvest.put("harvest_uk", "users", "30", {"id": 30}, NOW + timedelta(hours=2))
    following = first.json()["links"]["next"].split("/harvest_uk", 1)[1]
    second = call(f"harvest_uk{following}")
    assert (ids(first, "users"), ids(second, "users")) == ([22, 21], [20, 5])


def test_the_default_page_is_the_largest(harvest, call):
    assert call(ENTRIES).json()["per_page"] == 2000


@pytest.mark.parametrize(
    "params",
    [
        {"per_page": 2001},
        {"per_page": 0},
        {"per_page": "many"},
        {"page": 0},
        {"cursor": "abc"},
        {"colour": "red"},
        {"from": "2026-02-30"},
        {"updated_since": "yesterday"},
        {"is_billed": "yes"},
        {"user_id": "Ada"},
    ],
)
def test_a_parameter_that_is_wrong_is_refused(harvest, call, params):
    answer = call(ENTRIES, params=params)
    assert (answer.status_code, list(answer.json())) == (422, ["message"])


def test_a_broken_cursor_is_refused(harvest, call):
    assert call("harvest_uk/v2/users", params={"cursor": "broken"}).status_code == 422


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"from": "2026-03-03", "to": "2026-03-04"}, [104, 103]),
        ({"user_id": 6}, []),
        ({"project_id": 8, "from": "2026-03-06"}, [106]),
        ({"task_id": 99}, []),
        ({"client_id": 7, "to": "2026-03-02"}, [102]),
        ({"is_billed": "true"}, []),
        ({"is_running": "false", "to": "2026-03-02"}, [102]),
        ({"external_reference_id": "ref-1"}, [200]),
        ({"updated_since": "2026-04-05T22:00:00Z"}, [106, 105]),
        ({"updated_since": "2026-04-06T00:00:01+02:00"}, [106]),
    ],
)
def test_each_filter_finds_what_it_names(harvest, call, params, found):
    reference = {"id": "ref-1"}
    entry = harvest_entry(200, spent_date="2026-01-01", external_reference=reference)
    other = {**entry, "user": {"id": 5}, "is_billed": False, "task": {"id": 9}, "client": {"id": 1}}
    running = {**other, "is_running": True}
    harvest.put("harvest_uk", "time_entries", "200", running, NOW)
    assert ids(call(ENTRIES, params=params)) == found


def test_inactive_records_are_filtered_only_when_asked(harvest, call):
    harvest.put("harvest_uk", "clients", "70", {"id": 70, "is_active": False}, NOW)
    path = "harvest_uk/v2/clients"
    assert sorted(ids(call(path), "clients")) == [7, 70]
    assert ids(call(path, params={"is_active": "true"}), "clients") == [7]


def test_numbers_keep_their_digits(harvest, call):
    text = call(f"{ENTRIES}/102").text
    assert '"hours":1.10,' in text
    assert '"billable_rate":110.50,' in text


def test_a_record_carries_the_stores_update_instant(harvest, call):
    assert call(f"{ENTRIES}/102").json()["updated_at"] == "2026-04-02T22:00:00Z"


def test_rates_begin_with_the_oldest(harvest, call):
    answer = call("harvest_uk/v2/users/5/billable_rates", params={"per_page": 1})
    assert ids(answer, "billable_rates") == [13]
    following = answer.json()["links"]["next"].split("/harvest_uk", 1)[1]
    assert ids(call(f"harvest_uk{following}"), "billable_rates") == [12]


@pytest.mark.parametrize("path", ["time_entries/1", "users/6/billable_rates", "nothing", "roles"])
def test_what_is_not_there_is_not_found(harvest, call, path):
    assert call(f"harvest_uk/v2/{path}").status_code == 404


def test_a_method_that_is_not_there_is_not_allowed(harvest, call):
    assert call(f"{ENTRIES}/102", "DELETE").status_code == 405


def test_company_and_me_are_bare_objects(harvest, call):
    assert call("harvest_uk/v2/company").json()["name"] == "Firm"
    assert call("harvest_uk/v2/users/me").json()["id"] == 5


def test_a_change_moves_the_update_instant(harvest, call):
    harvest.set_clock(NOW + timedelta(days=30))
    changes = {"hours": 2.5, "spent_date": "2026-03-09", "external_reference": {"id": "r"}}
    answer = call(f"{ENTRIES}/102", "PATCH", json=changes)
    body = answer.json()
    assert (answer.status_code, body["rounded_hours"], body["spent_date"]) == (
        200,
        2.5,
        "2026-03-09",
    )
    assert (body["external_reference"]["id"], body["updated_at"]) == ("r", "2026-04-30T22:00:00Z")
    assert call(f"{ENTRIES}/102").json() == body


def test_an_entry_moves_to_another_project_with_its_client(harvest, call):
    client = {"id": 71, "name": "Beta", "currency": "EUR"}
    project = {"id": 81, "name": "Audit", "client": client}
    harvest.put("harvest_uk", "projects", "81", project, NOW)
    body = call(f"{ENTRIES}/102", "PATCH", json={"project_id": 81}).json()
    assert (body["project"]["name"], body["client"]) == ("Audit", {"id": 71, "name": "Beta"})


@pytest.mark.parametrize("lock", ["is_locked", "is_closed", "is_billed"])
def test_a_locked_entry_is_not_changed(harvest, call, lock):
    harvest.put("harvest_uk", "time_entries", "102", harvest_entry(102, **{lock: True}), NOW)
    answer = call(f"{ENTRIES}/102", "PATCH", json={"notes": "x"})
    assert (answer.status_code, list(answer.json())) == (422, ["message"])
    assert harvest.get("harvest_uk", "time_entries", "102")["notes"] is None


@pytest.mark.parametrize(
    "body",
    [
        {"is_billed": True},
        {"hours": "2"},
        {"hours": -1},
        {"hours": True},
        {"spent_date": "9 March"},
        {"notes": 5},
        {"project_id": 999},
        {"external_reference": {"colour": "red"}},
        ["notes"],
    ],
)
def test_a_field_that_is_wrong_is_refused(harvest, call, body):
    assert call(f"{ENTRIES}/102", "PATCH", json=body).status_code == 422


def test_a_body_that_is_not_json_is_refused(harvest, call):
    assert call(f"{ENTRIES}/102", "PATCH", data="{").status_code == 400


def test_the_request_over_the_limit_is_told_when_to_come_back(harvest, call):
    settings = {"account_id": 77, "tokens": ["secret"], "rate_limit_requests": 2}
    harvest.register_system("harvest_uk", "harvest", settings)
    answers = [call("harvest_uk/v2/company") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 15


def test_the_vendors_own_limit_is_a_hundred_in_fifteen_seconds(harvest, call):
    statuses = [call("harvest_uk/v2/company").status_code for _ in range(101)]
    assert (statuses[:100].count(200), statuses[100]) == (100, 429)
