"""Decisions about lines typed by hand, in the store: append-only, reversible, not overtaken."""

from dataclasses import replace

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DatabaseError

from ps_integration.errors import AskFinanceError
from ps_integration.settings.approval import Approval
from ps_integration.stores.operational import match_decisions, match_reading
from ps_integration.stores.operational.match_decisions import Decider, Match
from ps_integration.stores.operational.models import Audit, Document, MatchDecision, Run
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import approve, post
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import AS_OF, make_batch, make_document
from ps_integration_tests.posting.test_approve import open_posting
from ps_integration_tests.posting.test_postgresql import server  # noqa: F401 - a fixture

ENTRY = "harvest_uk:1-1"


def match(*entries, line="S-1"):
    facts = {"version_sha256": "v1", "seconds": 3600, "amount_minor": 10_000}
    return Match(
        lines={f"bc|US01|{line}": {
            "number": line, "line_no": "1", "seconds": 3600, "amount_minor": 10_000,
        }},
        entries=dict.fromkeys(entries or (ENTRY,), facts),
        project_id="apollo", currency="USD", difference_minor=0,
    )  # fmt: skip


def by(who="ana", note="billed before", rules=None):
    return Decider(who, AS_OF, note, rules or Approval())


def accept(store, *entries, line="S-1", who="ana"):
    with store.session() as session:
        made = match_decisions.accept(session, match(*entries, line=line), by(who))
        return made.decision_id


def withdraw(store, number, who="ana"):
    with store.session() as session:
        match_decisions.withdraw(session, number, by(who, "a mistake"))


def standing(store):
    with store.snapshot() as session:
        return [one.decision_id for one in match_reading.standing(session)]


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request, store):
    if request.param == "sqlite":
        yield store
        return
    other = OperationalStore(request.getfixturevalue("server"))
    with other.engine.begin() as connection:
        connection.exec_driver_sql("drop schema public cascade")
        connection.exec_driver_sql("create schema public")
    other.migrate()
    yield other
    other.close()


def test_a_decision_is_taken_back_and_its_history_kept(either):
    first = accept(either)
    assert standing(either) == [first]
    withdraw(either, first)
    assert standing(either) == []
    second = accept(either)
    assert standing(either) == [second]
    with either.snapshot() as session:
        told = [(row.decision, row.withdraws) for row in match_reading.history(session)]
        actions = [row.action for row in session.scalars(select(Audit).order_by(Audit.seq))]
    assert told == [("accepted", None), ("withdrawn", first), ("accepted", None)]
    assert [one for one in actions if one.endswith("_match")] == [
        "accept_match", "withdraw_match", "accept_match",
    ]  # fmt: skip


@pytest.mark.parametrize("change", [update(MatchDecision).values(note="x"), delete(MatchDecision)])
def test_a_decision_never_changes(either, change):
    accept(either)
    with pytest.raises(DatabaseError), either.session() as session:
        session.execute(change)


def test_a_line_or_an_entry_is_decided_once(store):
    number = accept(store)
    with pytest.raises(AskFinanceError, match=f"withdraw {number} takes it back"):
        accept(store, "harvest_uk:9")
    with pytest.raises(AskFinanceError, match=f"{ENTRY} is taken"):
        accept(store, line="S-2")
    with pytest.raises(AskFinanceError, match="ana has accepted"), store.session() as session:
        match_decisions.reject(session, match("harvest_uk:9"), by())
    withdraw(store, number)
    with pytest.raises(AskFinanceError, match="none of that number stands"):
        withdraw(store, number)


def test_what_is_rejected_is_withdrawn_before_it_is_accepted(store):
    with store.session() as session:
        match_decisions.reject(session, match(), by())
    with pytest.raises(AskFinanceError, match="ana has rejected"):
        accept(store)
    accept(store, "harvest_uk:9")


@pytest.mark.parametrize(("who", "note", "reason"), [
    ("", "why", "not a person"), ("policy", "why", "not a person"), ("ana", " ", "say why"),
    ("ana", "x" * 2001, "over 2,000 characters"), ("zoe", "why", "not among approval.people"),
])  # fmt: skip
def test_who_may_not_decide_or_says_nothing_is_refused(store, who, note, reason):
    rules = Approval.model_validate({"people": {"ana": {"roles": []}}, "roles": {}})
    with pytest.raises(AskFinanceError, match=reason), store.session() as session:
        match_decisions.accept(session, match(), by(who, note, rules))
    assert standing(store) == []


def test_a_planned_document_with_the_entry_is_let_go_of(store, night, states):
    post.stage(night, store, [make_batch(make_document(1), make_document(2))])
    accept(store)
    assert states() == {"PS-APOLLO-202603-1": "superseded", "PS-APOLLO-202603-2": "planned"}
    batch = make_batch(make_document(1), make_document(2))
    approve.approve(store, batch.batch_id, "maria", AS_OF, "the rest")
    assert states()["PS-APOLLO-202603-2"] == "approved"


@pytest.mark.parametrize(("project", "has_cap", "state"), [
    ("apollo", True, "superseded"), ("apollo", False, "planned"), ("zeus", True, "planned"),
])  # fmt: skip
def test_the_other_planned_documents_of_a_capped_project_are_let_go_of_too(
    store, night, states, project, has_cap, state
):
    """What they bill may be above the cap now."""
    post.stage(night, store, [make_batch(make_document(1), make_document(2))])
    asked = replace(match(), project_id=project, has_cap=has_cap)
    with store.session() as session:
        match_decisions.accept(session, asked, by())
    assert states() == {"PS-APOLLO-202603-1": "superseded", "PS-APOLLO-202603-2": state}


@pytest.mark.parametrize("until", ["approved", "posted"])
def test_an_entry_that_is_billed_from_here_is_refused(store, night, approved, tmp_path, until):
    approved(make_batch())
    if until == "posted":
        post.post(night, store, {"bc": FakeErp(tmp_path / "erp.sqlite", "U")})
    with pytest.raises(AskFinanceError, match=f"is {until}: it is billed from here"):
        accept(store)


@pytest.mark.parametrize("has_seen", [True, False])
def test_a_document_whose_plan_had_not_seen_the_decision_is_not_sent(
    store, night, approved, states, tmp_path, has_seen
):
    """A night was under way when it was made; one that had seen it knew why it planned it."""
    number = accept(store)
    approved(make_batch())
    if has_seen:
        with store.session() as session:
            session.get(Run, night.run_id).inputs = {"match_decision_id": number}
    erp = FakeErp(tmp_path / "erp.sqlite", "U")
    post.post(night, store, {"bc": erp})
    assert states() == {"PS-APOLLO-202603-1": "posted" if has_seen else "planned"}
    with store.snapshot() as session:
        [document] = session.scalars(select(Document))
        assert (document.attempts > 0) is has_seen


def test_policy_leaves_a_batch_with_an_entry_of_a_stale_decision_to_a_person(store, night):
    open_posting(store)
    number = accept(store)
    post.stage(night, store, [make_batch()])
    [reason] = approve.by_policy(night, store).metadata["waiting"].values()
    assert f"ana has accepted that {ENTRY} was billed by hand" in reason
    withdraw(store, number)
    assert approve.by_policy(night, store).metadata["waiting"] == {}


def test_who_takes_a_decision_back_is_a_maker_of_what_it_bills(store, night):
    withdraw(store, accept(store), who="ben")
    post.stage(night, store, [make_batch()])
    with pytest.raises(AskFinanceError, match="another person"):
        approve.approve(store, make_batch().batch_id, "ben", AS_OF, "")
    approve.approve(store, make_batch().batch_id, "ana", AS_OF, "")
