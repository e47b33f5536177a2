"""Lists and single records: envelope, paging, side-loads, filters, what is hidden or refused."""

import pytest


def test_results_give_the_order_and_a_map_gives_the_records(client):
    answer = client.get("workspaces")
    assert answer["count"] == 1
    assert answer["results"] == [{"key": "workspaces", "id": "1"}]
    assert answer["workspaces"]["1"]["title"] == "Apollo"
    assert answer["meta"] == {"count": 1, "page_count": 1, "page_number": 1, "page_size": 20}


def test_pages_cut_the_list_without_loss(client):
    first = client.get("time_entries", order="date_performed:asc")
    second = client.ids("time_entries", order="date_performed:asc", page="2")
    seen = [row["id"] for row in first["results"]] + second
    assert seen == [str(number) for number in range(101, 126)]
    assert first["meta"]["page_count"] == 2
    assert client.ids("time_entries", page="3") == []


def test_limit_and_offset_win_over_pages(client):
    found = client.ids(
        "time_entries", order="date_performed:asc", limit="2", offset="3", page="9", per_page="50"
    )
    assert found == ["104", "105"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("per_page", "201"), ("limit", "201"), ("page", "0"), ("per_page", "x"), ("offset", "-1")],
)
def test_a_page_over_the_limit_is_refused(client, name, value):
    error = client.error("time_entries", **{name: value})
    assert (error["type"], error["field"]) == ("validation", name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("workspaceid", "1"),
        ("order", "title:asc"),
        ("order", "updated_at"),
        ("include", "project"),
        ("billable", "yes"),
        ("updated_after", "yesterday"),
        ("date_performed_between", "2026-03-01"),
        ("from_archived_workspaces", "1"),
    ],
)
def test_a_parameter_the_vendor_does_not_know_is_refused(client, name, value):
    assert client.error("time_entries", **{name: value})["field"] == name


def test_ids_of_associations_show_only_when_included(client):
    plain = client.get("time_entries", only="101")["time_entries"]["101"]
    assert "workspace_id" not in plain
    answer = client.get("time_entries", only="101", include="workspace,story,user,role")
    entry = answer["time_entries"]["101"]
    assert (entry["workspace_id"], entry["story_id"], entry["role_id"]) == ("1", "21", None)
    assert answer["workspaces"]["1"]["title"] == "Apollo"
    assert answer["users"]["11"]["full_name"] == "Asha Verma"


def test_ids_computed_from_the_other_side_show_when_included(client):
    answer = client.get("rate_cards", include="rate_card_versions")
    assert answer["rate_cards"]["31"]["rate_card_version_ids"] == ["32"]
    answer = client.get("rate_card_roles", rate_card_version_id="32", include="role")
    assert (answer["rate_card_roles"]["33"]["rate"], answer["roles"]["41"]["name"]) == (
        15000,
        "Consultant",
    )


def test_time_of_archived_projects_is_hidden_unless_asked_for(client):
    assert "200" not in client.ids("time_entries", per_page="200")
    assert "200" in client.ids("time_entries", per_page="200", from_archived_workspaces="true")
    client.error("time_entries/200", status=404)


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, ["1"]),
        ({"include_archived": "true"}, ["1", "2"]),
        ({"archived": "only"}, ["2"]),
        ({"has_participant": "11"}, ["1"]),
    ],
)
def test_archived_projects_are_hidden_unless_asked_for(client, params, found):
    assert sorted(client.ids("workspaces", **params)) == found


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, ["21", "22"]),
        ({"show_deleted": "true"}, ["21", "22", "23"]),
        ({"show_from_archived_workspaces": "true"}, ["21", "22", "24"]),
        ({"story_type": "milestone"}, ["22"]),
        ({"story_types": "milestone,task", "workspace_id": "1"}, ["21", "22"]),
    ],
)
def test_stories_are_filtered(client, params, found):
    assert sorted(client.ids("stories", **params)) == found


def test_a_milestone_shows_its_fee(client):
    story = client.get("stories/22")["stories"]["22"]
    assert (story["state"], story["fixed_fee"], story["budget_estimate_in_cents"]) == (
        "completed",
        True,
        500000,
    )


def test_people_outside_projects_show_only_when_the_account_is_asked_for(client):
    assert client.ids("users") == ["11"]
    assert client.ids("users", on_my_account="true") == ["11", "12"]


def test_approved_is_a_filter_by_presence(client):
    for value in ("true", "false"):
        assert len(client.ids("time_entries", approved=value, per_page="200")) == 12


def test_time_between_two_dates_includes_both(client):
    found = client.ids("time_entries", date_performed_between="2026-03-03:2026-03-05")
    assert sorted(found) == ["103", "104", "105"]


def test_an_incremental_read_leaves_out_the_instant_itself(client):
    params = {"updated_after": "2026-03-30T22:20:00Z", "order": "updated_at:asc"}
    assert client.ids("time_entries", **params) == ["122", "123", "124", "125"]


def test_only_skips_what_does_not_exist(client):
    assert client.ids("time_entries", only="101,999") == ["101"]


def test_a_deleted_record_leaves_no_trace(client, state):
    state.delete("kantata", "time_entries", "101", state.clock())
    assert client.error("time_entries/101", status=404)["type"] == "system"
    assert "101" not in client.ids("time_entries", per_page="200")


def test_exchange_rates_come_under_a_singular_key(client):
    answer = client.get("foreign_exchange/exchange_tables/51/rates")
    assert answer["results"] == [{"key": "exchange_rate", "id": "52"}]
    assert answer["exchange_rate"]["52"]["rate"] == "0.85"
    assert client.ids("foreign_exchange/exchange_tables") == ["51"]
    client.error("exchange_rates", status=404)


def test_the_old_suffix_still_works(client):
    assert client.ids("workspaces.json") == ["1"]


@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "Basic sandbox-token"])
def test_a_call_without_a_good_token_is_refused(client, authorization):
    client.headers = {"Authorization": authorization}
    assert client.error("workspaces", status=401)["type"] == "oauth"


def test_too_many_calls_are_refused_without_saying_for_how_long(client, register):
    register(requests_max=1)
    client.get("workspaces")
    answer = client.session.get(f"{client.root}/workspaces", headers=client.headers, timeout=10)
    assert answer.status_code == 429
    assert "Retry-After" not in answer.headers


def test_an_unknown_resource_is_not_found(client):
    client.error("projects", status=404)
