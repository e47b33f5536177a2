"""Matching honours what people decided, while both sides are as they were then."""

import json
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ps_integration.reconciliation.engine import found_rows, run_rules
from ps_integration.reconciliation.matching.fill import match
from ps_integration.reconciliation.rule import load_rules
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows.why import why
from ps_integration_tests.reconciliation.test_matching import DAY, entry, line, random_case, typed
from ps_integration_tests.reconciliation.world import breaks_of, fill, runs_of

KEY, ENTRY = "bc|US Inc|G9-1", "harvest:1"
RULES = [rule for rule in load_rules() if rule.code in {"TM01", "TM02"}]


def decided(number=1, decision="accepted", **changes):
    """A decision about the world's typed line and its one entry, both as the world has them."""
    facts = {"number": "S-INV1", "line_no": "1", "seconds": None, "amount_minor": 15000}
    of_entry = {"version_sha256": "v1", "seconds": 3600, "amount_minor": 15000}
    return {
        "decision_id": number, "decision": decision, "lines": json.dumps({KEY: facts}),
        "entries": json.dumps({ENTRY: of_entry}), "project_id": "apollo", "currency": "USD",
        "difference_minor": 0, "decided_by": "ana", "note": "Sent before the trip",
        "decided_at": datetime(2026, 3, 20, 9, tzinfo=UTC), "withdraws": None, **changes,
    }  # fmt: skip


def tm02(*decisions, **changes):
    world = typed({}) | changes
    return [row["detail"] for row in breaks_of("TM02", ops__match_decisions=[*decisions], **world)]


def test_an_accepted_match_is_taken_before_anything_is_searched():
    with Warehouse(Path(":memory:")) as warehouse:
        fill(warehouse, typed({}, {}) | {"ops__match_decisions": [decided()]})
        run_rules(warehouse, RULES)
        matches = warehouse.rows("select record_key, entry_id, status from reconciliation.matches")
        assert matches == [{"record_key": KEY, "entry_id": ENTRY, "status": "accepted"}]
        found = {(row["rule"], row["record_key"]) for row in found_rows(warehouse)}
        assert found == {("TM02", "bc|US Inc|G9-2")}  # the twin has no entry left
        [told] = why(warehouse, ENTRY).chapters["billed by hand"]
        assert told["evidence"] == "accepted by ana on 2026-03-20, Sent before the trip"


def test_approved_time_that_was_billed_by_hand_is_not_missed():
    late = {"config__run": [{"as_of_date": date(2026, 6, 1)}]}
    world = typed({}) | late
    assert runs_of(world, {"TM01"})["TM01"].found
    assert not runs_of(world | {"ops__match_decisions": [decided()]}, {"TM01"})["TM01"].found


def test_a_decision_that_was_taken_back_counts_for_nothing():
    back = decided(2, "withdrawn", withdraws=1)
    [said] = tm02(decided(), back)
    assert f"It bills ({ENTRY})" in said
    assert "counts no longer" not in said
    assert tm02(decided(), back, decided(3)) == []


def test_a_proposal_settles_nothing_and_is_said():
    [said] = tm02(decided(decision="proposed", difference_minor=500))
    assert f"It bills ({ENTRY})" in said
    assert said.endswith(
        "ana has proposed harvest:1 for it on 2026-03-20 (decision 1), which waits for another "
        "person to confirm it."
    )


def test_what_two_persons_accepted_is_said_with_both():
    second = decided(2, withdraws=1, decided_by="ben", note="seen the mail")
    world = {"ops__match_decisions": [decided(decision="proposed", note="agreed."), second]}
    with Warehouse(Path(":memory:")) as warehouse:
        fill(warehouse, typed({}) | world)
        run_rules(warehouse, RULES)
        assert found_rows(warehouse) == []
        [told] = why(warehouse, ENTRY).chapters["billed by hand"]
        said = "accepted by ana and ben on 2026-03-20, agreed; seen the mail"
        assert told["evidence"] == said
    [said] = tm02(*world["ops__match_decisions"], billing__entries=[{"version_sha256": "v2"}])
    assert "ana and ben have accepted harvest:1 for it on 2026-03-20 (decision 2), which" in said


def test_a_confirmation_that_was_taken_back_leaves_no_proposal():
    second = decided(2, withdraws=1, decided_by="ben")
    back = decided(3, "withdrawn", withdraws=2)
    [said] = tm02(decided(decision="proposed"), second, back)
    assert f"It bills ({ENTRY})" in said
    assert "proposed" not in said


@pytest.mark.parametrize(("changes", "what"), [
    ({"canonical__erp_lines": [{"amount_minor": 14900}]}, "line 1 of S-INV1 has changed"),
    ({"canonical__erp_lines": [{"currency": "EUR"}]}, "line 1 of S-INV1 has changed"),
    ({"canonical__erp_lines": [{"line_type": "resource"}]}, "line 1 of S-INV1 has changed"),
    ({"billing__entries": [{"version_sha256": "v2"}]}, "harvest:1 has changed"),
    ({"billing__entries": [{"approval_state": "draft"}]}, "harvest:1 is not approved any more"),
    ({"billing__entries": [{"is_deleted": True}]}, "harvest:1 is not approved any more"),
    ({"billing__entries": []}, "harvest:1 is not approved any more"),
    ({"billing__entries": [{"project_id": "zeus"}]}, "has another price, project or currency"),
    ({"billing__rated_entries": [{"amount_minor": 16000}]}, "has another price"),
    ({"billing__rated_entries": []}, "has another price"),
])  # fmt: skip
def test_a_decision_about_what_has_changed_is_said_and_counts_no_longer(changes, what):
    world = typed({})
    if rows := changes.get("canonical__erp_lines"):
        [own] = world["canonical__erp_lines"]
        changes = {"canonical__erp_lines": [{**own, **rows[0]}]}
    [said] = tm02(decided(), **changes)
    assert f"ana has accepted {ENTRY} for it on 2026-03-20 (decision 1), which counts" in said
    assert what in said
    assert said.endswith("Withdraw it and decide anew.")


