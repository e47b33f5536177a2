"""Projects without a plan, time without an assignment, and flags that contradict."""

from datetime import date

import pytest

from ps_integration_tests.reconciliation.world import UNPOSTED, breaks_of
from ps_integration_tests.reconciliation.world_facts import FACTS
from ps_integration_tests.reconciliation.world_master import cross, from_record

NO_PSA = {"psa_system": None, "psa_external_id": None}
HOLD = {"rule": "TM09", "setting": "blocks", "value": "true"}


def assignment(resource="KR1", system="kantata", project="K1", **more):
    return {
        **from_record(system, "assignments", f"A-{resource}"),
        "project_external_id": project,
        "resource_external_id": resource,
        "is_active": True,
        **more,
    }


def test_fires_md02_with_the_money_that_waits():
    [found] = breaks_of("MD02", **UNPOSTED, billing__projects=[NO_PSA])
    assert (found["record_key"], found["left_id"], found["at_risk_minor"]) == (
        "apollo",
        "B1",
        15000,
    )


@pytest.mark.parametrize(
    "change",
    [{"status": "closed"}, {"erp_external_id": None}, {"legal_entity": "uk"}],
)
def test_quiet_md02_when_closed_or_not_planned_in_a_psa(change):
    assert not breaks_of("MD02", billing__projects=[{**NO_PSA, **change}])


def test_quiet_md02_when_the_erp_says_closed():
    closed = [{}, {}, {"status": "closed"}]
    assert not breaks_of("MD02", billing__projects=[NO_PSA], canonical__projects=closed)


def test_fires_tm09_for_a_person_who_is_not_assigned():
    [found] = breaks_of("TM09", canonical__assignments=[assignment("KR9")],
                        canonical__crosswalk=[{}] * 7 + [cross("resource", "bob", "kantata", "KR9")])  # fmt: skip
    assert (found["record_key"], found["right_value"]) == ("harvest:1", "not assigned")
    assert (found["at_risk_minor"], found["cause"]) == (15000, "master_data_incomplete")
    assert found["blocked_kind"] is None


def test_tm09_holds_the_entry_where_the_firm_says_so():
    late = [assignment(starts_on=date(2026, 3, 11))]
    [found] = breaks_of("TM09", canonical__assignments=late, config__rule_settings=[HOLD])
    assert (found["blocked_kind"], found["blocked_id"]) == ("entry", "harvest:1")


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "fires"),
    [
        (date(2026, 3, 10), date(2026, 3, 10), False),
        (date(2026, 3, 11), None, True),
        (None, date(2026, 3, 9), True),
        (None, None, False),
    ],
)
def test_tm09_judges_the_first_and_the_last_day(starts_on, ends_on, fires):
    rows = [assignment(starts_on=starts_on, ends_on=ends_on)]
    found = breaks_of("TM09", canonical__assignments=rows)
    assert [row["cause"] for row in found] == (["wrong_date"] if fires else [])


def test_quiet_tm09_when_one_of_two_assignments_holds_the_day():
    early = assignment(ends_on=date(2026, 2, 1))
    again = assignment(external_id="A2", starts_on=date(2026, 3, 1))
    assert not breaks_of("TM09", canonical__assignments=[early, again])


def test_quiet_tm09_on_a_project_without_any_assignment():
    assert not breaks_of("TM09")


def test_tm09_asks_the_psa_before_the_time_system():
    rows = [assignment(ends_on=date(2026, 3, 1)), assignment("HR1", "harvest", "H1")]
    [found] = breaks_of("TM09", canonical__assignments=rows)
    assert found["right_system"] == "kantata"
    owner = {"object_kind": "assignment", "field": "*", "system": "harvest"}
    assert not breaks_of("TM09", canonical__assignments=rows, config__ownership=[owner])


def test_tm09_fires_for_another_task_than_the_assigned_one():
    links = [{}] * 7 + [cross("task", "design", "kantata", "KT1")]
    rows = [assignment(task_external_id="KT1")]
    for task, fires in (("design", False), ("build", True)):
        entry = [{"task_id": task, "task_external_id": "HT1"}]
        found = breaks_of("TM09", canonical__assignments=rows, canonical__crosswalk=links,
                          billing__entries=entry)  # fmt: skip
        assert bool(found) is fires


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"billing_type": "internal"}, "the project is internal"),
        ({"project_is_billable": False}, "the project is not billable"),
        ({"task_is_billable": False}, "the task is not billable"),
        ({"is_billable": False}, "the contract, the task and the project are billed by the hour"),
    ],
)
def test_fires_tm16_and_prices_what_contradicts(change, said):
    other = {**FACTS["billing.entries"][0], "entry_id": "harvest:2", "external_id": "2"}
    rated = [{}, {"entry_id": "harvest:2"}]
    [found] = breaks_of(
        "TM16", billing__entries=[change, {**other, "seconds": 1800}], billing__rated_entries=rated
    )
    assert (found["right_value"], found["at_risk_minor"]) == (said, 15000)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"is_billable": False, "task_is_billable": False},
        {"is_billable": False, "billing_type": "fixed_fee"},
        {"is_billable": False, "task_is_billable": None},
        {"project_is_billable": None, "task_is_billable": None, "billing_type": None},
        {"task_is_billable": False, "approval_state": "submitted"},
    ],
)
def test_quiet_tm16_when_flags_agree_or_are_not_known(change):
    assert not breaks_of("TM16", billing__entries=[change])
