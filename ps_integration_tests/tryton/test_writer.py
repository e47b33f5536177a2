"""What the writer does to a live Tryton, and what Tryton then holds."""

import json
from datetime import date
from decimal import Decimal
from urllib.request import Request, urlopen

import pytest

from ps_integration.connectors.registry import vendor
from ps_integration.errors import FixConfigError


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


def test_ours_finds_all_of_a_prefix_and_nothing_like_it(writer, document):
    sent = [document("PS-O_1"), document("PS-O_2"), document("PS-OX3")]
    for one in sent:
        writer.create(one)
    found = writer.ours(sent[0].company, "PS-O_")
    assert sorted(one.reference for one in found) == ["PS-O_1", "PS-O_2"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"customer_key": "nobody"}, "party nobody"),
        ({"revenue_account": "4999"}, "account 4999"),
        ({"tax_code": "7%"}, "tax 7%"),
        ({"project_id": "zz-9"}, "analytic account zz-9"),
    ],
)
def test_what_tryton_does_not_have_is_refused_by_name_before_anything_is_sent(
    writer, document, rpc, change, said
):
    answer = writer.create(document("PS-N-1", **change))
    assert (answer.outcome, answer.recovery) == ("refused", "fix_data")
    assert said in answer.message
    assert held(rpc, "PS-N-1") == []


@pytest.mark.parametrize(
    "change",
    [
        {"unit_price": "150.00001"},
        {"quantity": "1.583333"},
        {"quantity": "0.5", "unit_price": "0.01", "amount_minor": 1},
    ],
)
def test_what_tryton_would_make_another_amount_of_is_refused(writer, document, rpc, change):
    answer = writer.create(document("PS-N-2", **change))
    assert (answer.outcome, answer.recovery) == ("refused", "fix_configuration")
    assert answer.bad_lines == (1,)
    assert held(rpc, "PS-N-2") == []


def test_outgoing_is_what_is_sent_byte_for_byte(lossy, document):
    with lossy() as erp:
        sent = document("PS-B-1")
        shown = erp.outgoing(sent)
        assert erp.outgoing(sent) == shown
        assert b'"reference":"PS-B-1"' in shown.body
        assert (shown.method, shown.path) == ("POST", "/erp/rpc/")


def test_a_posted_invoice_is_not_discarded(writer, document):
    receipt = posted(writer, document("PS-D-1"))
    answer = writer.discard_draft(document("PS-D-1").company, receipt.erp_id)
    assert (answer.outcome, answer.receipt.state) == ("refused", "posted")


def test_posting_what_somebody_has_posted_is_a_doubt_to_look_up(writer, document, rpc):
    sent = document("PS-D-2")
    made = writer.create(sent)
    rpc.model("account.invoice", "post", [int(made.receipt.erp_id)])
    assert writer.post(sent, made.receipt.erp_id).outcome == "ambiguous"
    assert [one.state for one in writer.find(sent.company, "PS-D-2")] == ["posted"]


def test_a_session_that_has_ended_is_renewed_and_the_write_done_once(setup_at, document, live, rpc):
    writer = vendor("tryton").erp_writer(setup_at())
    sent = document("PS-S-1")
    made = writer.create(sent)
    headers = dict(writer._rpc._auth.headers())
    body = json.dumps({"id": 1, "method": "common.db.logout", "params": []}).encode()
    headers["Content-Type"] = "application/json"
    with urlopen(Request(f"{live.url}/erp/rpc/", body, headers), timeout=10):  # noqa: S310 - ours
        pass
    assert writer.post(sent, made.receipt.erp_id).outcome == "accepted"
    assert len(held(rpc, "PS-S-1")) == 1


def test_with_our_date_a_payment_due_in_the_past_is_acknowledged_and_posted(
    setup_at, document, live
):
    company = live.companies["NL"]
    options = {"companies": {"nl": company}, "invoice_date": "document", "cost_centre_root": ""}
    writer = vendor("tryton").erp_writer(setup_at(**options))
    assert writer.capability.is_ordered
    day = date(2026, 1, 5)
    told = {"company": company, "project_id": "nl-1", "tax_code": "21%", "customer_key": "c200"}
    receipt = posted(writer, document("PS-W-1", invoice_date=day, posting_date=day, **told))
    assert receipt.posting_date == day
    earlier = document("PS-W-2", invoice_date=date(2026, 1, 4), posting_date=day, **told)
    made = writer.create(earlier)
    assert writer.post(earlier, made.receipt.erp_id).outcome == "refused"


def test_a_company_that_is_hidden_from_the_user_is_never_taken_for_empty(setup_at, rpc, live):
    rpc.model("res.user", "write", [rpc.user], {"company_filter": "one"})
    try:
        hidden = vendor("tryton").erp_writer(setup_at())
        with pytest.raises(FixConfigError, match="company filter"):
            hidden.find(live.companies["DE"], "PS-A-1")
    finally:
        rpc.model("res.user", "write", [rpc.user], {"company_filter": "all"})
