"""What the firm sees of the life of its breaks: the list, alerts, the past, and the trail."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from ps_integration.errors import AskFinanceError
from ps_integration.reports.exchange import Exchange
from ps_integration.stores.operational import audit_check, break_decisions, breaks, proposals
from ps_integration.stores.operational.break_decisions import Acceptance, Decider
from ps_integration.stores.operational.break_tending import tend
from ps_integration.stores.operational.models import Break, BreakEvent, Decision, Proposal
from ps_integration.stores.operational.rewind import Marks, rewind
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import write_offs
from ps_integration.workflows.break_list import listed
from ps_integration.workflows.custody import custodian, put_alerts
from ps_integration_tests.posting.making import make_night
from ps_integration_tests.workbook.conftest import FIRM, IDS, NOW, RING, ROWS, TODAY

WEEK = date(2026, 4, 8)


def by(who="maria", at=NOW):
    return Decider(who, at, at.date(), FIRM.approval)


def decide(work, row, act, *arguments, who="maria"):
    with work.store.session() as session:
        item, _ = breaks.show(session, IDS[row])
        return act(session, item, *arguments, by(who))


def on_list(work, **more):
    with work.store.snapshot() as session:
        found = listed(session, FIRM, NOW, Exchange("USD", {}), **more)
    return [one.item.break_id for one in found.shown], found.put_off


def test_what_is_put_off_leaves_the_list_unless_it_holds_money(work):
    decide(work, 1, break_decisions.snooze, WEEK, "")
    assert on_list(work) == ([IDS[0], IDS[2], IDS[3]], 1)
    assert len(on_list(work, with_all=True)[0]) == 4
    work.night(1, at=NOW + timedelta(hours=1), blocked_kind="project", blocked_id="apollo")
    assert on_list(work)[1] == 0
    with work.store.snapshot() as session:
        assert breaks.show(session, IDS[1])[0].snoozed_until == WEEK  # put off, and it holds


def test_one_alert_an_episode_is_written_where_others_look(work, tmp_path):
    night = make_night(tmp_path)
    for day in (1, 2, 3):
        at = NOW + timedelta(days=day)
        worse = [(*ROWS[0][:2], 12345 * (1 + (day == 2)), "GBP"), *ROWS[1:]]
        with work.store.session() as session:
            item = session.get(Break, IDS[0])
            item.facts = {**item.facts, "at_risk_minor": worse[0][2]}
            item.at_risk_minor = worse[0][2]
            due = tend(session, (f"r{day}", at), custodian(FIRM, at.date()))
        put_alerts(night, due)
    lines = (night.folder / "alerts.jsonl").read_text().splitlines()
    told = [(one["alert"], one["break_id"]) for one in map(json.loads, lines)]
    assert told == [("break_worse", IDS[0])]  # the first night told that all four are open
    with work.store.snapshot() as session:
        count = select(func.count()).where(BreakEvent.event == "alerted")
        assert session.scalar(count) == 5


def test_the_store_of_an_earlier_moment_knows_what_was_accepted_then(work, tmp_path):
    decide(work, 0, break_decisions.accept, Acceptance("fine", WEEK, 12345))
    decide(work, 0, break_decisions.confirm, who="olga")
    decide(work, 0, break_decisions.comment, "still fine")
    with work.store.snapshot() as session:
        seq = breaks.last_seq(session)
    decide(work, 0, break_decisions.reopen, "not fine")
    then = OperationalStore(f"sqlite:///{tmp_path / 'then.sqlite'}")
    then.migrate()
    rewind(work.store, then, Marks("r9", NOW, 0, seq, 0, frozenset(), 0))
    with then.snapshot() as session:
        item, events = breaks.show(session, IDS[0])
        assert (item.state, item.accepted_minor, item.accepted_until) == ("accepted", 12345, WEEK)
        assert events[-1].note == "still fine"
    then.close()


def test_worse_and_better_are_told_with_both_values(work):
    for day, money in ((1, 15000), (2, 11000)):
        rows = [(*ROWS[0][:2], money, "GBP"), *ROWS[1:]]
        work.night(day, rows, NOW + timedelta(days=day))
    _, events = work.show(0)
    told = [(one.event, one.note) for one in events if one.event in ("worse", "better")]
    assert told == [
        ("worse", "150.00 GBP, was 123.45 GBP"), ("better", "110.00 GBP, was 150.00 GBP"),
    ]  # fmt: skip
    [better] = [one for one in events if one.event == "better"]
    assert better.detail["before"]["at_risk_minor"] == 15000
    assert better.detail["now"]["at_risk_minor"] == 11000


def test_an_acceptance_that_is_over_is_reopened_with_its_history(work):
    decide(work, 3, break_decisions.accept, Acceptance("fine", TODAY))
    assert work.night(1, at=NOW).show(3)[0].state == "accepted"
    item, events = work.night(2, at=NOW + timedelta(days=1)).show(3)
    assert (item.state, item.times_opened) == ("open", 2)
    assert "it was accepted until 2026-04-01" in [one.note for one in events]


def test_an_amount_that_moved_is_proposed_anew(work):
    decide(work, 0, break_decisions.accept, Acceptance("fine", WEEK, 12345))
    with work.store.snapshot() as session:
        [first, *_] = listed(session, FIRM, NOW, Exchange("USD", {})).shown
    assert first.waits_for.startswith("a second person: maria would accept 123.45 GBP until")
    work.night(1, [(*ROWS[0][:2], 12000, "GBP"), *ROWS[1:]], NOW + timedelta(days=1))
    with pytest.raises(AskFinanceError, match="as it is now"):
        decide(work, 0, break_decisions.confirm, who="olga")
    decide(work, 0, break_decisions.accept, Acceptance("fine", WEEK, 12000))
    decide(work, 0, break_decisions.confirm, who="olga")
    assert work.show(0)[0].accepted_minor == 12000


def test_every_decision_is_in_the_trail_and_the_trail_holds(work):
    decide(work, 0, break_decisions.assign, "ben")
    decide(work, 0, break_decisions.comment, "hm")
    decide(work, 0, break_decisions.snooze, WEEK, "later")
    decide(work, 0, break_decisions.wake, "now")
    with work.store.snapshot() as session:
        assert audit_check.verify(session, RING).holds
        events = breaks.show(session, IDS[0])[1]
    assert [(one.event, one.by) for one in events[-4:]] == [
        ("assigned", "maria"), ("commented", "maria"), ("snoozed", "maria"), ("woke", "maria"),
    ]  # fmt: skip


def test_a_write_off_is_confirmed_by_another_person_within_their_limit(work):
    asked = Proposal(
        kind="write_off", subject="harvest:1", part=1, amount_minor=12345, currency="GBP",
        reason="agreed", proposed_by="olga", proposed_at=NOW,
    )  # fmt: skip
    with work.store.session() as session:
        number = proposals.propose(session, asked).proposal_id
    for who, said in (("olga.k", "another person"), ("ben", "above the limit of ben, 50.00 GBP")):
        with pytest.raises(AskFinanceError, match=said):
            write_offs.confirm(work.store, number, who, NOW, FIRM.approval)
    write_offs.confirm(work.store, number, "maria", NOW, FIRM.approval)
    with work.store.snapshot() as session:
        [decision] = session.scalars(select(Decision))
    assert (decision.decided_by, decision.seconded_by) == ("olga", "maria")
