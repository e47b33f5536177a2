"""Accounts that route invoices for approval: pending is a draft, approving posts it."""

from dataclasses import replace

import pytest

from ps_integration_tests.posting.targets import netsuite

REF = "PS-APOLLO-202603-1"


@pytest.fixture
def settings():
    return {"approval_routing": True}


@pytest.fixture
def writer(url):
    return netsuite.writer(url, invoice_approval="draft")


def test_an_invoice_waits_for_approval_until_it_is_posted(writer, invoice, held):
    draft = writer.create(invoice).receipt
    assert (draft.state, held()) == ("draft", [(REF, "invoice", "draft", 109_998)])
    posted = writer.post(invoice, draft.erp_id)
    assert (posted.outcome, posted.receipt.state) == ("accepted", "posted")
    assert posted.receipt.erp_id == draft.erp_id
    assert held() == [(REF, "invoice", "posted", 109_998)]


def test_an_account_whose_invoices_are_sent_approved_posts_them_at_once(url, invoice):
    answer = netsuite.writer(url, invoice_approval="approved").create(invoice)
    assert answer.receipt.state == "posted"


def test_a_lost_reply_to_approving_is_settled_by_finding_the_invoice(writer, invoice, fault):
    draft = writer.create(invoice).receipt
    fault("timeout_after_commit", method="PATCH")
    assert writer.post(invoice, draft.erp_id).outcome == "ambiguous"
    assert writer.find("1", REF)[0].state == "posted"


def test_a_period_closed_meanwhile_refuses_and_leaves_the_draft(writer, invoice, edit, held):
    draft = writer.create(invoice).receipt
    edit("accountingPeriod", "603", closed=True)
    answer = writer.post(invoice, draft.erp_id)
    assert (answer.outcome, answer.recovery) == ("refused", "fix_data")
    assert held() == [(REF, "invoice", "draft", 109_998)]


def test_an_invoice_rejected_by_an_approver_is_cancelled(writer, invoice, edit):
    writer.create(invoice)
    edit("invoice", "1", approvalStatus={"id": "3"})
    assert writer.find("1", REF)[0].state == "cancelled"


def test_a_draft_is_discarded_and_a_posted_invoice_is_not(writer, invoice, held):
    gone = writer.create(invoice).receipt
    assert writer.discard_draft("1", gone.erp_id).outcome == "accepted"
    assert held() == []
    assert writer.discard_draft("1", gone.erp_id).outcome == "accepted"
    kept = writer.create(invoice).receipt
    writer.post(invoice, kept.erp_id)
    assert writer.discard_draft("1", kept.erp_id).outcome == "refused"
    assert held() == [(REF, "invoice", "posted", 109_998)]


def test_a_credit_memo_cannot_be_a_draft_and_is_sent_only_with_leave(writer, url, invoice, held):
    memo = replace(invoice, kind="credit_memo")
    answer = writer.create(memo)
    assert (answer.outcome, answer.recovery, held()) == ("refused", "fix_configuration", [])
    allowed = netsuite.writer(url, invoice_approval="draft", credit_memos_post_at_once=True)
    assert allowed.create(memo).receipt.state == "posted"
