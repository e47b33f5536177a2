from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from ps_integration.contracts.found import COLUMNS
from ps_integration.domain.breaks import RuleOutcome, break_id
from ps_integration.errors import AskFinanceError
from ps_integration.settings.approval import Approval
from ps_integration.stores.operational import break_decisions as decisions
from ps_integration.stores.operational import breaks, pending
from ps_integration.stores.operational.base import Base
from ps_integration.stores.operational.break_decisions import Acceptance, Decider

START = datetime(2026, 3, 1, 4, 30, tzinfo=UTC)
ID = break_id("TM01", "k", "2026-03")


@contextmanager
def _store():
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        pending.open_for(session, None)
        yield session
    engine.dispose()


def _row(money=100, key="k", rule="TM01", **more):
    row = dict.fromkeys(("rule", *COLUMNS))
    return {
        **row, "rule": rule, "record_key": key, "period": "2026-03", "at_risk_minor": money,
        "currency": "USD", **more,
    }  # fmt: skip


def _night(
    session, day, *rows, status="found", not_compared=(), not_applicable=(), rules=("TM01",)
):
    outcomes = [
        RuleOutcome(rule, status, "high", "finance", not_compared, not_applicable=not_applicable)
        for rule in rules
    ]
    return breaks.record(session, (f"r{day}", START + timedelta(days=day)), rows, outcomes)


def _by(who="mia", day=0):
    at = START + timedelta(days=day)
    return Decider(who, at, at.date(), Approval())


def _accept(session, money, note="fine", day=0, until=date(2027, 1, 1)):
    """Two persons accept the break as it is."""
    item, _ = breaks.show(session, ID)
    amount = money or None
    if (
        decisions.accept(session, item, Acceptance(note, until, amount), _by("mia", day))
        != "accepted"
    ):
        decisions.confirm(session, item, _by("olga", day))


def _events(session):
    return [event.event for event in breaks.show(session, ID)[1]]


def test_a_break_whose_id_somebody_altered_gets_it_again():
    """Its history names the id that it had; the night goes on, and there are not two of it."""
    with _store() as session:
        _night(session, 0, _row())
        session.flush()
        session.execute(text("update breaks set break_id = 'other'"))
        session.expire_all()
        _night(session, 1, _row(150))
        item, events = breaks.show(session, ID)
        assert (item.break_id, item.times_seen) == (ID, 2)
        assert [event.event for event in events] == ["opened", "worse"]


def test_a_break_whose_rule_somebody_altered_stays_what_its_history_says():
    with _store() as session:
        _night(session, 0, _row())
        session.flush()
        session.execute(text("update breaks set rule = 'TM01~'"))
        session.expire_all()
        _night(session, 1, _row())
        assert session.scalars(text("select break_id from breaks")).all() == [ID]


def test_a_break_lives_over_nights_and_keeps_its_history():
    with _store() as session:
        for day, rows in enumerate([[_row()], [_row()], [_row(150)], [_row(50)], [], [_row()]]):
            _night(session, day, *rows)
        item, _ = breaks.show(session, ID[:8])
        assert _events(session) == ["opened", "seen", "worse", "better", "resolved", "reopened"]
        assert (item.state, item.times_seen, item.times_opened) == ("open", 5, 2)
        assert (item.opened_at, item.closed_at) == (START, None)


def test_a_rule_that_could_not_run_leaves_its_breaks_untouched():
    with _store() as session:
        _night(session, 0, _row())
        summary = _night(session, 1, status="could_not_run")
        assert (summary.changed, _events(session)) == (0, ["opened"])


def test_a_part_that_was_not_compared_leaves_its_breaks_and_the_rest_resolves():
    with _store() as session:
        _night(session, 0, _row(key="erp_price|a"), _row())
        _night(session, 1, status="could_not_run", not_compared=("erp_price|",))
        assert [item.record_key for item in breaks.open_breaks(session)] == ["erp_price|a"]


def test_what_no_system_can_say_any_more_is_resolved_with_that_word():
    with _store() as session:
        _night(session, 0, _row(key="erp_price|a"), _row())
        _night(session, 1, _row(), not_applicable=("erp_price|",))
        assert [item.record_key for item in breaks.open_breaks(session)] == ["k"]
        _night(session, 2, status="not_applicable")
        assert breaks.show(session, ID)[1][-1].note == "not applicable"


def test_a_switched_off_rule_lets_go_of_its_breaks_and_says_so():
    with _store() as session:
        _night(session, 0, _row())
        _night(session, 1, rules=())
        assert breaks.show(session, ID)[1][-1].note == "the rule is switched off"


def test_the_same_night_again_changes_nothing():
    with _store() as session:
        _night(session, 0, _row())
        _night(session, 0, _row())
        item, events = breaks.show(session, ID)
        assert (item.times_seen, len(events)) == (1, 1)


def test_an_accepted_break_stays_accepted_until_it_grows():
    with _store() as session:
        _night(session, 0, _row(100))
        _accept(session, 100, "agreed with the customer")
        _night(session, 1, _row(100))
        assert not breaks.open_breaks(session)
        _night(session, 2, _row(101))
        assert [item.at_risk_minor for item in breaks.open_breaks(session)] == [101]
        assert _events(session) == ["opened", "proposed", "accepted", "reopened"]


def test_accepting_needs_an_open_break_and_a_reason():
    with _store() as session:
        _night(session, 0, _row())
        with pytest.raises(AskFinanceError, match="say why"):
            _accept(session, 100, " ")
        _night(session, 1)
        with pytest.raises(AskFinanceError, match="not open, it is resolved"):
            _accept(session, 100, "why")


def test_open_breaks_come_by_money_at_risk():
    with _store() as session:
        _night(session, 0, _row(5, "a"), _row(9, "b"), _row(None, "c"))
        assert [item.record_key for item in breaks.open_breaks(session)] == ["b", "a", "c"]
        with pytest.raises(AskFinanceError, match="no break begins"):
            breaks.show(session, "zzz")


@pytest.mark.parametrize(
    ("told", "severity"),
    [
        ({"rule": "TM07", "difference_minor": -100}, "critical"),
        ({"rule": "TM06", "difference_minor": -100}, "critical"),
        ({"rule": "TM06", "difference_minor": 0, "cause": "wrong_project"}, "critical"),
        ({"rule": "TM06", "difference_minor": 100}, "high"),
        ({"rule": "TM01", "difference_minor": -100}, "high"),
    ],
)
def test_what_was_billed_too_much_is_critical_after_a_night(told, severity):
    rule = told["rule"]
    with _store() as session:
        for day, expected in enumerate(["high", severity]):
            _night(session, day, _row(**told), rules=(rule,))
            item, _ = breaks.show(session, break_id(rule, "k", "2026-03"))
            assert item.severity == expected
