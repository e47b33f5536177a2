"""An entry that a person found on a line typed by hand: settled, never planned, accounted for."""

import json
from datetime import UTC, date, datetime

import pytest

from ps_integration_tests.billing.world import World

PRICE = 10_000


@pytest.fixture
def billed(world: World) -> World:
    """One hour for 100 GBP, a line of the ERP that bills it, and somebody who said so."""
    world.rate("r1")
    world.entry("1")
    world.entry("2", seconds=7200)
    world.put("config.revenue_targets", system="bc", object_number="4000")
    world.put("canonical.erp_documents", system="bc", company="UKCO", external_id="G1",
              kind="invoice", number="S-1", reference="", status="open", is_posted=True,
              is_standing=True, currency="GBP", posting_date=date(2026, 3, 9),
              amount_minor=PRICE)  # fmt: skip
    world.put("canonical.erp_lines", system="bc", company="UKCO", document_external_id="G1",
              external_id="L1", line_no=1, line_type="resource", object_number="4000",
              project_key="P1", quantity=1, amount_minor=PRICE, currency="GBP")  # fmt: skip
    decide(world)
    return world


def decide(world: World, **changes: object) -> None:
    facts = {"number": "S-1", "line_no": "1", "seconds": 3600, "amount_minor": PRICE}
    of_entry = {"version_sha256": "v1-1", "seconds": 3600, "amount_minor": PRICE}
    world.put("ops.match_decisions", **{
        "decision_id": 1, "decision": "accepted", "lines": json.dumps({"bc|UKCO|L1": facts}),
        "entries": json.dumps({"tt:1": of_entry}), "project_id": "p1", "currency": "GBP",
        "difference_minor": 0, "decided_by": "Ana", "note": "Sent before the trip.",
        "decided_at": datetime(2026, 3, 12, 9, tzinfo=UTC), **changes,
    })  # fmt: skip


def planned(world: World) -> set[str]:
    return {line.object_id for batch in world.plan() for doc in batch.documents
            for line in doc.lines}  # fmt: skip


def test_it_is_settled_elsewhere_and_both_equations_hold(billed: World):
    billed.night()
    assert billed.fate() == ("settled_elsewhere", "billed_by_hand")
    [part] = billed.parts()
    assert (part["seconds"], part["amount_minor"]) == (3600, PRICE)
    assert part["evidence"] == (
        "Billed by hand in ERP document S-1/1: accepted by Ana on 2026-03-12, Sent before the trip."
    )
    assert billed.fate("tt:2") == ("queued", "to_be_planned")
    assert (planned(billed), billed.broken()) == ({"tt:2"}, ([], [], []))


def test_no_link_of_it_is_broken(billed: World):
    billed.night()
    billed.honest()
    before = billed.warehouse.rows(
        "select * from billing.broken_links where table_name = 'billing.dispositions'"
    )
    assert before == []


def confirmed(world: World) -> None:
    """Nobody has decided; matching is sure."""
    world.warehouse.execute("delete from ops.match_decisions")
    world.put("reconciliation.matches", record_key="bc|UKCO|L1", entry_id="tt:1",
              status="confirmed", choice=1, cost=0, evidence="hours and amount")  # fmt: skip


def test_what_matching_is_sure_of_waits_and_is_not_billed_twice(billed: World):
    confirmed(billed)
    billed.night()
    assert billed.fate() == ("deferred", "probably_billed_by_hand")
    assert billed.parts()[0]["evidence"] == (
        "ERP document S-1/1, typed by hand, bills it: the hours and amount agree. "
        "It waits until somebody accepts or rejects that."
    )
    assert (planned(billed), billed.broken()) == ({"tt:2"}, ([], [], []))


def test_what_matching_is_not_sure_of_is_billed_as_ever(billed: World):
    confirmed(billed)
    billed.warehouse.execute("update reconciliation.matches set status = 'ambiguous'")
    billed.night()
    assert planned(billed) == {"tt:1", "tt:2"}


def test_what_one_person_proposed_is_billed_as_ever_and_what_two_accepted_is_not(billed: World):
    billed.warehouse.execute("update ops.match_decisions set decision = 'proposed'")
    billed.night()
    assert planned(billed) == {"tt:1", "tt:2"}
    decide(billed, decision_id=2, withdraws=1, decided_by="Bo", note="Seen.", difference_minor=500)
    billed.night()
    assert billed.fate() == ("settled_elsewhere", "billed_by_hand")
    assert billed.parts()[0]["evidence"] == (
        "Billed by hand in ERP document S-1/1: accepted by Ana and Bo on 2026-03-12, Sent before "
        "the trip; Seen. It comes to 5.00 GBP more than they do."
    )
    assert (planned(billed), billed.broken()) == ({"tt:2"}, ([], [], []))


def test_a_difference_that_was_accepted_is_said(billed: World):
    billed.warehouse.execute("update ops.match_decisions set difference_minor = -250")
    billed.night()
    assert "It comes to 2.50 GBP less than they do." in billed.parts()[0]["evidence"]


