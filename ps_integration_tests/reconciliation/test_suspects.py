"""What the rules look for first lets through all that they find, and no more comes of it."""

from decimal import Decimal

import pytest

from ps_integration_tests.reconciliation.world import UNPOSTED, breaks_of

SECOND = "PS-APOLLO-202603-2"
TWO_PARTS = [{"seconds": 1800, "amount_minor": 7500}, {"seconds": 1800, "amount_minor": 7500}]
DAY = [
    {},
    {"entry_id": "harvest:2", "external_id": "2", "system": "harvest", "is_primary": True},
]


@pytest.mark.parametrize("changed", [0, 1])
def test_tm06_sees_the_one_part_that_says_another_version(changed):
    lines = [{**line, "part": 1 + n, "line_no": 1 + n} for n, line in enumerate(TWO_PARTS)]
    lines[changed]["version_sha256"] = "v0"
    found = breaks_of("TM06", ops__posting_lines=lines)
    # the last part tells for all
    assert [f["entry_id"] for f in found] == (["harvest:1"] if changed else [])


def test_tm06_sees_an_amount_that_differs_where_the_version_does_not():
    [found] = breaks_of("TM06", ops__posting_lines=[{"amount_minor": 14999}])
    assert (found["difference_minor"], found["cause"]) == (1, "rate_changed_late")


def test_tm06_is_quiet_about_two_parts_that_say_tonights_version():
    lines = [{**line, "part": 1 + n, "line_no": 1 + n} for n, line in enumerate(TWO_PARTS)]
    assert not breaks_of("TM06", ops__posting_lines=lines)


@pytest.mark.parametrize("state", ["refused", "superseded"])
def test_a_line_that_came_to_nothing_leaves_its_entry_unposted(state):
    [found] = breaks_of("TM01", ops__documents=[{"state": state}])
    assert (found["entry_id"], found["right_id"]) == ("harvest:1", None)


@pytest.mark.parametrize(
    ("policy", "entries"), [("rebill", ["harvest:1"]), ("hold", []), ("leave", []), (None, [])]
)
def test_a_cancelled_document_leaves_its_entry_unposted_where_it_is_billed_again(policy, entries):
    """Elsewhere a person decides about the document, and BL05 speaks of it."""
    reversal = {"document_ref": "PS-APOLLO-202603-1", "amount_minor": 15000, "currency": "USD"}
    found = breaks_of(
        "TM01",
        ops__erp_reversals=[reversal],
        config__legal_entities=[{"voided_policy": policy}],
    )
    assert [f["entry_id"] for f in found] == entries


def test_what_was_taken_back_whole_is_unposted_again():
    lines = [
        {},
        {
            "document_ref": SECOND, "correction_no": 1, "correction": "reversal",
            "seconds": -3600, "amount_minor": -15000,
        },
    ]  # fmt: skip
    changes = {"ops__documents": [{}, {"document_ref": SECOND}], "ops__posting_lines": lines}
    assert [f["entry_id"] for f in breaks_of("TM01", **changes)] == ["harvest:1"]
    assert not breaks_of("TM06", **changes)


@pytest.mark.parametrize("state", ["refused", "superseded", "planned"])
def test_tm05_does_not_count_a_document_that_is_not_live(state):
    documents = [{}, {"document_ref": SECOND, "state": state}]
    assert not breaks_of(
        "TM05", ops__documents=documents, ops__posting_lines=[{}, {"document_ref": SECOND}]
    )


def test_tm05_does_not_count_a_correction_as_the_same_entry_again():
    lines = [{}, {"document_ref": SECOND, "correction_no": 1, "correction": "delta"}]
    documents = [{}, {"document_ref": SECOND}]
    assert not breaks_of("TM05", ops__documents=documents, ops__posting_lines=lines)


@pytest.mark.parametrize("second", [{"is_primary": False}, {"approval_state": "submitted"}])
def test_tm11_adds_up_only_what_counts(second):
    day = [{**entry, "seconds": 13 * 3600} for entry in DAY]
    assert len(breaks_of("TM11", **UNPOSTED, billing__entries=day)) == 2
    day[1] |= second
    assert not breaks_of("TM11", **UNPOSTED, billing__entries=day)


def test_tm11_adds_up_a_person_whom_nobody_knows():
    day = [{**entry, "seconds": 13 * 3600, "resource_id": None} for entry in DAY]
    found = breaks_of("TM11", **UNPOSTED, billing__entries=day)
    assert {f["right_id"] for f in found} == {"harvest:HR1 2026-03-10"}


@pytest.mark.parametrize("state", ["posted", "refused"])
def test_tm16_knows_what_was_posted_as_billable(state):
    [found] = breaks_of(
        "TM16", billing__entries=[{"is_billable": False}], ops__documents=[{"state": state}]
    )
    assert (found["cause"] == "edited_after_posting") is (state == "posted")


def test_tm03_and_tm04_see_a_line_of_which_only_one_figure_differs():
    hours = [{"quantity": Decimal("2.00000")}]
    [found] = breaks_of("TM03", canonical__erp_lines=hours)
    assert (found["left_system"], found["customer_key"]) == ("harvest", "acme")
    price = [{"unit_price": Decimal("149.000000")}]
    [found] = breaks_of("TM04", canonical__erp_lines=price)
    assert (found["left_system"], found["customer_key"]) == ("harvest", "acme")
