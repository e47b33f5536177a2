from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ps_integration_tests.reconciliation.world import UNPOSTED, breaks_of, runs_of


def test_fires_md01_once_per_project_with_all_its_unposted_money():
    [found] = breaks_of("MD01", **UNPOSTED, billing__projects=[{"erp_external_id": None}])
    assert (found["record_key"], found["at_risk_minor"]) == ("apollo", 15000)
    assert (found["blocked_kind"], found["blocked_id"]) == ("project", "apollo")


def test_md01_counts_a_reached_milestone_as_money_at_risk():
    milestone = {
        "system": "kantata",
        "external_id": "M1",
        "project_external_id": "K1",
        "amount_minor": 700,
        "is_reached": True,
        "reached_on": date(2026, 3, 1),
    }
    [found] = breaks_of(
        "MD01", billing__projects=[{"erp_external_id": None}], canonical__milestones=[milestone]
    )
    assert found["at_risk_minor"] == 700


@pytest.mark.parametrize(
    "change", [{"status": "closed"}, {"is_billable": False}, {"billing_type": "internal"}]
)
def test_quiet_md01_where_nothing_is_to_be_billed(change):
    assert not breaks_of("MD01", billing__projects=[{"erp_external_id": None, **change}])


def test_fires_md03_and_names_every_missing_field():
    [found] = breaks_of(
        "MD03", **UNPOSTED, canonical__projects=[{}, {}, {"tax_code": None, "cost_centre": ""}]
    )
    assert found["right_value"] == "missing: tax code, cost centre"
    assert (found["at_risk_minor"], found["blocked_id"]) == (15000, "apollo")


def test_quiet_md03_when_the_firm_does_not_ask_for_purchase_orders():
    without = [{}, {}, {"purchase_order": None}]
    setting = {"rule": "MD03", "setting": "tolerance_requires_purchase_order", "value": "0"}
    assert breaks_of("MD03", canonical__projects=without)
    assert not breaks_of("MD03", canonical__projects=without, config__rule_settings=[setting])


def test_md03_could_not_run_without_the_billing_attributes_of_the_erp():
    run = runs_of({"canonical__projects": [{}, {}, {"has_billing_attributes": False}]})["MD03"]
    assert (run.status, run.holds_posting) == ("could_not_run", True)
    assert run.message == "no billing attributes of projects read from bc"


def test_fires_md04_with_both_values_and_blocks_a_wrong_currency():
    [found] = breaks_of("MD04", **UNPOSTED, canonical__projects=[{}, {"currency": "EUR"}, {}])
    assert (found["left_system"], found["left_value"]) == ("kantata", "USD")
    assert (found["right_system"], found["right_value"]) == ("harvest", "EUR")
    assert (found["blocked_kind"], found["at_risk_minor"]) == ("project", 15000)


def test_md04_follows_the_configured_system_of_record():
    owner = {"object_kind": "project", "field": "name", "system": "bc"}
    [first, second] = breaks_of(
        "MD04", canonical__projects=[{}, {}, {"name": "Zeus"}], config__ownership=[owner]
    )
    assert {first["left_value"], second["left_value"]} == {"Zeus"}
    assert first["blocked_kind"] is None


def test_md04_blocks_a_customer_of_another_legal_entity():
    [found] = breaks_of("MD04", canonical__customers=[{}, {"legal_entity": "uk"}])
    assert (found["blocked_kind"], found["blocked_id"]) == ("customer", "acme")


def test_fires_md04_for_another_customer_where_the_psa_names_it_by_its_own_id_only():
    """As Kantata does: a client's id, no number."""
    psa = {"customer_external_id": "K-C1", "customer_key": None}
    erp = {"customer_external_id": None, "customer_key": "zenith"}
    [found] = breaks_of("MD04", **UNPOSTED, canonical__projects=[psa, {}, erp])
    assert (found["left_value"], found["right_value"]) == ("acme", "zenith")
    assert (found["blocked_kind"], found["at_risk_minor"]) == ("project", 15000)


@pytest.mark.parametrize(("theirs", "fires"), [("time_and_materials", 0), ("fixed_fee", 1)])
def test_md04_asks_no_time_system_for_milestones(theirs, fires):
    milestones = {"billing_type": "milestone"}
    projects = [milestones, {"billing_type": theirs}, milestones]
    assert len(breaks_of("MD04", canonical__projects=projects)) == fires


