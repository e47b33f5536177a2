"""What a credit memo's line takes back, against brute force: every way to pair, counted out."""

import json
import os
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ps_integration.reconciliation.engine import found_rows, run_rules
from ps_integration.reconciliation.matching.credits import NEAREST_MAX, Billed, take_back
from ps_integration.reconciliation.rule import load_rules
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows import match_list
from ps_integration.workflows.why import why
from ps_integration_tests.reconciliation.world import WORLD, fill

CASES = int(os.environ.get("PS_MATCHING_CASES", "400"))
DAY = date(2026, 3, 31)
RULES = [rule for rule in load_rules() if rule.code == "TM02"]


def billed(key, minor=100, days=0, block="acme"):
    return Billed(key, block, DAY + timedelta(days=days), minor)


def random_case(rng):
    def some(prefix, count):
        return [
            billed(f"{prefix}{n}", rng.choice([100, 100, 250]), rng.randint(0, 4),
                   rng.choice(["acme", "acme", "zeta"]))
            for n in range(count)
        ]  # fmt: skip

    return some("c", rng.randint(1, 4)), some("i", rng.randint(0, 4))


def pairings(taking, given):
    """Every way to give each line that takes back nothing, or one line of its own that fits."""
    if not taking:
        yield frozenset()
        return
    first, rest = taking[0], taking[1:]
    yield from pairings(rest, given)
    for item in given:
        is_same = (item.block, item.minor) == (first.block, first.minor)
        if is_same and item.day <= first.day:
            left = [other for other in given if other is not item]
            for pairs in pairings(rest, left):
                yield pairs | {(first.key, item.key)}


def test_equals_brute_force():
    rng = random.Random(20260331)
    for _ in range(CASES):
        taking, given = random_case(rng)
        ways = list(pairings(taking, given))
        most = max(len(way) for way in ways)
        best = [way for way in ways if len(way) == most]
        wanted = {
            (pair, all(pair in way for way in best)) for way in best for pair in way
        }  # sure: in every best way; possible: in one
        found = take_back(taking, given)
        assert {((j.link.lines[0], j.link.entries[0]), j.is_confirmed) for j in found} == wanted


def test_the_order_of_the_input_changes_nothing():
    rng = random.Random(5)
    for _ in range(30):
        taking, given = random_case(rng)
        known = take_back(taking, given)
        for _ in range(4):
            rng.shuffle(taking)
            rng.shuffle(given)
            assert take_back(taking, given) == known


def test_what_only_one_can_take_back_leaves_the_other_for_the_other():
    """The first could take back either; the second only the first invoice."""
    taking = [billed("late", days=9), billed("early", days=2)]
    found = take_back(taking, [billed("old"), billed("new", days=5)])
    assert [(j.link.lines, j.link.entries, j.is_confirmed) for j in found] == [
        (("early",), ("old",), True), (("late",), ("new",), True),
    ]  # fmt: skip


def test_nothing_is_taken_back_before_it_is_billed_or_by_another_amount_or_customer():
    assert not take_back([billed("c")], [billed("i", days=1)])
    assert not take_back([billed("c", 101)], [billed("i")])
    assert not take_back([billed("c", block="zeta")], [billed("i")])


def test_too_many_equals_confirm_nothing_and_list_the_nearest():
    taking = [billed(f"c{n:02}", days=60) for n in range(45)]
    found = take_back(taking, [billed(f"i{n:02}", days=n) for n in range(46)])
    assert not any(judged.is_confirmed for judged in found)
    listed = [j.link.entries[0] for j in found if j.link.lines == ("c00",)]
    assert listed == [f"i{n:02}" for n in range(46 - NEAREST_MAX, 46)]


def memo(*, minor=15000, day=DAY, lines=(), documents=(), **changes):
    """The world's own posted entry, a credit memo typed by hand, and further documents."""
    head, [line] = WORLD["canonical.erp_documents"][0], WORLD["canonical.erp_lines"]
    own = {
        "external_id": "C1", "number": "S-CM1", "kind": "credit_memo", "reference": "",
        "posting_date": day, **changes,
    }  # fmt: skip
    return {
        "canonical__erp_documents": [head, {**head, **own},
                                     *({**head, "reference": "", **one} for one in documents)],
        "canonical__erp_lines": [
            line,
            {**line, "document_external_id": "C1", "external_id": "C1-1", "line_no": 1,
             "amount_minor": minor},
            *({**line, **one} for one in lines),
        ],
    }  # fmt: skip


def invoice(number, minor=15000, **changes):
    """One more document typed by hand, with one line."""
    document = {"external_id": number, "number": number, "posting_date": DAY, **changes}
    line = {"document_external_id": number, "external_id": f"{number}-1", "line_no": 1,
            "amount_minor": minor}  # fmt: skip
    return {"documents": [document], "lines": [line]}


def play(world, more=None):
    """What TM02 says, by document and line, and the rows of the matches."""
    with Warehouse(Path(":memory:")) as warehouse:
        fill(warehouse, world | (more or {}))
        run_rules(warehouse, RULES)
        found = {row["record_key"].split("|")[2]: row["detail"] for row in found_rows(warehouse)}
        return found, warehouse.rows("select * from reconciliation.credit_matches order by all")


