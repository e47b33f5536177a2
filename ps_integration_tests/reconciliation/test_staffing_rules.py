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
    links = [{}] * 7 + [cross("resource", "bob", "kantata", "KR9")]
    [found] = breaks_of(
        "TM09", canonical__assignments=[assignment("KR9")], canonical__crosswalk=links
    )
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


def task(system, external_id, key, project, **more):
    return {
        **from_record(system, "tasks", external_id),
        "match_key": key,
        "project_external_id": project,
        "name": key,
        "is_billable": True,
        "is_active": True,
        **more,
    }


TASK_LINKS = [{}] * 7 + [
    cross("task", key, system, f"{system[0].upper()}-{key}")
    for key in ("design", "build")
    for system in ("kantata", "harvest")
]


def tasks_in(psa, time):
    rows = [task("kantata", f"K-{key}", key, "K1", **more) for key, more in psa.items()]
    rows += [task("harvest", f"H-{key}", key, "H1", **more) for key, more in time.items()]
    return breaks_of("MD07", canonical__tasks=rows, canonical__crosswalk=TASK_LINKS)


def test_fires_md07_for_a_task_that_the_time_system_lacks():
    [found] = tasks_in({"design": {}, "build": {}}, {"design": {}})
    assert found["record_key"] == "task|apollo|build|harvest"
    assert (found["left_id"], found["right_value"]) == ("K-build", "missing")
    assert found["cause"] == "not_synced_yet"


@pytest.mark.parametrize(
    ("change", "said", "cause"),
    [
        ({"is_active": False}, "not active", "sync_failed"),
        ({"is_billable": False}, "not billable", "manual_edit_in_copy"),
        ({"name": "Sketches"}, "called Sketches", "manual_edit_in_copy"),
    ],
)
def test_md07_fires_for_a_task_that_differs(change, said, cause):
    [found] = tasks_in({"design": {}}, {"design": change})
    assert (found["right_value"], found["cause"]) == (said, cause)


@pytest.mark.parametrize(
    ("psa", "time"),
    [
        ({"design": {}}, {"design": {}, "build": {}}),
        ({"design": {}, "build": {"is_active": False}}, {"design": {}}),
        ({"design": {"is_billable": None}}, {"design": {"is_billable": False}}),
        ({"design": {}}, {}),
        ({"design": {}}, {"design": {"name": " Design"}}),
    ],
)
def test_quiet_md07_when_the_time_system_has_what_is_planned(psa, time):
    assert not tasks_in(psa, time)


BOB = [{}] * 7 + [
    cross("resource", "bob@x.com", "kantata", "KR2"),
    cross("resource", "bob@x.com", "harvest", "HR2"),
]
IN_TIME = assignment("HR2", "harvest", "H1")


def test_md07_fires_for_an_assignment_that_the_time_system_lacks():
    rows = [assignment("KR1"), IN_TIME]
    [found] = breaks_of("MD07", canonical__assignments=rows, canonical__crosswalk=BOB)
    assert found["record_key"] == "assignment|apollo|ann@x.com|harvest"
    assert (found["left_value"], found["right_value"]) == ("ann@x.com assigned", "missing")


def test_md07_fires_when_both_say_dates_and_they_differ():
    rows = [
        assignment("KR1", ends_on=date(2026, 6, 30)),
        assignment("HR1", "harvest", "H1", ends_on=date(2026, 5, 31)),
    ]
    [found] = breaks_of("MD07", canonical__assignments=rows)
    assert (found["left_value"], found["right_value"]) == ("to 2026-06-30", "to 2026-05-31")
    rows[1]["ends_on"] = None
    assert not breaks_of("MD07", canonical__assignments=rows)


@pytest.mark.parametrize(
    "change",
    [
        {"ends_on": date(2026, 3, 19)},
        {"starts_on": date(2026, 3, 21)},
        {"is_active": False},
        {"resource_external_id": "KR-unknown"},
    ],
)
def test_quiet_md07_for_an_assignment_that_is_not_of_today(change):
    rows = [assignment("KR1", **change), IN_TIME]
    assert not breaks_of("MD07", canonical__assignments=rows, canonical__crosswalk=BOB)


def test_quiet_md07_on_a_closed_project_and_without_assignments_in_the_time_system():
    rows = [assignment("KR1"), IN_TIME]
    closed = [{"status": "closed"}]
    assert not breaks_of("MD07", canonical__assignments=rows[:1])
    assert not breaks_of(
        "MD07", canonical__assignments=rows, canonical__crosswalk=BOB, billing__projects=closed
    )