@pytest.mark.parametrize("change", [{"name": "APOLLO "}, {"name": None}, {"status": "planned"}])
def test_quiet_md04_for_case_silence_and_planned(change):
    assert not breaks_of("MD04", canonical__projects=[{}, change, {}])


@pytest.mark.parametrize(
    ("resource", "value"),
    [
        ({"ends_on": date(2026, 3, 9)}, "active  to 2026-03-09"),
        ({"starts_on": date(2026, 3, 11)}, "active 2026-03-11 to an unknown day"),
        ({"is_active": False}, "active  to an unknown day"),
        (
            {"is_active": False, "inactive_seen_at": datetime(2026, 3, 10, 4, tzinfo=UTC)},
            "active  to an unknown day, seen inactive on 2026-03-10",
        ),
        ({"resource_id": "else@x.com"}, "unknown"),
    ],
)
def test_fires_md08_for_a_person_unknown_or_not_active_that_day(resource, value):
    [found] = breaks_of("MD08", **UNPOSTED, billing__resources=[resource])
    assert (found["entry_id"], found["right_value"]) == ("harvest:1", value)
    assert (found["blocked_kind"], found["at_risk_minor"]) == ("entry", 15000)


def test_quiet_md08_for_work_before_a_person_was_first_seen_inactive():
    seen = datetime(2026, 3, 11, 4, tzinfo=UTC)
    left = {"is_active": False, "inactive_seen_at": seen}
    assert not breaks_of("MD08", **UNPOSTED, billing__resources=[left])


def test_fires_md08_when_home_entities_differ():
    [found] = breaks_of("MD08", **UNPOSTED, canonical__resources=[{}, {"home_legal_entity": "uk"}])
    assert (found["left_value"], found["right_value"]) == ("uk", "us")


CHANGED = {
    "object_kind": "time_entry",
    "object_id": "harvest:1",
    "what": "home entity",
    "subject_kind": "resource",
    "subject": "asha",
    "from_value": "us",
    "to_value": "uk",
    "project_id": "apollo",
    "legal_entity": "us",
    "currency": "USD",
    "period": "2026-03",
    "customer_key": "acme",
    "system": "bc",
    "document_ref": "PS-APOLLO-202603-1",
    "billed_seconds": 3600,
    "billed_minor": 15000,
    "today_currency": "USD",
    "today_minor": 0,
    "effect_minor": 15000,
    "state": "open",
}
CUSTOMER = {**CHANGED, "what": "customer", "subject_kind": "project", "subject": "apollo"}


def test_fires_md08_for_posted_work_once_a_cause_and_holds_nothing():
    changes = [CHANGED, {**CHANGED, "object_id": "harvest:2"}]
    [found] = breaks_of("MD08", billing__posted_changes=changes)
    assert (found["at_risk_minor"], found["difference_minor"]) == (30000, -30000)
    assert (found["blocked_kind"], found["left_value"], found["right_value"]) == (None, "uk", "us")
    assert "2 entries were posted (2.00 h, 300.00 USD)" in found["detail"]


def test_fires_md12_when_the_master_data_of_posted_work_changed():
    [found] = breaks_of("MD12", billing__posted_changes=[CUSTOMER])
    assert (found["at_risk_minor"], found["blocked_kind"]) == (15000, None)
    assert found["detail"].startswith("The customer of project apollo changed after 1 entry was")


@pytest.mark.parametrize("change", [{"state": "released"}, {"state": "refused"}])
def test_quiet_md12_once_somebody_has_decided(change):
    assert not breaks_of("MD12", billing__posted_changes=[CUSTOMER | change])
    assert not breaks_of("MD08", billing__posted_changes=[CHANGED | change])


def test_quiet_md12_for_a_home_entity_which_is_a_matter_of_md08():
    assert not breaks_of("MD12", billing__posted_changes=[CHANGED])


@pytest.mark.parametrize("change", [{"ends_on": date(2026, 3, 10)}, {"is_active": True}])
def test_quiet_md08_on_the_last_active_day(change):
    assert not breaks_of("MD08", **UNPOSTED, billing__resources=[change])


@pytest.mark.parametrize("problem", ["rate_missing", "rate_overlap"])
def test_fires_md09_for_an_entry_without_exactly_one_rate(problem):
    rated = [{"problem": problem, "amount_minor": None}]
    [found] = breaks_of("MD09", **UNPOSTED, billing__rated_entries=rated)
    assert (found["blocked_kind"], found["blocked_id"]) == ("entry", "harvest:1")


