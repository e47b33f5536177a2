"""What is owed once an entry is no longer what was billed."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from ps_integration.billing.account import account
from ps_integration.stores.operational.models import BreakEvent
from ps_integration_tests.billing.history import History
from ps_integration_tests.billing.world import World


@pytest.fixture
def world(world: World) -> World:
    world.rate("r1")
    return world


def test_an_entry_changed_after_posting_stays_posted_and_owes_a_correction(world: World):
    world.entry("1")
    world.document("PS-P1-202603-1", "posted", ("tt:1", 3600, "100"))
    world.new_version("tt:1", seconds=5400)
    world.night()
    [part] = world.parts()
    assert (part["disposition"], part["seconds"], part["amount_minor"]) == ("posted", 5400, 15000)
    assert "Correction owed" in part["evidence"]
    [owed] = world.warehouse.rows("select * from billing.corrections_owed")
    assert (owed["owed_minor"], owed["reason"]) == (5000, "edited_after_posting")
    assert world.broken() == ([], [], [])


def test_a_rate_changed_after_posting_is_owed_too(world: World):
    world.entry("1")
    world.document("PS-P1-202603-1", "posted", ("tt:1", 3600, "90"))
    world.night()
    [owed] = world.warehouse.rows("select * from billing.corrections_owed")
    assert (owed["owed_minor"], owed["reason"]) == (1000, "rate_changed_late")
    assert world.broken() == ([], [], [])


@pytest.mark.parametrize(("change", "reason"), [
    ({"is_deleted": True}, "deleted_after_posting"),
    ({"approval_state": "submitted"}, "approval_withdrawn"),
    ({"is_billable": False}, "no_longer_billable"),
])  # fmt: skip
def test_what_is_no_longer_due_is_owed_back(world: World, change, reason: str):
    world.entry("1")
    world.document("PS-P1-202603-1", "posted", ("tt:1", 3600, "100"))
    world.new_version("tt:1", **change)
    world.night()
    [owed] = world.warehouse.rows("select * from billing.corrections_owed")
    assert (owed["owed_minor"], owed["reason"]) == (-10000, reason)
    assert world.broken() == ([], [], [])


def test_an_entry_moved_to_another_project_is_owed_back_there_and_due_here(world: World):
    world.project("p2")
    world.rate("r2", project_external_id="psa-p2")
    world.entry("1")
    world.document("PS-P1-202603-1", "posted", ("tt:1", 3600, "100"))
    world.new_version("tt:1", project_id="p2", project_external_id="tt-p2")
    world.night()
    rows = world.warehouse.rows("select * from billing.corrections_owed order by project_id")
    assert [(r["project_id"], r["owed_minor"]) for r in rows] == [("p1", -10000), ("p2", 10000)]
    assert world.broken() == ([], [], [])


def test_nothing_is_owed_while_the_entry_waits_in_quarantine(world: World):
    world.entry("1")
    world.document("PS-P1-202603-1", "posted", ("tt:1", 3600, "100"))
    world.put("quarantine.records", system="tt", stream="time_entries", record_id="1", raw_seq=2,
              object="time_entries")  # fmt: skip
    world.warehouse.execute("delete from billing.entries")  # as resolve leaves it out
    world.night()
    assert world.parts() == []
    assert world.warehouse.rows("select * from billing.corrections_owed") == []
    assert world.broken() == ([], [], [])
    [counts] = world.warehouse.rows("select * from billing.record_counts")
    assert (counts["quarantined"], counts["approved"]) == (1, 0)


def plans(history: History) -> list[dict]:
    """Lines of the documents that are planned now."""
    return [line for ref in history.refs("planned") for line in history.lines(ref)]


@pytest.fixture
def posted(history: History) -> History:
    """Entry 1, one hour at 100.00 on p1, posted as S-1."""
    history.set_entry("1")
    history.run_night()
    history.post_all()
    return history


def test_a_line_is_taken_back_exactly_and_billed_anew_with_links(posted: History):
    posted.set_entry("1", seconds=5400)
    posted.run_night()
    back, again = plans(posted)
    assert (back["correction"], back["amount_minor"]) == ("reversal", -10000)
    assert (str(back["quantity"]), str(back["unit_price"])) == ("-1.00000", "100.000000")
    assert (again["correction"], again["amount_minor"]) == ("rebill", 15000)
    for line, number in ((back, 1), (again, 2)):
        assert line["line_key"] == f"bc|tt|time_entry|1|1|{number}"
        assert line["corrects_document_ref"] == "PS-P1-202603-1"
        assert line["corrects_line_key"] == "bc|tt|time_entry|1|1|0"
        assert line["corrects_reason"] == "edited_after_posting"
        assert "S-1/1 (edited after posting)" in line["description"]


def test_a_delta_is_the_difference_to_the_cent(posted: History):
    posted.set_policy(corrections_policy="delta")
    posted.set_entry("1", seconds=3601)
    posted.rerate("p1", "90.01")
    posted.run_night()
    [line] = plans(posted)
    assert (line["correction"], line["amount_minor"], line["seconds"]) == ("delta", -996, 1)
    assert (line["quantity"], line["unit_price"]) == (Decimal(-1), Decimal("9.96"))


def test_policy_ask_shows_what_is_owed_and_plans_nothing(posted: History):
    posted.set_policy(corrections_policy="ask")
    posted.set_entry("1", seconds=5400)
    posted.run_night(with_rules=True)
    assert plans(posted) == []
    assert [(o["owed_minor"], o["state"]) for o in posted.owed()] == [(5000, "policy_asks")]
    assert posted.warehouse.rows("from ops.open_breaks where rule = 'TM06'")


def test_a_correction_waits_while_a_line_is_in_flight(posted: History):
    posted.set_entry("1", seconds=5400)
    posted.run_night()
    posted.approve_all()
    [ref] = posted.refs("approved")
    posted.send(ref, "unknown")
    posted.set_entry("1", seconds=7200)
    posted.run_night()
    assert plans(posted) == []
    assert [(o["owed_minor"], o["state"]) for o in posted.owed()] == [(5000, "in_flight")]


def test_an_approved_correction_is_void_once_its_entry_changes_again(posted: History):
    posted.set_entry("1", seconds=5400)
    posted.run_night()
    posted.approve_all()
    posted.set_entry("1", seconds=7200)
    posted.run_night()
    assert posted.refs("approved") == []
    assert sorted(line["amount_minor"] for line in plans(posted)) == [-10000, 20000]
    assert {line["correction_no"] for line in plans(posted)} == {3, 4}


def test_an_unchanged_plan_keeps_its_numbers_and_its_batch(posted: History):
    posted.set_entry("1", seconds=5400)
    posted.run_night()
    first = plans(posted)
    posted.run_night()
    assert plans(posted) == first


def test_what_comes_to_nothing_together_is_a_credit_memo_and_an_invoice(posted: History):
    posted.delete("1")
    posted.set_entry("2")
    posted.run_night()
    posted.post_all()
    kinds = [posted.erp[ref].kind for ref in sorted(posted.erp)][1:]
    assert kinds == ["invoice", "credit_memo"]  # what bills is numbered before what credits
    assert posted.net() == posted.truth.net()


@pytest.mark.parametrize(("policy", "state"), [
    ("hold", "period_closed"), ("reject", "period_rejected"), ("shift", None),
])  # fmt: skip
def test_a_correction_of_a_closed_period_follows_the_policy(posted, policy, state):
    posted.set_policy(closed_period_policy=policy)
    posted.set_period("2026-03", "closed")
    posted.set_period("2026-04", "open")
    posted.delete("1")
    posted.run_night()
    if state:
        assert [o["state"] for o in posted.owed()] == [state]
        assert plans(posted) == []
    else:
        [line] = plans(posted)
        assert "(2026-03 closed)" in line["description"]
        assert posted.refs("planned") == ["PS-P1-202604-1"]


def test_a_reversal_keeps_the_header_of_what_it_takes_back(posted: History):
    posted.warehouse.execute("update billing.projects set tax_code = 'NEW', customer_key = 'c9'")
    posted.set_entry(
        "1",
        seconds=5400,
    )  # the project moved to another customer meanwhile; posted work stays the old one's
    posted.warehouse.execute("update billing.entries set customer_key = 'c9'")
    posted.run_night()
    headers = posted.warehouse.rows(
        "select customer_key, tax_code from billing.ready_documents order by tax_code nulls first"
    )
    assert [tuple(row.values()) for row in headers] == [("c1", None), ("c1", "NEW")]


@pytest.mark.parametrize(("policy", "billed"), [("hold", 0), ("leave", 0), ("rebill", 10000)])
def test_a_voided_document_is_billed_again_as_policy_says(posted: History, policy: str, billed):
    posted.set_policy(voided_policy=policy)
    posted.void("PS-P1-202603-1")
    posted.quiesce(2)
    assert sum(posted.net().values()) == billed
    [found] = posted.warehouse.rows("from ops.erp_reversals")
    assert (found["document_ref"], found["amount_minor"]) == ("PS-P1-202603-1", 10000)
    if billed:
        [line] = posted.lines("PS-P1-202603-2")
        assert line["corrects_reason"] == "voided_in_erp"


def test_a_void_that_is_not_on_record_breaks_the_ledger(posted: History):
    posted.settle()
    posted.void("PS-P1-202603-1")
    account(posted.warehouse)
    assert posted.broken()[2]


def test_breaks_resolve_by_the_correction(posted: History):
    posted.delete("1")
    posted.run_night(with_rules=True)
    posted.post_all()
    posted.run_night(with_rules=True)
    with posted.store.snapshot() as session:
        notes = {e.note for e in session.scalars(select(BreakEvent)) if e.event == "resolved"}
    assert "by a correction" in notes


def test_a_milestone_changed_or_taken_back_is_corrected(history: History):
    history.set_milestone("m")
    history.quiesce()
    for change in ({"amount_minor": 51_001}, {"is_reached": False}, {"is_reached": True}):
        history.set_milestone("m", **change)
        history.quiesce()
        assert history.net() == history.truth.net()