@pytest.mark.parametrize("change", [
    "update canonical.erp_lines set amount_minor = 9000",
    "update canonical.erp_documents set status = 'cancelled', is_standing = false",
    "update billing.projects set erp_external_id = 'P1', project_id = 'p9'",
    "update billing.entries set version_sha256 = 'v2' where entry_id = 'tt:1'",
    "update canonical.rates set unit_price = 110",
    "insert into ops.match_decisions (decision_id, decision, withdraws) values (2, 'withdrawn', 1)",
])  # fmt: skip
def test_with_anything_changed_it_is_billed_as_ever(billed: World, change: str):
    billed.night()
    assert "tt:1" not in planned(billed)
    billed.warehouse.execute(change)
    billed.night()
    assert billed.fate()[1] != "billed_by_hand"


def test_going_live_comes_first_and_a_write_off_after(billed: World):
    billed.put("ops.decisions", kind="write_off", entry_id="tt:1", part=1, reason="goodwill",
               decided_by="Ana", seconded_by="Bo")  # fmt: skip
    billed.night()
    assert billed.fate() == ("settled_elsewhere", "billed_by_hand")
    billed.warehouse.execute("update config.going_live set bill_from = date '2026-03-08'")
    billed.night()
    assert billed.fate() == ("settled_elsewhere", "before_bill_from")


def test_an_entry_without_a_price_is_settled_too(billed: World):
    billed.warehouse.execute("delete from canonical.rates")
    billed.warehouse.execute("delete from ops.match_decisions")
    unpriced = {"version_sha256": "v1-1", "seconds": 3600, "amount_minor": None}
    decide(billed, entries=json.dumps({"tt:1": unpriced}), difference_minor=None)
    billed.night()
    assert billed.fate() == ("settled_elsewhere", "billed_by_hand")
    assert billed.broken() == ([], [], [])


def capped(world: World, cap: int) -> None:
    for table in ("billing.projects", "billing.entries"):
        world.warehouse.execute(f"update {table} set cap_minor = {cap}")


def test_what_was_billed_by_hand_uses_up_the_cap(billed: World):
    capped(billed, 25_000)
    billed.night()
    fits, over = billed.parts("tt:2")
    assert (fits["disposition"], fits["amount_minor"]) == ("queued", 15_000)
    assert (over["disposition"], over["reason"]) == ("deferred", "cap_used_up")
    assert over["evidence"] == (
        "The cap of project p1, 250.00 GBP, is used up: 0.00 GBP is in documents, 100.00 GBP was "
        "billed by hand, the rest went to earlier work."
    )
    assert billed.broken() == ([], [], [])


def test_with_a_difference_the_cap_is_used_by_what_the_customer_was_billed(billed: World):
    billed.warehouse.execute("delete from ops.match_decisions")
    billed.warehouse.execute("update canonical.erp_lines set amount_minor = 13000")
    facts = {"number": "S-1", "line_no": "1", "seconds": 3600, "amount_minor": 13_000}
    decide(billed, lines=json.dumps({"bc|UKCO|L1": facts}), difference_minor=3000)
    capped(billed, 25_000)
    billed.night()
    assert [part["amount_minor"] for part in billed.parts("tt:2")] == [12_000, 8000]


def test_a_line_that_bills_several_entries_uses_the_cap_once_and_in_its_own_project(billed: World):
    billed.warehouse.execute("delete from ops.match_decisions")
    one = {"version_sha256": "v1-1", "seconds": 3600, "amount_minor": PRICE}
    other = {"version_sha256": "v1-3", "seconds": 3600, "amount_minor": PRICE}
    billed.entry("3")
    billed.warehouse.execute("update canonical.erp_lines set amount_minor = 20000, quantity = 2")
    facts = {"number": "S-1", "line_no": "1", "seconds": 7200, "amount_minor": 20_000}
    decide(billed, lines=json.dumps({"bc|UKCO|L1": facts}),
           entries=json.dumps({"tt:1": one, "tt:3": other}))  # fmt: skip
    capped(billed, 25_000)
    billed.night()
    assert billed.fate("tt:3")[1] == "billed_by_hand"
    assert [part["amount_minor"] for part in billed.parts("tt:2")] == [5000, 15_000]


@pytest.mark.parametrize("change", [
    "delete from ops.match_decisions",
    "update ops.match_decisions set decision = 'rejected'",
    "update ops.match_decisions set decision = 'proposed'",
    "update canonical.erp_documents set status = 'cancelled', is_standing = false",
])  # fmt: skip
def test_a_decision_that_does_not_count_takes_nothing_from_the_cap(billed: World, change: str):
    capped(billed, 30_000)
    billed.warehouse.execute(change)
    billed.night()
    assert {billed.fate(entry) for entry in ("tt:1", "tt:2")} == {("queued", "to_be_planned")}
