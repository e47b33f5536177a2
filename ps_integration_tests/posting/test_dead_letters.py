"""What people do with dead letters: under the same key, never twice, never deleted."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from ps_integration.errors import AskFinanceError, RetryLaterError
from ps_integration.stores.operational import audit, ledger
from ps_integration.stores.operational.feedback import Owed, conclude, intend
from ps_integration.stores.operational.models import Decision, Feedback, LiveLine
from ps_integration.workflows import dead_letters, post
from ps_integration.workflows.dead_letters import Person
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import AS_OF, make_batch, make_document

REF = "PS-APOLLO-202603-1"
MARIA, JOAN = Person("maria", AS_OF, "customer left"), Person("joan", AS_OF, "agreed")


@pytest.fixture
def dead(store, night, approved, tmp_path):
    """An ERP and a document of one batch that came to rest there in a given way."""

    def go(how, posting_class="F"):
        erp = FakeErp(tmp_path / "erp.sqlite", posting_class, drafts=posting_class == "F")
        approved(make_batch(make_document(1)))
        bring = {"unclear": _unclear, "twice": _twice, "clean": _clean}[how]
        bring(night, store, erp)
        return erp

    return go


def _unclear(night, store, erp):
    """Class N: the answer was lost."""
    erp.play("lost_after")
    post.post(night, store, {"bc": erp})
    post.recover(night, store, {"bc": erp})


def _twice(night, store, erp):
    """Somebody else's document under our reference, posted."""
    with store.snapshot() as session:
        document = ledger.get(session, REF)
    sent = _payload(store, document)
    erp.create(replace(sent, amount_minor=1))
    post.post(night, store, {"bc": erp})


def _clean(night, store, erp):
    """Never sent: what is stored is not what was signed, so it was held before it left."""
    with store.session() as session:
        document = ledger.load(session, REF)
        document.hold_reason = "the stored document is not the one that was signed"
        step = ledger.Step(night.as_of, night.run_id, {"objection": document.hold_reason})
        ledger.transition(session, document, "held", step)


def _payload(store, document):
    from ps_integration.stores.operational import approvals  # noqa: PLC0415 - one use
    from ps_integration.workflows import erp_document  # noqa: PLC0415 - one use

    with store.snapshot() as session:
        return erp_document.build(document, approvals.lines(session, document.document_ref))


def state(store):
    with store.snapshot() as session:
        return ledger.get(session, REF).state


def test_the_list_says_what_waits_and_why(store, dead):
    dead("twice")
    [letter] = dead_letters.list_letters(store)
    assert (letter.ref, letter.state, letter.cause) == (REF, "held", "found_different")
    assert not dead_letters.list_letters(store, cause="never_arrived")
    _, history = dead_letters.show(store, REF)
    assert history[-1].to_state == "held"


def test_a_retry_asks_under_the_same_reference_and_sends_only_what_is_absent(store, night, dead):
    erp = dead("twice")
    erp.forget(REF)
    assert dead_letters.retry(store, REF, MARIA, {"bc": erp}) == "unknown"
    post.post(night, store, {"bc": erp})
    assert state(store) == "posted"
    assert [one.reference for one in erp.documents()] == [REF]


def test_a_retry_of_what_arrived_after_all_adopts_it(store, night, dead):
    erp = dead("unclear", "N")
    erp.capability = replace(erp.capability, posting_class="F")
    dead_letters.retry(store, REF, MARIA, {"bc": erp})
    post.post(night, store, {"bc": erp})
    assert state(store) == "posted"
    assert len(erp.documents()) == 1


def test_an_erp_that_cannot_be_asked_is_resent_to_only_on_a_persons_word(store, night, dead):
    erp = dead("unclear", "N")
    assert state(store) == "held"
    with pytest.raises(AskFinanceError, match="Look there yourself"):
        dead_letters.retry(store, REF, MARIA, {"bc": erp})
    with pytest.raises(AskFinanceError, match="say how you know"):
        dead_letters.resend(store, REF, replace(MARIA, reason=" "), {"bc": erp})
    post.post(night, store, {"bc": erp})
    assert len(erp.calls("create")) == 1
    assert dead_letters.resend(store, REF, MARIA, {"bc": erp}) == "approved"
    post.post(night, store, {"bc": erp})
    assert state(store) == "posted"
    assert len(erp.calls("create")) == 2


def test_a_person_adopts_what_the_erp_has(store, night, dead):
    erp = dead("unclear", "N")
    with pytest.raises(AskFinanceError, match="number"):
        dead_letters.adopt(store, REF, MARIA, " ")
    dead_letters.adopt(store, REF, MARIA, "INV-77")
    assert state(store) == "posted"
    with store.snapshot() as session:
        assert ledger.get(session, REF).erp_number == "INV-77"
    post.post(night, store, {"bc": erp})
    assert len(erp.calls("create")) == 1


