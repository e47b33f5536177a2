"""The engine posts to a live Tryton: once, whatever the network does."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from ps_integration.stores.operational import ledger
from ps_integration.stores.operational.models import Break, LiveLine
from ps_integration.workflows import post
from ps_integration_tests.posting.making import make_batch, make_document


@pytest.fixture
def batch(live):
    """A batch of one document with two lines, 100.00 and 250.00."""

    def make(reference, **fields):
        company = live.companies["DE"]
        planned = {
            "company": company,
            "currency": "EUR",
            "project_id": "ap-1",
            "project_external_id": "",
            "tax_code": "19%",
            **fields,
        }
        made = make_document(ref=reference, **planned)
        lines = tuple(
            replace(line, project_id="ap-1", unit_price=Decimal(line.amount_minor).scaleb(-2))
            for line in made.lines
        )
        return replace(make_batch(replace(made, lines=lines)), company=company, currency="EUR")

    return make


def read(store, reference):
    with store.snapshot() as session:
        return ledger.get(session, reference)


def held(rpc, reference):
    asked = [["reference", "=", reference]]
    found = rpc.read("account.invoice", asked, "state", "untaxed_amount")
    return [(one["state"], one["untaxed_amount"]["decimal"]) for one in found]


def test_an_approved_document_is_posted_and_read_back(store, night, approved, batch, writer, rpc):
    approved(batch("PS-E-1"))
    post.post(night, store, {"bc": writer})
    document = read(store, "PS-E-1")
    assert (document.state, document.readback_minor) == ("posted", 35_000)
    assert document.readback["erp_altered"] == []
    assert held(rpc, "PS-E-1") == [("posted", "350.00")]
    company = document.company
    [found] = writer.numbered(company, document.erp_number)
    assert (found.erp_id, found.tax_minor) == (document.erp_id, 6_650)
    assert writer.numbered(company, "no such number") == []


@pytest.mark.parametrize("method", ["create", "post"])
def test_a_reply_lost_after_the_commit_is_adopted_and_nothing_sent_twice(
    store, night, approved, batch, lossy, rpc, method
):
    reference = f"PS-L-{method}"
    approved(batch(reference))
    with lossy(method) as erp:
        post.post(night, store, {"bc": erp})
    document = read(store, reference)
    assert (document.state, document.readback_minor) == ("posted", 35_000)
    assert held(rpc, reference) == [("posted", "350.00")]


def test_a_closed_period_refuses_discards_the_draft_and_holds_the_lines(
    store, night, approved, batch, writer, rpc
):
    approved(batch("PS-E-2", period="2026-01", posting_date=date(2026, 1, 31)))
    post.post(night, store, {"bc": writer})
    assert read(store, "PS-E-2").state == "refused"
    assert held(rpc, "PS-E-2") == []
    with store.snapshot() as session:
        [found] = session.scalars(select(Break)).all()
        assert session.scalars(select(LiveLine)).all() == []
    assert (found.rule, found.facts["recovery"]) == ("IN01", "fix_data")
    assert "2026-01" in found.facts["detail"]


def test_a_credit_memo_posts_negative_quantities_and_reads_back_as_ours(
    store, night, approved, batch, writer, rpc
):
    plan = batch("PS-E-3", kind="credit_memo")
    [made] = plan.documents
    lines = tuple(
        replace(line, quantity=-line.quantity, amount_minor=-line.amount_minor)
        for line in made.lines
    )
    approved(replace(plan, documents=(replace(made, lines=lines),)))
    post.post(night, store, {"bc": writer})
    document = read(store, "PS-E-3")
    assert (document.state, document.readback_minor) == ("posted", -35_000)
    assert held(rpc, "PS-E-3") == [("posted", "-350.00")]


def test_two_drafts_under_one_reference_are_held_for_a_person(
    store, night, approved, batch, writer, document, rpc
):
    for _ in range(2):
        assert writer.create(document("PS-E-4")).outcome == "accepted"
    approved(batch("PS-E-4"))
    post.post(night, store, {"bc": writer})
    assert read(store, "PS-E-4").state == "held"
    assert [state for state, _ in held(rpc, "PS-E-4")] == ["draft", "draft"]
