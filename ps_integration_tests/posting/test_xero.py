"""A signed batch goes to Xero over HTTP, and is there once."""

from datetime import date

import pytest

from ps_integration.errors import RetryLaterError
from ps_integration.sandbox.faults import Fault, add_fault
from ps_integration.sandbox.vendors.xero import ORGANISATIONS
from ps_integration.workflows import post
from ps_integration_tests.posting.making import make_batch, make_document, make_firm, make_night
from ps_integration_tests.posting.targets import xero
from ps_integration_tests.posting.test_invoice_dates import dated

REF = "PS-APOLLO-202603-1"
POSTED = [(REF, "invoice", "posted", 35_000)]


@pytest.fixture
def target(tmp_path):
    with xero.serving(tmp_path) as target:
        yield target


def lock(target, day):
    organisation = {**xero.ORGANISATION, "PeriodLockDate": day}
    target.state.put(xero.SYSTEM, ORGANISATIONS, xero.TENANT, organisation, xero.NOW)


def test_a_signed_batch_is_posted_and_read_back(store, night, approved, states, target):
    approved(make_batch())
    result = post.post(night, store, {"bc": xero.writer(target.base_url)})
    assert (states()[REF], result.row_count) == ("posted", 1)
    assert "erp_altered" not in result.metadata
    assert xero.documents(target.state) == POSTED


@pytest.mark.parametrize(
    "kind",
    ["timeout_after_commit", "timeout_before_commit", "status_500_after_commit", "status_503"],
)
def test_a_lost_answer_ends_with_one_document(store, night, approved, states, target, kind):
    approved(make_batch())
    add_fault(target.state, Fault(kind, "*", "PUT", times=1))
    post.post(night, store, {"bc": xero.writer(target.base_url)})
    assert (states()[REF], xero.documents(target.state)) == ("posted", POSTED)


def test_a_commit_after_the_look_up_ends_with_one_document(store, night, approved, states, target):
    approved(make_batch())
    add_fault(target.state, Fault("slow_commit", "*", "PUT", times=1))
    post.post(night, store, {"bc": xero.writer(target.base_url)})
    for late in target.server.app.late_commits:
        late.join()
    post.post(night, store, {"bc": xero.writer(target.base_url)})
    assert (states()[REF], xero.documents(target.state)) == ("posted", POSTED)


def test_too_many_requests_are_sent_again_in_the_same_run(store, night, approved, states, target):
    approved(make_batch())
    add_fault(target.state, Fault("status_429", "*", "PUT", times=1))
    post.post(night, store, {"bc": xero.writer(target.base_url)})
    assert (states()[REF], xero.documents(target.state)) == ("posted", POSTED)


def test_a_credit_memo_goes_out_with_positive_amounts(store, night, approved, states, target):
    document = make_document(amounts=(-10_000, -25_000), kind="credit_memo")
    approved(make_batch(document))
    post.post(night, store, {"bc": xero.writer(target.base_url)})
    assert states()[REF] == "posted"
    assert xero.documents(target.state) == [(REF, "credit_memo", "posted", 35_000)]


def test_one_date_is_the_policys_and_the_due_date_follows_it(store, tmp_path, approved, target):
    """Work up to 10 March by the end of its period: dated 31 March, due 30 days later."""
    night = make_night(tmp_path, firm=dated("end_of_period"))
    approved(make_batch(make_document(posting_date=date(2026, 3, 10))), night)
    result = post.post(night, store, {"bc": xero.writer(target.base_url)})
    [made] = target.state.documents(xero.SYSTEM, xero.collection(xero.TENANT, "Invoices"))
    assert (made["Date"], made["DueDate"]) == ("2026-03-31", "2026-04-30")
    assert "erp_altered" not in result.metadata


def test_a_locked_period_refuses_the_document_and_leaves_nothing(
    store, night, approved, states, target
):
    lock(target, "2026-03-31")
    approved(make_batch())
    post.post(night, store, {"bc": xero.writer(target.base_url)})
    assert (states()[REF], xero.documents(target.state)) == ("refused", [])


def test_draft_mode_needs_drafts_and_stops_at_one(store, tmp_path, approved, states, target):
    night = make_night(tmp_path, firm=make_firm(mode="draft"))
    approved(make_batch(), night)
    post.post(night, store, {"bc": xero.writer(target.base_url)})
    assert (states()[REF], xero.documents(target.state)) == ("approved", [])
    post.post(night, store, {"bc": xero.writer(target.base_url, draft_first=True)})
    assert states()[REF] == "draft"
    assert xero.documents(target.state) == [(REF, "invoice", "draft", 35_000)]


def test_a_draft_is_approved_by_a_second_call(store, night, approved, states, target):
    approved(make_batch())
    post.post(night, store, {"bc": xero.writer(target.base_url, draft_first=True)})
    assert (states()[REF], xero.documents(target.state)) == ("posted", POSTED)


def test_a_draft_that_may_not_be_posted_is_deleted_and_its_lines_are_free(
    store, night, approved, states, target
):
    lock(target, "2026-03-31")
    approved(make_batch())
    post.post(night, store, {"bc": xero.writer(target.base_url, draft_first=True)})
    assert states()[REF] == "refused"
    assert xero.documents(target.state) == [(REF, "invoice", "cancelled", 35_000)]


class DiesAfterDiscard:
    """A writer that cannot look anything up any more once it has deleted the draft."""

    def __init__(self, writer):
        self.writer, self.capability, self.is_dead = writer, writer.capability, False

    def __getattr__(self, name):
        return getattr(self.writer, name)

    def discard_draft(self, company, erp_id):
        self.is_dead = True
        return self.writer.discard_draft(company, erp_id)

    def find(self, company, reference):
        if self.is_dead:
            raise RetryLaterError("gone")
        return self.writer.find(company, reference)


def test_a_draft_deleted_by_a_run_that_died_is_refused_by_the_next(
    store, night, approved, states, target
):
    lock(target, "2026-03-31")
    approved(make_batch())
    writer = xero.writer(target.base_url, draft_first=True)
    post.post(night, store, {"bc": DiesAfterDiscard(writer)})
    assert states()[REF] == "draft"
    assert xero.documents(target.state) == [(REF, "invoice", "cancelled", 35_000)]
    post.recover(night, store, {"bc": writer})
    assert states()[REF] == "refused"


def test_a_draft_deleted_by_hand_is_held_for_a_person(store, tmp_path, approved, states, target):
    writer = xero.writer(target.base_url, draft_first=True)
    drafting = make_night(tmp_path, firm=make_firm(mode="draft"))
    approved(make_batch(), drafting)
    post.post(drafting, store, {"bc": writer})
    [draft] = writer.find(xero.TENANT, REF)
    writer.discard_draft(xero.TENANT, draft.erp_id)
    post.post(make_night(tmp_path), store, {"bc": writer})
    assert states()[REF] == "held"
