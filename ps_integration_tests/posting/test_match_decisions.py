"""Decisions about lines typed by hand, in the store: append-only, reversible, not overtaken."""

from dataclasses import replace

import pytest
from sqlalchemy import delete, insert, select, update
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


FIRM = Approval.model_validate({
    "people": {
        "ana": {"roles": ["controller"], "logins": ["ana", "ana.k"]},
        "ben": {"roles": ["controller"]}, "cleo": {"roles": ["clerk"]},
    },
    "roles": {"controller": {"max_amount_per_batch": {"USD": "100"}},
              "clerk": {"max_amount_per_batch": {"USD": "9"}}},
})  # fmt: skip
DIFFERENT = replace(match(), difference_minor=-1000, needs_second=True)


def propose(store, what=DIFFERENT, who="ana"):
    with store.session() as session:
        made = match_decisions.accept(session, what, by(who, "rounded up", FIRM))
        assert made.decision == "proposed"
        return made.decision_id


def confirm(store, number, who="ben", what=DIFFERENT):
    with store.session() as session:
        decider = by(who, "seen the mail", FIRM)
        return match_decisions.confirm(session, number, what, decider).decision_id


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


def test_what_differs_settles_nothing_until_another_person_confirms_it(either):
    first = propose(either)
    with either.snapshot() as session:
        assert [one.decision for one in match_reading.standing(session)] == ["proposed"]
    second = confirm(either, first)
    with either.snapshot() as session:
        [made] = match_reading.standing(session)
        actions = [row.action for row in session.scalars(select(Audit).order_by(Audit.seq))]
    assert (made.decision_id, made.decision, made.withdraws) == (second, "accepted", first)
    assert [one for one in actions if one.endswith("_match")] == ["propose_match", "confirm_match"]
    with pytest.raises(AskFinanceError, match="no proposal of that number waits"):
        confirm(either, first)
    withdraw(either, second, "ana")
    assert standing(either) == []


@pytest.mark.parametrize(("who", "reason"), [
    ("ana", "decision 1: ana proposed it; another person must confirm"),
    ("ana.k", "decision 1: ana.k proposed it; another person must confirm"),
    ("cleo", "decision 1: 10.00 USD is above the limit of cleo, 9.00 USD"),
    ("zoe", "zoe is not among approval.people"), ("policy", "is not a person"),
])  # fmt: skip
def test_who_proposed_it_or_may_not_let_go_of_so_much_confirms_nothing(store, who, reason):
    number = propose(store)
    with pytest.raises(AskFinanceError, match=reason):
        confirm(store, number, who)
    with store.snapshot() as session:
        assert [one.decision for one in match_reading.standing(session)] == ["proposed"]


def test_without_a_price_the_whole_of_the_lines_is_held_against_the_limit(store):
    unpriced = replace(DIFFERENT, difference_minor=None)
    number = propose(store, unpriced)
    assert confirm(store, number, what=unpriced) > number
    number = propose(store, replace(unpriced, lines={"bc|US01|S-9": {
        "number": "S-9", "line_no": "1", "seconds": 3600, "amount_minor": 10_001,
    }}, entries={"harvest_uk:9": {}}))  # fmt: skip
    with pytest.raises(AskFinanceError, match=r"100.01 USD is above the limit of ben"):
        confirm(store, number, what=replace(unpriced, lines={"bc|US01|S-9": {
            "number": "S-9", "line_no": "1", "seconds": 3600, "amount_minor": 10_001,
        }}, entries={"harvest_uk:9": {}}))  # fmt: skip


@pytest.mark.parametrize("confirms", ["ana", "an acceptance", "nothing that is there"])
def test_the_store_itself_refuses_a_second_person_who_is_the_first(either, confirms):
    number = propose(either)
    if confirms == "an acceptance":
        number = accept(either, "harvest_uk:9", line="S-2", who="ben")
    with either.snapshot() as session:
        row = session.get(MatchDecision, number)
        kept = {name: getattr(row, name) for name in match_decisions._SUBJECT}
    forged = {
        **kept, "decision": "accepted", "decided_by": "ana" if confirms == "ana" else "cleo",
        "decided_at": AS_OF, "note": "",
        "withdraws": 99 if confirms == "nothing that is there" else number,
    }  # fmt: skip
    with pytest.raises(DatabaseError, match="another person confirms"), either.session() as session:
        session.execute(insert(MatchDecision).values(**forged))


@pytest.mark.parametrize("who", ["ana", "ben"])
def test_a_proposal_is_taken_back_by_either(store, who):
    number = propose(store)
    withdraw(store, number, who)
    assert standing(store) == []
    with pytest.raises(AskFinanceError, match="no proposal of that number waits"):
        confirm(store, number)
    assert propose(store, who="ben") > number


def test_what_has_changed_since_it_was_proposed_is_not_confirmed(store):
    number = propose(store)
    changed = {key: {**facts, "version_sha256": "v2"} for key, facts in DIFFERENT.entries.items()}
    with pytest.raises(AskFinanceError, match="S-1/1 or its entries have changed since; withdraw"):
        confirm(store, number, what=replace(DIFFERENT, entries=changed))


def test_a_proposal_is_in_the_way_of_another_decision_about_its_line_only(store):
    number = propose(store)
    with pytest.raises(AskFinanceError, match=f"matches confirm {number} by another person"):
        accept(store, "harvest_uk:9")
    accept(store, line="S-2")  # the same entry, for another line
    with pytest.raises(AskFinanceError, match=f"{ENTRY} is taken"):
        confirm(store, number)


def test_what_was_approved_while_a_proposal_waited_cannot_be_confirmed_any_more(
    store, night, states
):
    open_posting(store)
    post.stage(night, store, [make_batch(make_document(1), make_document(2))])
    number = propose(store)
    assert set(states().values()) == {"planned"}
    assert approve.by_policy(night, store).metadata["waiting"] == {}
    approved = [ref for ref, state in states().items() if state == "approved"]
    assert len(approved) == 2
    with pytest.raises(AskFinanceError, match="which is approved: it is billed from here"):
        confirm(store, number)


def test_who_confirms_lets_go_of_the_planned_document(store, night, states):
    post.stage(night, store, [make_batch(make_document(1), make_document(2))])
    confirm(store, propose(store))
    assert states() == {"PS-APOLLO-202603-1": "superseded", "PS-APOLLO-202603-2": "planned"}


def test_who_takes_back_a_proposal_changes_nothing_and_is_no_maker(store, night):
    withdraw(store, propose(store), who="ben")
    post.stage(night, store, [make_batch()])
    approve.approve(store, make_batch().batch_id, "ben", AS_OF, "")
