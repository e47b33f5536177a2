"""What the writer does to a live Tryton, and what Tryton then holds."""

from datetime import date
from decimal import Decimal

import pytest


def held(rpc, reference):
    fields = ("state", "number", "untaxed_amount", "accounting_date", "lines.quantity")
    return rpc.read("account.invoice", [["reference", "=", reference]], *fields)


def posted(writer, document):
    made = writer.create(document)
    assert made.outcome == "accepted", made
    answer = writer.post(document, made.receipt.erp_id)
    assert answer.outcome == "accepted", answer
    return answer.receipt


def test_a_draft_is_created_and_then_posted_to_the_cent(writer, document, rpc):
    sent = document("PS-A-1")
    made = writer.create(sent)
    assert (made.outcome, made.receipt.state, made.receipt.number) == ("accepted", "draft", "")
    receipt = writer.post(sent, made.receipt.erp_id).receipt
    assert (receipt.state, receipt.kind) == ("posted", "invoice")
    assert (receipt.amount_minor, receipt.line_amounts_minor) == (23750, (23750,))
    assert (receipt.posting_date, receipt.customer_key) == (date(2026, 3, 31), "c100")
    (own,) = held(rpc, "PS-A-1")
    assert own["state"] == "posted"
    assert own["number"] == receipt.number
    assert own["untaxed_amount"] == {"__class__": "Decimal", "decimal": "237.50"}
    assert own["lines."][0]["quantity"] == pytest.approx(1.58333)


def test_a_credit_memo_is_an_invoice_of_negative_quantities_with_its_own_numbers(
    writer, document, rpc
):
    receipt = posted(writer, document("PS-C-1", kind="credit_memo"))
    assert (receipt.kind, receipt.amount_minor) == ("credit_memo", 23750)
    assert receipt.number.startswith("OUTCN-")
    (own,) = held(rpc, "PS-C-1")
    assert Decimal(own["untaxed_amount"]["decimal"]) == Decimal("-237.50")


def test_a_closed_period_takes_the_draft_and_refuses_to_post_it(writer, document, rpc):
    sent = document("PS-J-1", posting_date=date(2026, 1, 31))
    made = writer.create(sent)
    assert made.outcome == "accepted"
    refused = writer.post(sent, made.receipt.erp_id)
    assert (refused.outcome, refused.recovery) == ("refused", "fix_data")
    assert writer.discard_draft(sent.company, made.receipt.erp_id).outcome == "accepted"
    assert held(rpc, "PS-J-1") == []
    assert writer.find(sent.company, "PS-J-1") == []