def test_a_credit_memo_names_the_line_typed_by_hand_that_it_takes_back():
    said, [row] = play(memo(minor=20000, **invoice("S-9", 20000)))
    assert said["C1-1"].endswith(
        "reference (none). It takes back S-9/1: customer, project, currency and amount agree, and "
        "nothing else fits."
    )
    assert "S-CM1/1 takes it back." in said["S-9-1"]
    assert (row["takes_back"], row["kind"]) == ("bc|US Inc|S-9-1", "hand_typed")


def test_a_credit_memo_names_our_own_posted_line():
    said, rows = play(memo())
    assert said["C1-1"].endswith(
        "It takes back S-INV1, PS-APOLLO-202603-1/1, which we posted: customer, project, currency "
        "and amount agree, and nothing else fits."
    )
    assert [(row["kind"], row["status"]) for row in rows] == [("posted", "confirmed")]


def test_when_one_of_ours_and_one_typed_by_hand_fit_both_are_listed():
    said, _ = play(memo(**invoice("S-9")))
    assert said["C1-1"].endswith(
        "It may take back S-INV1, PS-APOLLO-202603-1/1 or S-9/1: a person must say which, if any."
    )
    assert "S-CM1/1 may take it back." in said["S-9-1"]


@pytest.mark.parametrize("minor", [15000, -15000])
def test_the_sign_in_a_credit_memo_is_the_vendors(minor):
    _, [row] = play(memo(minor=minor))
    assert row["status"] == "confirmed"


def test_a_negative_line_of_an_invoice_takes_back_too():
    _, [row] = play(memo(minor=-15000, kind="invoice"))
    assert (row["record_key"], row["status"]) == ("bc|US Inc|C1-1", "confirmed")


@pytest.mark.parametrize(("changes", "more"), [
    ({"minor": 15001}, {}), ({"customer_key": "zeta"}, {}), ({"day": date(2026, 3, 1)}, {}),
    ({}, {"ops__documents": [{"customer_key": None}]}),
    ({}, {"ops__documents": [{"state": "sending"}]}),
    ({}, {"ops__posting_lines": [{"project_id": "zeus"}]}),
    ({}, {"ops__posting_lines": [{"currency": "EUR"}]}),
])  # fmt: skip
def test_what_differs_or_does_not_stand_in_the_erp_is_not_taken_back(changes, more):
    said, rows = play(memo(**changes), {"ops__documents": [{"posting_date": DAY}]} | more)
    assert rows == []
    assert said["C1-1"].endswith(
        "No line typed by hand since going live, and none of ours, has its customer, project, "
        "currency and amount and is not dated after it."
    )


def test_what_we_have_corrected_ourselves_is_not_taken_back_again():
    [own] = WORLD["ops.posting_lines"]
    undone = {"line_key": "x", "document_ref": "PS-APOLLO-202604-1", "amount_minor": -15000,
              "correction": "reversal", "corrects_line_key": own["line_key"]}  # fmt: skip
    documents = [{}, {"document_ref": "PS-APOLLO-202604-1", "kind": "credit_memo"}]
    _, rows = play(memo(), {"ops__posting_lines": [{}, undone], "ops__documents": documents})
    assert rows == []


def accepted(key):
    facts = {"number": "S-9", "line_no": "1", "seconds": None, "amount_minor": 20000}
    of_entry = {"version_sha256": "v1", "seconds": 3600, "amount_minor": 15000}
    return {
        "decision_id": 7, "decision": "accepted", "lines": json.dumps({key: facts}),
        "entries": json.dumps({"harvest:1": of_entry}), "project_id": "apollo", "currency": "USD",
        "difference_minor": 0, "decided_by": "ana", "note": "Sent", "withdraws": None,
        "decided_at": datetime(2026, 3, 20, 9, tzinfo=UTC),
    }  # fmt: skip


def test_a_line_that_was_accepted_and_is_taken_back_is_told_with_its_decision():
    world = memo(minor=20000, **invoice("S-9", 20000))
    said, _ = play(world, {"ops__match_decisions": [accepted("bc|US Inc|S-9-1")]})
    assert said["C1-1"].endswith(
        "ana has accepted S-9/1 as billing harvest:1: withdraw decision 7, so that they are billed."
    )


def test_why_tells_that_what_was_posted_for_an_entry_was_taken_back_by_hand():
    with Warehouse(Path(":memory:")) as warehouse:
        fill(warehouse, memo())
        run_rules(warehouse, RULES)
        [told] = why(warehouse, "harvest:1").chapters["taken back by hand"]
    assert (told["number"], told["status"]) == ("S-CM1", "confirmed")
    assert told["takes_back"] == "S-INV1, PS-APOLLO-202603-1/1"


def test_the_list_of_lines_typed_by_hand_says_what_is_taken_back():
    with Warehouse(Path(":memory:")) as warehouse:
        fill(warehouse, memo())
        run_rules(warehouse, RULES)
        [line] = match_list.lines(warehouse, "confirmed")
    assert (line["line"], line["evidence"]) == (
        "S-CM1/1", "customer, project, currency and amount",
    )  # fmt: skip
    assert line["entries"] == "takes back S-INV1, PS-APOLLO-202603-1/1"