def test_fix_frees_the_lines_of_what_never_left(store, dead):
    erp = dead("clean")
    dead_letters.fix(store, REF, MARIA, {"bc": erp})
    assert state(store) == "refused"
    with store.snapshot() as session:
        assert session.scalars(select(LiveLine)).all() == []


def test_fix_refuses_what_may_be_in_the_erp(store, dead):
    erp = dead("unclear", "N")
    with pytest.raises(AskFinanceError, match="may hold it"):
        dead_letters.fix(store, REF, MARIA, {"bc": erp})
    assert state(store) == "held"


def test_fix_refuses_what_the_erp_holds_and_deletes_a_draft(store, night, dead):
    erp = dead("clean")
    with store.snapshot() as session:
        sent = _payload(store, ledger.get(session, REF))
    erp.create(sent)
    dead_letters.fix(store, REF, MARIA, {"bc": erp})
    assert erp.documents() == []


def test_fix_waits_for_an_erp_that_cannot_be_asked_now(store, dead):
    erp = dead("clean")
    erp.find = _down
    with pytest.raises(RetryLaterError):
        dead_letters.fix(store, REF, MARIA, {"bc": erp})
    assert state(store) == "held"


def _down(_company, _reference):
    raise RetryLaterError("down")


def test_discard_needs_two_persons_and_writes_the_hours_off(store, dead):
    erp = dead("clean")
    waits = dead_letters.discard(store, REF, MARIA, {"bc": erp})
    assert (waits.proposed_by, waits.amount_minor) == ("maria", 35_000)
    with pytest.raises(AskFinanceError, match="another person must confirm"):
        dead_letters.discard(store, REF, MARIA, {"bc": erp})
    assert state(store) == "held"
    assert dead_letters.discard(store, REF, JOAN, {"bc": erp}) is None
    assert state(store) == "refused"
    with store.snapshot() as session:
        decided = session.scalars(select(Decision)).all()
        assert [(one.decided_by, one.seconded_by) for one in decided] == [("maria", "joan")] * 2
        assert sum(one.amount_minor for one in decided) == 35_000
        assert audit.verify(session).holds
        assert len(ledger.history(session, REF)) > 2


def test_discard_refuses_what_may_be_in_the_erp(store, dead):
    erp = dead("unclear", "N")
    with pytest.raises(AskFinanceError, match="may hold it"):
        dead_letters.discard(store, REF, MARIA, {"bc": erp})


@pytest.mark.parametrize("who", ["", "policy", "schedule", "system"])
def test_nobody_but_a_person_decides(store, dead, who):
    erp = dead("clean")
    for act in (dead_letters.retry, dead_letters.fix, dead_letters.discard):
        with pytest.raises(AskFinanceError, match="not a person"):
            act(store, REF, Person(who, AS_OF, "because"), {"bc": erp})


def test_a_refused_note_is_retried_or_given_up(store):
    owed = Owed("psa", "project", "7", REF, "open", "Invoice 1 open", "a" * 64)
    with store.session() as session:
        intend(session, [owed], AS_OF)
        conclude(session, owed, "refused", at=AS_OF, error="no such project")
    [letter] = dead_letters.list_letters(store)
    assert letter.kind == "note"
    assert dead_letters.retry(store, letter.ref, MARIA, {}) == "pending"
    with store.session() as session:
        conclude(session, owed, "refused", at=AS_OF, error="no such project")
    dead_letters.discard(store, letter.ref, MARIA, {})
    with store.snapshot() as session:
        assert session.get_one(Feedback, owed.key).state == "discarded"
    assert not dead_letters.list_letters(store)


def test_the_dead_come_back_when_their_erp_does_as_often_as_policy_allows(store, night, approved,
                                                                          tmp_path):  # fmt: skip
    erp = FakeErp(tmp_path / "erp.sqlite", "U")
    approved(make_batch(make_document(1)))
    erp.play(*["lost_before"] * 60)
    for day in range(12):
        tonight = replace(night, as_of=night.as_of + timedelta(days=day), run_id=f"run-{day}")
        post.post(tonight, store, {"bc": erp})
    tries = night.firm.posting.dead_retries
    assert state(store) == "dead"
    with store.snapshot() as session:
        steps = ledger.history(session, REF)
    assert sum(row.evidence.get("retried_by") == "policy" for row in steps) == tries
    erp.play()
    [letter] = dead_letters.list_letters(store)
    assert letter.cause == "never_arrived"
