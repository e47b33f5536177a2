"""An invoice of ours that somebody else credited is a break; our own credit memos are none.

The world's invoice is 150.00 before tax; here it is 180.00 with it.
"""

import pytest

from ps_integration_tests.reconciliation.world import breaks_of
from ps_integration_tests.reconciliation.world_master import from_record

INVOICE = {"total_minor": 18000, "tax_minor": 3000, "remaining_minor": 0, "status": "paid"}
MEMO = {
    **from_record("bc", "credit_memos", "G9"),
    "kind": "credit_memo",
    "number": "CM9",
    "reference": None,
    "amount_minor": 15000,
    "total_minor": 18000,
    "remaining_minor": None,
    "status": "open",
}


def found(*documents, **changes):
    return breaks_of("BL05", canonical__erp_documents=[*documents], **changes)


@pytest.mark.parametrize(
    ("credited", "left", "at_risk"),
    [(18000, 0, 15000), (9000, 9000, 7500), (6, 17994, 5)],
)
def test_a_credit_that_is_not_ours_is_named_with_its_money(credited, left, at_risk):
    shown = {**INVOICE, "credited_minor": credited, "remaining_minor": left}
    [one] = found({**shown, "status": "part_paid" if left else "paid"})
    assert (one["at_risk_minor"], one["difference_minor"]) == (at_risk, at_risk)
    assert "shows another: credited there." in one["detail"]
    assert f"Of it {credited / 100:.2f} USD with tax was settled by a credit" in one["detail"]


def test_what_was_paid_is_no_break():
    assert found({**INVOICE, "credited_minor": 0}) == []
    assert found(INVOICE) == []


def test_a_memo_typed_by_hand_that_names_our_invoice_is_one():
    [one] = found(INVOICE, {**MEMO, "applies_to": "G1"})
    assert one["record_key"] == "PS-APOLLO-202603-1"
    assert one["at_risk_minor"] == 15000


@pytest.mark.parametrize("applies_to", [None, "G7"])
def test_a_memo_that_names_another_invoice_or_none_says_nothing_of_ours(applies_to):
    assert found(INVOICE, {**MEMO, "applies_to": applies_to}) == []


def test_a_memo_that_is_a_draft_or_undone_settles_nothing():
    assert found(INVOICE, {**MEMO, "applies_to": "G1", "is_standing": False}) == []


OURS = {
    "document_ref": "PS-APOLLO-202603-2",
    "kind": "credit_memo",
    "amount_minor": -15000,
    "erp_id": "G9",
    "erp_number": "CM9",
}
REVERSAL = {
    "line_key": "bc|harvest|time_entry|1|1|1",
    "document_ref": "PS-APOLLO-202603-2",
    "amount_minor": -15000,
    "correction": "reversal",
    "corrects_document_ref": "PS-APOLLO-202603-1",
}


@pytest.mark.parametrize(
    ("corrects", "left", "breaks"),
    [
        ("PS-APOLLO-202603-1", 0, 0),
        # made for another invoice of the same customer, and applied to this one
        ("PS-APOLLO-202603-0", 0, 0),
        # ours is not applied at all, so what settled the invoice is another
        ("PS-APOLLO-202603-1", 18000, 1),
    ],
)
def test_our_own_credit_memo_settles_what_it_corrects(corrects, left, breaks):
    memo = {**MEMO, "reference": "PS-APOLLO-202603-2", "remaining_minor": left}
    about = [
        one
        for one in found(
            {**INVOICE, "credited_minor": 18000},
            memo,
            ops__documents=[{}, OURS],
            ops__posting_lines=[{}, {**REVERSAL, "corrects_document_ref": corrects}],
        )
        if one["record_key"] == "PS-APOLLO-202603-1"
    ]
    assert len(about) == breaks
