"""Every field from its system of record, everything resolved on the work date."""

import pytest

from ps_integration_tests.workflows.conftest import FIRM, make_entry

PERSON = {"external_id": "r1", "match_key": "kim@acme", "home_legal_entity": "uk"}
PLANNED = {
    "external_id": "9", "match_key": "alpha", "name": "Alpha", "legal_entity": "uk",
    "currency": "GBP", "status": "active",
}  # fmt: skip
BOOKED = {"external_id": "b1", "match_key": "alpha", "name": "ALPHA", "company": "UK",
          "legal_entity": "uk"}  # fmt: skip
ATTRIBUTES = BOOKED | {
    "external_id": "a1", "has_billing_attributes": True, "tax_code": "T1",
    "revenue_account": "4000", "currency": "GBP",
}  # fmt: skip


def clock_project(**changed):
    return {"external_id": "p1", "match_key": "alpha", "name": "alpha (clock)"} | changed


def one(suite, table):
    [row] = suite.rows(f"select * from billing.{table}")
    return row


def test_a_project_takes_each_field_from_psa_then_erp_and_knows_both_ids(suite):
    suite.land("plan", "projects", PLANNED)
    suite.land("books", "projects", BOOKED)
    suite.land("books", "project_attributes", ATTRIBUTES)
    suite.land("clock", "projects", clock_project())
    suite.night()
    project = one(suite, "projects")
    assert (project["project_id"], project["name"], project["tax_code"]) == ("alpha", "Alpha", "T1")
    assert (project["psa_system"], project["psa_external_id"]) == ("plan", "9")
    assert (project["erp_system"], project["erp_company"]) == ("books", "UK")
    assert project["erp_external_id"] == "a1"


def test_a_named_owner_wins_over_the_default_order(suite):
    own = [{"object": "project", "field": "name", "system": "books"}]
    suite.firm_file = FIRM | {"ownership": own}
    suite.land("plan", "projects", PLANNED)
    suite.land("books", "projects", BOOKED)
    suite.night()
    assert (one(suite, "projects")["name"], one(suite, "projects")["status"]) == ("ALPHA", "active")


def test_a_copy_never_fills_what_its_owner_says_is_empty(suite):
    own = [{"object": "project", "field": "cost_centre", "system": "books"}]
    suite.firm_file = FIRM | {"ownership": own}
    suite.land("plan", "projects", PLANNED | {"cost_centre": "C9"})
    suite.land("books", "project_attributes", ATTRIBUTES)
    suite.night()
    assert one(suite, "projects")["cost_centre"] is None


def test_a_project_number_of_another_company_lends_nothing(suite):
    other = {"company": "US", "legal_entity": "us", "tax_code": "US-TAX", "cost_centre": "C7"}
    suite.land("plan", "projects", PLANNED)
    suite.land("books", "project_attributes", ATTRIBUTES | {"external_id": "z"} | other, ATTRIBUTES)
    suite.night()
    project = one(suite, "projects")
    assert (project["tax_code"], project["cost_centre"], project["erp_company"]) == (
        "T1",
        None,
        "UK",
    )


def test_an_entry_has_everything_resolved_on_its_work_date(suite):
    suite.land("plan", "projects", PLANNED)
    suite.land("plan", "people", PERSON)
    suite.land("clock", "projects", clock_project())
    suite.land("clock", "people", {"external_id": "r1", "match_key": "kim@acme"})
    suite.land("clock", "time", make_entry())
    suite.land(
        "books",
        "periods",
        {"external_id": "5", "company": "UK", "period": "2026-05", "starts_on": "2026-05-01",
         "ends_on": "2026-06-01", "state": "closed"},
    )  # fmt: skip
    suite.night()
    entry = one(suite, "entries")
    expected = {
        "resource_id": "kim@acme", "project_id": "alpha", "resource_matches": 1,
        "project_matches": 1, "is_primary": True, "legal_entity": "uk", "currency": "GBP",
        "period": "2026-05", "period_state": "closed", "erp_system": "books", "erp_company": "UK",
        "home_legal_entity": "uk", "project_status": "active",
    }  # fmt: skip
    assert {key: entry[key] for key in expected} == expected


def test_two_crosswalk_rows_on_one_date_are_counted_and_not_guessed(suite):
    rows = [
        {"object": "project", "id": name, "system": "clock", "external_id": "p1", "valid_to": to}
        for name, to in (("alpha", "2026-05-05"), ("beta", "2026-12-31"))
    ]
    suite.firm_file = FIRM | {"crosswalk": rows}
    suite.land("clock", "time", make_entry(), make_entry("e2", work_date="2026-05-05"))
    suite.night()
    found = "select external_id, project_matches, project_id from billing.entries order by all"
    assert suite.values(found) == [("e1", 2, None), ("e2", 1, "beta")]


def test_an_entry_without_a_mapping_is_kept_and_counted_as_none(suite):
    suite.land("clock", "time", make_entry())
    suite.night()
    entry = one(suite, "entries")
    assert (entry["project_matches"], entry["resource_matches"]) == (0, 0)
    assert (entry["is_primary"], entry["period_state"]) == (True, "unknown")


@pytest.mark.parametrize(
    ("system", "work_date", "is_primary"),
    [("clock", "2026-05-31", True), ("clock2", "2026-05-31", False)],
)
def test_only_the_routed_system_supplies_billable_time(suite, system, work_date, is_primary):
    suite.land("plan", "people", PERSON)
    suite.land(system, "people", {"external_id": "r1", "match_key": "kim@acme"})
    suite.land(system, "time", make_entry(work_date=work_date))
    suite.night()
    assert one(suite, "entries")["is_primary"] is is_primary


def test_a_person_only_the_time_system_knows_is_unknown_beside_a_psa(suite):
    suite.land("plan", "people", PERSON)
    suite.land("clock", "people", {"external_id": "r2", "match_key": "temp@acme"})
    suite.night()
    assert suite.values("select resource_id from billing.resources") == [("kim@acme",)]


def test_without_hr_and_psa_the_time_systems_people_count_at_home_where_it_is_routed(suite):
    suite.land("clock", "people", {"external_id": "r1", "match_key": "kim@acme"})
    suite.night()
    found = suite.values("select resource_id, home_legal_entity from billing.resources")
    assert found == [("kim@acme", "uk")]


def test_a_project_only_the_time_system_knows_counts(suite):
    suite.land("clock", "projects", clock_project(legal_entity="uk", currency="GBP"))
    suite.land("clock", "time", make_entry())
    suite.night()
    entry = one(suite, "entries")
    assert (entry["project_id"], entry["legal_entity"], entry["currency"]) == ("alpha", "uk", "GBP")
    assert (entry["erp_system"], entry["erp_company"]) == ("books", "UK")
