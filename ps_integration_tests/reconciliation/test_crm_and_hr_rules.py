"""Rules whose other side is the CRM, HR or a holiday calendar."""

from datetime import date

import pytest

from ps_integration_tests.reconciliation.world import breaks_of, runs_of
from ps_integration_tests.reconciliation.world_master import MASTER, cross

WON = {
    "system": "crm",
    "external_id": "O1",
    "name": "Apollo II",
    "customer_key": "acme",
    "legal_entity": "us",
    "stage": "won",
    "won_on": date(2026, 3, 10),
    "amount_minor": 900000,
    "currency": "USD",
    "project_key": "apollo-2",
}
LEAVE = {
    "system": "hr",
    "external_id": "L1",
    "resource_external_id": "E1",
    "kind": "vacation",
    "starts_on": date(2026, 3, 9),
    "ends_on": date(2026, 3, 10),
    "seconds_per_day": None,
    "approval_state": "approved",
}
PERSON = [{}] * 7 + [cross("resource", "ann@x.com", "hr", "E1")]
HOLIDAY = [{"legal_entity": "us", "day": date(2026, 3, 10), "name": "Founders' Day"}]


def test_fires_md11_for_a_won_opportunity_without_a_project():
    [found] = breaks_of("MD11", canonical__opportunities=[WON])
    assert (found["record_key"], found["at_risk_minor"]) == ("crm|O1", None)
    assert (found["cause"], found["customer_key"]) == ("not_synced_yet", "acme")


def test_md11_calls_an_opportunity_that_names_no_project_unmapped():
    opportunity = {**WON, "project_key": None, "amount_minor": None}
    [found] = breaks_of("MD11", canonical__opportunities=[opportunity])
    assert (found["cause"], found["at_risk_minor"]) == ("mapping_missing", None)


@pytest.mark.parametrize(
    "change",
    [
        {"project_key": "apollo"},
        {"stage": "lost"},
        {"stage": "open", "won_on": None},
        {"won_on": date(2026, 3, 15)},
    ],
)
def test_quiet_md11_when_the_project_is_there_or_not_due(change):
    assert not breaks_of("MD11", canonical__opportunities=[{**WON, **change}])


def test_quiet_md11_when_the_crosswalk_names_the_project():
    linked = [{}] * 7 + [cross("project", "apollo", "crm", "O1")]
    assert not breaks_of("MD11", canonical__opportunities=[WON], canonical__crosswalk=linked)


def test_md11_fires_when_the_project_is_in_the_erp_only():
    project = [{"psa_system": None, "psa_external_id": None}]
    opportunity = {**WON, "project_key": "apollo"}
    assert breaks_of("MD11", canonical__opportunities=[opportunity], billing__projects=project)


def test_md11_could_not_run_when_the_crm_was_not_read():
    systems = [*MASTER["config.systems"], {"system": "crm", "roles": "crm"}]
    run = runs_of({"config__systems": systems}, {"MD11"})["MD11"]
    assert (run.status, run.holds_posting) == ("could_not_run", False)
    assert run.message == "no opportunities read from crm"


def test_fires_tm17_for_time_on_approved_leave():
    [found] = breaks_of("TM17", canonical__absences=[LEAVE], canonical__crosswalk=PERSON)
    assert (found["record_key"], found["period"]) == ("ann@x.com|2026-03-10", "2026-03")
    assert (found["right_value"], found["difference_seconds"]) == ("on leave: vacation", 3600)
    assert (found["entry_id"], found["at_risk_minor"]) == ("harvest:1", 15000)


def test_fires_tm17_on_a_public_holiday_of_the_persons_entity():
    [found] = breaks_of("TM17", config__public_holidays=HOLIDAY)
    assert found["right_value"] == "public holiday: Founders' Day"


def test_tm17_finds_one_break_when_leave_and_holiday_fall_together():
    twice = [LEAVE, {**LEAVE, "external_id": "L2"}]
    [found] = breaks_of(
        "TM17",
        canonical__absences=twice,
        canonical__crosswalk=PERSON,
        config__public_holidays=HOLIDAY,
    )
    assert found["right_id"] == "L1"


@pytest.mark.parametrize(
    "change",
    [
        {"approval_state": "submitted"},
        {"ends_on": date(2026, 3, 9)},
        {"starts_on": date(2026, 3, 11), "ends_on": date(2026, 3, 12)},
        {"resource_external_id": "E2"},
        {"seconds_per_day": 4 * 3600},
        {"seconds_per_day": 7 * 3600},
    ],
)
def test_quiet_tm17_when_the_leave_leaves_room(change):
    leave = [{**LEAVE, **change}]
    assert not breaks_of("TM17", canonical__absences=leave, canonical__crosswalk=PERSON)


def test_tm17_fires_when_half_a_day_off_and_the_work_are_more_than_a_day():
    leave = [{**LEAVE, "seconds_per_day": 8 * 3600 - 1800}]
    [found] = breaks_of("TM17", canonical__absences=leave, canonical__crosswalk=PERSON)
    assert found["difference_seconds"] == 1800


@pytest.mark.parametrize("change", [{"legal_entity": "uk"}, {"day": date(2026, 3, 11)}])
def test_quiet_tm17_on_a_holiday_elsewhere(change):
    assert not breaks_of("TM17", config__public_holidays=[{**HOLIDAY[0], **change}])
