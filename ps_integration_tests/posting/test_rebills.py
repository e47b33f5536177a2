"""A re-bill is claimed after its reversal is confirmed, whatever becomes of the reversal."""

from dataclasses import replace

import pytest

from ps_integration.domain.seal import digest
from ps_integration.stores.operational import approvals, ledger, rebills
from ps_integration.stores.operational.models import Opening
from ps_integration.workflows import approve, post, voiding
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import make_batch, make_document

FIRST, CREDIT, INVOICE = "PS-FIRST", "PS-Z-CREDIT", "PS-A-INVOICE"


def corrected(document, correction, part=0):
    lines = tuple(
        replace(
            line,
            line_key=line.line_key[: -len("0")] + ("1" if correction == "reversal" else "2"),
            correction=correction,
            correction_no=1 if correction == "reversal" else 2,
            corrects_document_ref=FIRST,
            corrects_line_key=line.line_key,
            corrects_reason="moved",
            amount_minor=-line.amount_minor if correction == "reversal" else line.amount_minor,
        )
        for line in document.lines
    )
    kind = "credit_memo" if correction == "reversal" else "invoice"
    ref = CREDIT if correction == "reversal" else INVOICE
    made = replace(document, lines=lines, document_ref=ref, kind=kind)
    return replace(made, content_sha256=digest(repr(made)))


@pytest.fixture
def erp(tmp_path):
    return FakeErp(tmp_path / "erp.sqlite", "F", drafts=True)


@pytest.fixture
def taken_back(store, night, approved, erp):
    """A posted invoice, and what takes it back and bills it again on another project."""
    first = make_document(ref=FIRST)
    approved(make_batch(first))
    post.post(night, store, {"bc": erp})
    moved = replace(first, project_id="hermes", project_external_id="P-HERMES")
    return corrected(first, "reversal"), corrected(moved, "rebill")


def both(approved, night, *documents):
    approved(make_batch(*documents), replace(night, run_id="run-2"))


def test_the_reversal_goes_first_and_both_go_in_one_run(store, night, approved, erp, taken_back):
    both(approved, night, *taken_back)
    post.post(replace(night, run_id="run-2"), store, {"bc": erp})
    assert erp.calls("create") == [FIRST, CREDIT, INVOICE]


def test_a_refused_reversal_keeps_its_rebill(store, night, approved, erp, states, taken_back):
    both(approved, night, *taken_back)
    erp.play("refuse")
    post.post(replace(night, run_id="run-2"), store, {"bc": erp})
    assert erp.calls("create") == [FIRST, CREDIT]
    assert (states()[CREDIT], states()[INVOICE]) == ("refused", "planned")


def test_a_rebill_whose_reversal_a_person_rejects_is_planned_anew(
    store, night, erp, states, taken_back
):
    credit, invoice = taken_back
    later = replace(night, run_id="run-2")
    theirs, ours = make_batch(credit), make_batch(invoice)
    post.stage(later, store, [theirs, ours])
    approve.approve(store, ours.batch_id, "maria", later.as_of, "")
    approve.reject(store, theirs.batch_id, "maria", later.as_of, "wrong customer")
    post.post(later, store, {"bc": erp})
    assert erp.calls("create") == [FIRST]
    assert (states()[CREDIT], states()[INVOICE]) == ("superseded", "planned")
    with store.snapshot() as session:
        told = ledger.history(session, INVOICE)[-1].evidence["objection"]
    assert told.startswith(f"{CREDIT}, which takes back what it bills again, did not go out")


@pytest.mark.parametrize("mode", ["lost_before", "later"])
def test_a_reversal_without_an_answer_keeps_its_rebill_waiting(
    store, night, approved, states, taken_back, tmp_path, mode
):
    both(approved, night, *taken_back)
    slow = FakeErp(tmp_path / "erp.sqlite", "F", drafts=True, delay=900.0)
    slow.play(mode, mode, mode)
    post.post(replace(night, run_id="run-2"), store, {"bc": slow})
    assert INVOICE not in slow.calls("create")
    assert states()[INVOICE] == "approved"
    with store.snapshot() as session:
        told = rebills.waits_for(session, ledger.get(session, INVOICE))
    assert told.startswith(f"waits until {CREDIT}")


def test_a_rebill_approved_alone_is_planned_anew_with_its_reversal(
    store, night, erp, states, taken_back, tmp_path
):
    credit, invoice = taken_back
    later = replace(night, run_id="run-2")
    ours = make_batch(invoice)
    post.stage(later, store, [make_batch(credit), ours])
    approve.approve(store, ours.batch_id, "maria", later.as_of, "")
    post.post(later, store, {"bc": erp})
    assert erp.calls("create") == [FIRST]
    voided = voiding.void_stale(later, NothingKnown(), store)
    assert voided["voided"] == 1
    assert (states()[CREDIT], states()[INVOICE]) == ("planned", "planned")


def test_policy_signs_no_rebill_before_its_reversal(store, night, erp, taken_back):
    credit, invoice = taken_back
    later = replace(night, run_id="run-2")
    with store.session() as session:
        approvals.put_opening(session, opening(night))
    theirs, ours = make_batch(credit), make_batch(invoice)
    post.stage(later, store, [theirs, ours])
    with store.session() as session:
        approvals.get(session, theirs.batch_id).config_hash = "other"
    found = approve.by_policy(later, store)
    assert found.metadata["waiting"][ours.batch_id] == (
        f"{CREDIT} takes back what it bills again and is not approved"
    )


def test_within_one_document_nothing_waits(store, night, approved, erp, taken_back):
    credit, invoice = taken_back
    lines = tuple(
        replace(line, line_no=number)
        for number, line in enumerate((*credit.lines, *invoice.lines), 1)
    )
    one = replace(invoice, lines=lines)
    both(approved, night, replace(one, content_sha256=digest(repr(one))))
    with store.snapshot() as session:
        assert not rebills.waits_for(session, ledger.get(session, INVOICE))
    post.post(replace(night, run_id="run-2"), store, {"bc": erp})
    assert erp.calls("create") == [FIRST, INVOICE]


class NothingKnown:
    """A warehouse in which nothing has changed."""

    def rows(self, sql, params=None):
        return []


def opening(night):
    going = night.firm.going_live[0]
    return Opening(
        legal_entity=going.legal_entity, time_system=going.time_system,
        bill_from=going.bill_from, signed_by="maria", signed_at=night.as_of, list_sha256="0" * 64,
    )  # fmt: skip
