"""BL01: work that is approved and still not billed, by what keeps it."""

from datetime import date, timedelta

import pytest

from ps_integration.domain.breaks import id_of
from ps_integration.reconciliation.consequences import roots_of
from ps_integration_tests.reconciliation.world import AS_OF, UNPOSTED, breaks_of, runs_of

OLD = {"work_date": date(2026, 2, 10), "period": "2026-02", "approved_at": AS_OF}


def unbilled(*more, beside=(), entry=None, **changes):
    """What BL01 finds for one hour of February that is not posted."""
    entries = [{**OLD, **(entry or {})}, {"entry_id": "kantata:901"}, *more]
    world = {**UNPOSTED, "billing__entries": entries, **changes}
    return breaks_of("BL01", beside=beside, **world)


def in_document(state):
    """The hour is in a document of that state."""
    return {
        **{table: rows for table, rows in UNPOSTED.items() if not table.startswith("ops__")},
        "billing__entries": [OLD],
        "ops__documents": [{"state": state}],
    }


def test_fires_bl01_for_old_work_that_nothing_holds():
    [found] = unbilled()
    assert (found["record_key"], found["period"]) == (
        "apollo|USD|unplanned|not_synced_yet", "2026-02",
    )  # fmt: skip
    assert (found["difference_minor"], found["at_risk_minor"]) == (15000, 15000)
    assert found["detail"] == (
        "1 entry of 2026-02 on apollo, 1.00 h worth 150.00 USD, the oldest of 2026-02-10, not "
        "billed: no batch was planned for it."
    )


@pytest.mark.parametrize(
    ("state", "reason", "cause"),
    [
        ("approved", "document", "not_synced_yet"),
        ("planned", "document", "not_synced_yet"),
        ("dead", "stuck", "sync_failed"),
        ("held", "stuck", "sync_failed"),
        ("unknown", "stuck", "sync_failed"),
    ],
)
def test_fires_bl01_for_work_whose_document_waits(state, reason, cause):
    [found] = breaks_of("BL01", **in_document(state))
    assert found["record_key"] == f"apollo|USD|{reason}|{cause}"
    assert (found["right_id"], found["right_value"]) == (
        "PS-APOLLO-202603-1", f"document {state}",
    )  # fmt: skip


def test_fires_bl01_with_the_cause_of_the_break_that_holds_it_and_counts_no_money_twice():
    missing = [{"erp_external_id": None}]
    [found] = unbilled(beside=("MD01",), billing__projects=missing)
    [root] = breaks_of("MD01", **UNPOSTED, billing__projects=missing)
    assert (found["cause"], found["right_value"]) == (root["cause"], "held by MD01")
    assert (found["right_id"], found["difference_minor"]) == (root["record_key"], 15000)
    assert (root["at_risk_minor"], found["at_risk_minor"]) == (15000, 0)


def test_fires_bl01_above_a_cap():
    [found] = unbilled(
        beside=("TM15",), billing__projects=[{"cap_minor": 0}], entry={"cap_minor": 0}
    )
    assert (found["cause"], found["right_value"]) == ("cap_reached", "held by TM15")
    assert found["at_risk_minor"] == 0


def test_fires_bl01_before_the_opening_list_is_signed_and_where_no_price_is_known():
    [found] = unbilled(ops__openings=[])
    assert found["right_value"] == "opening list not signed"
    [found] = unbilled(billing__rated_entries=[])
    assert (found["cause"], found["right_value"]) == ("master_data_incomplete", "not priced")
    assert (found["difference_minor"], found["at_risk_minor"]) == (None, 0)


def test_fires_bl01_for_work_of_no_known_project_and_states_no_money():
    lost = {"project_id": None, "currency": None, "legal_entity": None, "customer_key": None}
    [found] = unbilled(entry=lost, billing__rated_entries=[])
    assert found["record_key"].startswith("no project|no currency|")
    assert (found["difference_minor"], found["at_risk_minor"]) == (None, None)


def test_bl01_is_a_consequence_of_the_break_that_holds_the_work():
    changes = {**UNPOSTED, "billing__entries": [OLD]}
    held = {**changes, "billing__projects": [{"erp_external_id": None}]}
    runs = runs_of(held, {"MD01", "BL01"})
    found = [{"rule": code, **row} for code, run in runs.items() for row in run.found]
    by_rule = {row["rule"]: id_of(row) for row in found}
    assert roots_of(found) == {by_rule["BL01"]: by_rule["MD01"]}


def test_fires_bl01_without_risk_for_what_tm01_counts():
    late = {"approved_at": AS_OF - timedelta(days=3)}
    [found] = unbilled(beside=("TM01",), entry=late)
    assert (found["difference_minor"], found["at_risk_minor"]) == (15000, 0)


def test_fires_bl01_once_for_what_one_thing_keeps_and_apart_for_each_month():
    """Two hours of February together, one of January apart; what is young is not counted."""
    shared = {"system": "harvest", "is_primary": True, "is_deleted": False, "is_billable": True}
    more = [
        {**OLD, **shared, "entry_id": "harvest:2", "work_date": date(2026, 2, 3)},
        {**OLD, **shared, "entry_id": "harvest:3", "work_date": date(2026, 3, 10)},
    ]
    priced = [{"entry_id": f"harvest:{number}"} for number in (1, 2, 3)]
    [found] = unbilled(*more, billing__rated_entries=priced)
    assert found["left_value"] == "2.00 h since 2026-02-03"
    more[1] |= {"work_date": date(2026, 2, 1), "period": "2026-01"}
    months = {row["period"] for row in unbilled(*more, billing__rated_entries=priced)}
    assert months == {"2026-01", "2026-02"}


@pytest.mark.parametrize(("days", "is_old"), [(30, False), (31, True)])
def test_quiet_bl01_until_the_days_are_over(days, is_old):
    worked = AS_OF.date() - timedelta(days=days)
    assert bool(unbilled(entry={"work_date": worked})) is is_old


@pytest.mark.parametrize(
    "changes",
    [
        {"approval_state": "submitted"},
        {"is_billable": False},
        {"is_deleted": True},
        {"billing_type": "fixed_fee"},
        {"work_date": date(2026, 1, 31)},
    ],
)
def test_quiet_bl01_for_what_is_not_to_be_billed_by_the_hour(changes):
    assert not unbilled(entry=changes)


def test_quiet_bl01_for_what_is_posted_or_written_off():
    assert not breaks_of("BL01", billing__entries=[OLD])
    written_off = [{"kind": "write_off", "entry_id": "harvest:1", "part": 1}]
    assert not unbilled(ops__decisions=written_off)
