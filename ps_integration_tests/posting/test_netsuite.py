"""A staged and signed batch through the whole engine into a NetSuite sandbox."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from ps_integration.domain.clock import WallClock
from ps_integration.sandbox.faults import Fault, add_fault
from ps_integration.stores.operational.models import Document
from ps_integration.workflows import post
from ps_integration_tests.posting.making import (
    PlanBatch,
    make_document,
    make_firm,
    make_night,
)
from ps_integration_tests.posting.targets import netsuite

REF = "PS-APOLLO-202603-1"
PUT = {"method": "PUT", "path_pattern": "*/record/v1/*", "times": 1}


@pytest.fixture
def server(tmp_path):
    with netsuite.serving(tmp_path / "erp") as server:
        yield server


@pytest.fixture
def erp(server):
    return {"bc": netsuite.writer(netsuite.base_url(server))}


def batch(*numbers, **fields):
    documents = tuple(
        make_document(number, **{**netsuite.DOCUMENT, **fields}) for number in numbers
    )
    return PlanBatch(documents, company=netsuite.COMPANY)


def read(store, ref=REF):
    with store.snapshot() as session:
        return session.scalars(select(Document).where(Document.document_ref == ref)).one()


def test_a_signed_batch_is_posted_and_read_back_equal(store, night, approved, erp, server):
    approved(batch(1, 2))
    result = post.post(night, store, erp)
    assert result.row_count == 2
    document = read(store)
    assert document.state == "posted"
    assert document.erp_number in {"INV1", "INV2"}  # they are sent at the same time
    assert (document.readback_minor, document.readback["erp_altered"]) == (35_000, [])
    assert sorted(netsuite.documents(server.state)) == [
        (REF, "invoice", "posted", 35_000),
        ("PS-APOLLO-202603-2", "invoice", "posted", 35_000),
    ]


@pytest.mark.parametrize("is_queued", [False, True])
@pytest.mark.parametrize(
    "kind", ["timeout_before_commit", "timeout_after_commit", "status_500_after_commit",
             "slow_commit", "status_429"],
)  # fmt: skip
def test_a_fault_of_the_first_send_leaves_one_invoice(
    store, night, approved, server, kind, is_queued
):
    writer = netsuite.writer(netsuite.base_url(server), asynchronous=is_queued)
    approved(batch(1))
    add_fault(server.state, Fault(kind, "*", **PUT))
    for _ in range(2):
        post.post(night, store, {"bc": writer}, WallClock())
    assert read(store).state == "posted"
    assert netsuite.documents(server.state) == [(REF, "invoice", "posted", 35_000)]


def test_a_closed_period_frees_the_lines_and_leaves_nothing(
    store, night, approved, erp, server, states
):
    closed = {**netsuite.RECORDS["accountingPeriod"][2], "closed": True}
    server.state.put("netsuite", "accountingPeriod", "603", closed, netsuite.NOW)
    approved(batch(1))
    post.post(night, store, erp)
    assert states() == {REF: "refused"}
    assert netsuite.documents(server.state) == []


def test_an_invoice_that_netsuite_moved_to_another_period_shows_as_altered(
    tmp_path, store, night, approved
):
    with netsuite.serving(tmp_path / "moving", date_outside_period=True) as server:
        closed = {**netsuite.RECORDS["accountingPeriod"][2], "closed": True}
        server.state.put("netsuite", "accountingPeriod", "603", closed, netsuite.NOW)
        approved(batch(1))
        post.post(night, store, {"bc": netsuite.writer(netsuite.base_url(server))})
    document = read(store)
    assert document.state == "posted"
    altered = {one["field"]: one["erp"] for one in document.readback["erp_altered"]}
    assert altered == {"posting_date": "2026-04-01", "period": "2026-04"}


def test_a_credit_memo_is_posted_with_the_amounts_approved(store, night, approved, erp, server):
    document = make_document(1, amounts=(-10_000,), kind="credit_memo", **netsuite.DOCUMENT)
    lines = tuple(replace(line, quantity=-line.quantity) for line in document.lines)
    approved(PlanBatch((replace(document, lines=lines),), company=netsuite.COMPANY))
    post.post(night, store, erp)
    found = read(store)
    assert (found.state, found.readback_minor) == ("posted", -10_000)
    assert netsuite.documents(server.state) == [(REF, "credit_memo", "posted", 10_000)]


def test_drafts_stop_at_pending_approval_until_posting_is_wanted(tmp_path, store, approved, states):
    draft = make_night(tmp_path, firm=make_firm(mode="draft"))
    with netsuite.serving(tmp_path / "routed", approval_routing=True) as server:
        writer = netsuite.writer(netsuite.base_url(server), invoice_approval="draft")
        approved(batch(1), draft)
        post.post(draft, store, {"bc": writer})
        assert netsuite.documents(server.state) == [(REF, "invoice", "draft", 35_000)]
        post.recover(make_night(tmp_path, run_id="run-2"), store, {"bc": writer})
        assert netsuite.documents(server.state) == [(REF, "invoice", "posted", 35_000)]
    assert states() == {REF: "posted"}


def test_an_account_without_approval_sends_nothing_in_draft_mode(
    tmp_path, store, approved, erp, server
):
    draft = make_night(tmp_path, firm=make_firm(mode="draft"))
    approved(batch(1), draft)
    post.post(draft, store, erp)
    assert netsuite.documents(server.state) == []