def test_an_entry_that_a_document_of_ours_has_as_well_is_said():
    world = typed({})
    del world["ops__documents"], world["ops__posting_lines"]
    [said] = breaks_of("TM02", **world, ops__match_decisions=[decided()])
    assert "harvest:1 is in PS-APOLLO-202603-1" in said["detail"]
    world["ops__documents"] = [{"state": "planned"}]
    assert breaks_of("TM02", **world, ops__match_decisions=[decided()]) == []


def test_what_is_rejected_is_neither_offered_nor_called_the_nearest():
    [said] = tm02(decided(decision="rejected"))
    assert ENTRY not in said
    [said] = tm02(decided(decision="rejected"), billing__entries=[{"version_sha256": "v2"}])
    assert f"It bills ({ENTRY})" in said
    assert "ana has rejected harvest:1" in said


def test_a_rejected_set_is_no_link_with_whatever_other_line():
    lines, entries = [line("l1", 3), line("l2", 5)], [entry("e", 8)]
    assert match(lines, entries)
    for key in ("l1", "l2"):
        assert match(lines, entries, frozenset({(key, ("e",))})) == []


def test_with_one_of_two_equals_rejected_the_other_is_confirmed():
    entries = [entry("a", 8), entry("b", 8, day=DAY - timedelta(days=1))]
    [found] = match([line("l", 8)], entries, frozenset({("l", ("a",))}))
    assert (found.link.entries, found.is_confirmed) == (("b",), True)
    assert len(match([line("l", 8)], entries, frozenset({("l", ("a", "b"))}))) == 2


def test_the_order_of_the_input_changes_nothing():
    rng = random.Random(11)
    for _ in range(30):
        lines, entries = random_case(rng)
        links = [found.link for found in match(lines, entries)]
        if not links:
            continue
        no = frozenset({(links[0].lines[0], links[0].entries)})
        known = match(lines, entries, no)
        for _ in range(4):
            rng.shuffle(lines)
            rng.shuffle(entries)
            assert match(lines, entries, no) == known


def test_the_order_of_decisions_and_of_what_they_name_changes_nothing():
    facts = {"number": "S-INV1", "line_no": "1", "seconds": None, "amount_minor": 15000}
    keys = [KEY, "bc|US Inc|G9-2"]
    both = decided(
        3, lines=json.dumps({key: {**facts, "amount_minor": 7500} for key in keys}), note="two"
    )
    back = decided(2, "withdrawn", withdraws=1)
    rows = [decided(), back, both, decided(4, "rejected")]
    rng, seen = random.Random(3), set()
    halves = [{"amount_minor": 7500, "quantity": Decimal("0.5")}] * 2
    for _ in range(6):
        rng.shuffle(rows)
        rng.shuffle(keys)
        both["lines"] = json.dumps({key: {**facts, "amount_minor": 7500} for key in keys})
        with Warehouse(Path(":memory:")) as warehouse:
            fill(warehouse, typed(*halves) | {"ops__match_decisions": list(rows)})
            run_rules(warehouse, RULES)
            matches = warehouse.rows("select * from reconciliation.matches order by all")
            seen.add(str((matches, found_rows(warehouse))))
    assert len(seen) == 1


def above_cap(cap, *decisions, **changes):
    """What TM15 finds above a cap: the typed line's entry, and a second one that waits."""
    second = {"entry_id": "harvest:2", "external_id": "2", "is_primary": True, "system": "harvest"}
    found = breaks_of(
        "TM15",
        **typed({}) | {
            "billing__projects": [{"cap_minor": cap}], "billing__entries": [{}, second],
            "billing__rated_entries": [{}, {"entry_id": "harvest:2"}],
            "ops__match_decisions": [*decisions], **changes,
        },
    )  # fmt: skip
    return [(one["at_risk_minor"], one["right_value"]) for one in found]


def test_tm15_counts_what_was_billed_by_hand_before_what_waits():
    assert above_cap(30000, decided()) == []
    assert above_cap(20000, decided()) == [(10000, "300.00 USD worked")]
    assert above_cap(10000, decided()) == [(15000, "300.00 USD worked")]


def test_tm15_counts_a_difference_as_the_customer_was_billed():
    facts = {"number": "S-INV1", "line_no": "1", "seconds": None, "amount_minor": 18000}
    typed_line = typed({"amount_minor": 18000})["canonical__erp_lines"]
    by_two = decided(lines=json.dumps({KEY: facts}), difference_minor=3000)
    found = above_cap(30000, by_two, canonical__erp_lines=typed_line)
    assert found == [(3000, "330.00 USD worked")]


def test_tm15_counts_no_entry_twice_that_was_posted_cancelled_and_then_billed_by_hand():
    world = {"ops__documents": [{"erp_id": "G0"}], "ops__posting_lines": [
        {}, {"line_key": "x", "amount_minor": -15000, "seconds": -3600, "correction": "reversal"},
    ]}  # fmt: skip
    assert above_cap(30000, decided(), **world) == []
    assert above_cap(29999, decided(), **world) == [(1, "300.00 USD worked")]
