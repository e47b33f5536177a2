"""A match whose money differs: proposed by one person, confirmed by another, or taken back."""

from dataclasses import replace

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DatabaseError

from ps_integration.errors import AskFinanceError
from ps_integration.settings.approval import Approval
from ps_integration.stores.operational import match_decisions, match_reading
from ps_integration.stores.operational.models import Audit, MatchDecision
from ps_integration.workflows import approve, post
from ps_integration_tests.posting.making import AS_OF, make_batch, make_document
from ps_integration_tests.posting.test_approve import open_posting
from ps_integration_tests.posting.test_match_decisions import (
    ENTRY,
    accept,
    by,
    either,  # noqa: F401 - a fixture
    match,
    standing,
    withdraw,
)
from ps_integration_tests.posting.test_postgresql import server  # noqa: F401 - a fixture

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


def test_what_differs_settles_nothing_until_another_person_confirms_it(either):  # noqa: F811
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
def test_the_store_itself_refuses_a_second_person_who_is_the_first(either, confirms):  # noqa: F811
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
