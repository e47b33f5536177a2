"""BL10: what a supplier invoices for a person's work, beside that person's billable time."""

from datetime import date

import pytest

from ps_integration_tests.reconciliation.world import breaks_of

WORK = {"work_date": date(2026, 2, 10), "period": "2026-02"}
HIRED = [{"supplier_key": "V-7"}, {"supplier_key": "V-7"}]
COST = {
    "system": "bc", "external_id": "PI1", "supplier_key": "V-7", "resource_key": "Ann@x.com ",
    "project_key": "Apollo", "period": "2026-02", "number": "PI-1", "is_posted": True,
    "seconds": 3600, "amount_minor": 9000, "currency": "USD",
}  # fmt: skip
ANOTHER = {**COST, "external_id": "PI9", "resource_key": "bob@x.com", "period": "2026-01"}
"""Of somebody else, and before the firm went live."""


def found(*costs, people=HIRED, settings=(), **changes):
    """What BL10 finds for one hour of Ann's in February beside these costs."""
    return breaks_of(
        "BL10",
        billing__entries=[{**WORK, **changes}, {"entry_id": "harvest:2"}],
        canonical__resources=people,
        canonical__subcontractor_costs=[ANOTHER, *costs],
        config__rule_settings=list(settings),
    )


@pytest.mark.parametrize(
    ("costs", "cause", "said"),
    [
        ([], "not_synced_yet", "no cost"),
        ([{**COST, "is_posted": False}], "not_synced_yet", "no cost"),
        ([COST, {**COST, "external_id": "PI2", "amount_minor": -9000}], "not_synced_yet",
         "no cost"),
        ([{**COST, "resource_key": "eve@x.com", "period": "2026-01"}], "not_synced_yet", "no cost"),
        ([{**COST, "project_key": "zeus"}], "wrong_project", "cost for zeus"),
        ([{**COST, "period": "2026-03"}], "wrong_date", "cost in 2026-03"),
    ],
)  # fmt: skip
def test_fires_bl10_for_a_subcontractor_s_time_without_a_cost(costs, cause, said):
    [row] = found(*costs)
    assert (row["cause"], row["right_value"]) == (cause, said)
    assert (row["record_key"], row["period"]) == ("ann@x.com|apollo|USD", "2026-02")
    assert row["at_risk_minor"] == row["difference_minor"] > 0
    assert row["detail"] == f"ann@x.com of V-7, apollo, 2026-02: 1.00 h worked, {said}."


@pytest.mark.parametrize(
    ("changes", "cause", "said"),
    [
        ({"approval_state": "submitted"}, "not_synced_yet", "time not approved"),
        ({"approval_state": "rejected"}, "unknown", "no billable time"),
        ({"is_billable": False}, "unknown", "no billable time"),
        ({"project_is_billable": False}, "unknown", "no billable time"),
        ({"is_deleted": True}, "unknown", "no billable time"),
    ],
)
@pytest.mark.parametrize("project", ["apollo", None])
def test_fires_bl10_for_a_cost_without_billable_time(changes, cause, said, project):
    """Whether or not the person is known to be a subcontractor."""
    cost = {**COST, "project_key": project}
    for people in (HIRED, [{}, {}]):
        [row] = found(cost, people=people, **changes)
        assert (row["cause"], row["left_value"]) == (cause, said)
        assert (row["record_key"], row["right_value"]) == ("bc|PI1", "cost PI-1")
        assert (row["difference_minor"], row["at_risk_minor"]) == (-9000, 9000)
        assert row["legal_entity"] == "us"


def test_fires_bl10_once_for_time_and_its_cost_gone_astray_and_again_for_another_cost():
    """Two costs name other projects: the one of the time's hours is the time's."""
    astray = {**COST, "project_key": "zeus"}
    longer = {**astray, "external_id": "PI0", "project_key": "hermes", "seconds": 36000}
    rows = {row["record_key"]: row for row in found(astray, longer)}
    assert rows["ann@x.com|apollo|USD"]["right_id"] == "PI1"
    assert rows["bc|PI0"]["cause"] == "unknown"
    assert len(rows) == 2


def test_fires_bl10_without_any_cost_only_where_the_firm_asks_for_them():
    entries = [WORK, {"entry_id": "harvest:2"}]
    assert not breaks_of("BL10", billing__entries=entries, canonical__resources=HIRED)
    asked = {"rule": "BL10", "setting": "tolerance_requires_costs", "value": "1"}
    assert breaks_of(
        "BL10",
        billing__entries=entries,
        canonical__resources=HIRED,
        config__rule_settings=[asked],
    )


@pytest.mark.parametrize("cost", [COST, {**COST, "project_key": None}])
def test_quiet_bl10_when_the_project_or_the_whole_month_is_invoiced(cost):
    assert not found(cost)


def test_quiet_bl10_for_employees_and_for_work_before_going_live():
    assert not found(people=[{}, {}])
    before = {"work_date": date(2026, 1, 31), "period": "2026-01"}
    assert not found(**before)
    assert not found({**COST, "period": "2026-01"}, **before, approval_state="rejected")


@pytest.mark.parametrize(("days", "is_late"), [("19", True), ("20", False)])
def test_quiet_bl10_until_the_days_after_the_month_are_over(days, is_late):
    patience = {"rule": "BL10", "setting": "tolerance_cost_days", "value": days}
    assert bool(found(settings=[patience])) is is_late