@pytest.mark.parametrize(("price", "fires"), [("149.990000", True), ("150.000000", False)])
def test_fires_md09_when_the_erp_has_another_price_on_a_day_in_use(price, fires):
    found = breaks_of("MD09", canonical__rates=[{}, {"unit_price": Decimal(price)}])
    assert [(f["difference_minor"], f["blocked_kind"]) for f in found] == (
        [(1, None)] if fires else []
    )


def test_md09_prefers_the_erp_price_whose_dates_hold_the_work():
    old = {"unit_price": Decimal(99), "valid_to": date(2026, 3, 10)}
    new = {"external_id": "BP2", "valid_from": date(2026, 3, 10), "valid_to": None}
    assert not breaks_of("MD09", canonical__rates=[{}, old, new])


def test_md09_says_what_it_did_not_compare_and_still_reports_a_missing_rate():
    failed = [{}, {}, {}, {"status": "failed"}]
    changes = {**UNPOSTED, "canonical__rates": [{}], "raw__reads": failed}
    run = runs_of({**changes, "billing__rated_entries": [{"problem": "rate_missing"}]})["MD09"]
    assert (run.status, len(run.found)) == ("found", 1)
    assert run.message == "not compared: no prices read from bc"
    assert run.outcome.not_compared == ("erp_price|",)
    alone = runs_of(changes)["MD09"]
    assert (alone.status, alone.holds_posting) == ("could_not_run", False)


def test_md09_compares_nothing_with_an_erp_that_cannot_say_prices_and_is_clean():
    silent = {
        "canonical__rates": [{}],
        "canonical__feeds": [{"system": "bc", "object": "projects"}],
    }
    run = runs_of(silent)["MD09"]
    assert (run.status, run.message) == ("clean", "not applicable: bc cannot say prices")
    assert not run.outcome.applies_to("erp_price|apollo|R1|BP1")
    assert run.outcome.applies_to("harvest:1")


def test_md03_is_not_applicable_to_an_erp_that_cannot_say_billing_attributes():
    silent = {
        "canonical__projects": [{}, {}, {"has_billing_attributes": False}],
        "config__systems": [{}, {}, {"billing_attributes": ""}],
    }
    run = runs_of(silent)["MD03"]
    assert (run.status, run.holds_posting) == ("not_applicable", False)
    assert run.message == "bc cannot say billing attributes of projects"


def test_md03_asks_an_erp_for_the_fields_that_it_can_say_and_no_other():
    without = [{}, {}, {"tax_code": None, "cost_centre": None, "purchase_order": None}]
    some = [{}, {}, {"billing_attributes": "cost_centre,revenue_account"}]
    [found] = breaks_of("MD03", canonical__projects=without, config__systems=some)
    assert found["right_value"] == "missing: cost centre"


def test_quiet_md09_for_time_that_has_no_project_yet():
    rated = [{"problem": "rate_missing"}]
    entry = [{"project_id": None, "project_matches": 0}]
    assert not breaks_of("MD09", **UNPOSTED, billing__rated_entries=rated, billing__entries=entry)


@pytest.mark.parametrize(("matches", "cause"), [(0, "mapping_missing"), (2, "mapping_wrong")])
def test_fires_md10_for_a_gap_and_for_an_overlap(matches, cause):
    [found] = breaks_of("MD10", **UNPOSTED, billing__entries=[{"project_matches": matches}])
    assert (found["record_key"], found["cause"]) == ("harvest:1|project", cause)
    assert found["blocked_id"] == "harvest:1"


def test_fires_md10_for_a_configured_row_that_points_to_nothing():
    row = {"system": "bc", "external_id": "B404", "how": "configured"}
    [found] = breaks_of("MD10", canonical__crosswalk=[{}] * 7 + [{**row, "object_kind": "project"}])
    assert (found["left_id"], found["blocked_kind"]) == ("B404", None)


def test_quiet_md10_for_a_resource_its_own_system_does_not_know():
    entry = [{"resource_id": None, "resource_matches": 0, "resource_external_id": "HR9"}]
    assert not breaks_of("MD10", **UNPOSTED, billing__entries=entry)
    assert breaks_of("MD08", **UNPOSTED, billing__entries=entry)
