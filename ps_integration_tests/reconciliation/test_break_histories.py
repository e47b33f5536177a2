"""Random lives of one break, against a model that says the same in the plainest way."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from ps_integration.contracts.found import COLUMNS
from ps_integration.domain.breaks import RuleOutcome, break_id
from ps_integration.errors import AskFinanceError
from ps_integration.settings.approval import Approval
from ps_integration.stores.operational import break_decisions as decisions
from ps_integration.stores.operational import breaks, pending
from ps_integration.stores.operational.base import Base
from ps_integration.stores.operational.break_decisions import Acceptance, Decider
from ps_integration.stores.operational.break_tending import tend
from ps_integration.stores.operational.models import BreakEvent
from ps_integration.workflows.custody import custodian
from ps_integration_tests.posting.making import make_firm

START = datetime(2026, 3, 2, 4, 30, tzinfo=UTC)  # a Monday
ID = break_id("TM01", "k", "2026-03")
FIRM = make_firm()
GROWTH, DUE_DAYS = 25, 3  # of severity high, as the settings have them


@pytest.fixture(scope="module")
def engine():
    made = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(made)
    yield made
    made.dispose()


@contextmanager
def forgotten(engine):
    """A session whose work is rolled back."""
    with Session(engine) as session:
        pending.open_for(session, None)
        yield session
        session.rollback()


def weekday_after(day, count):
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


class Model:
    """What must be so, said in the simplest way."""

    def __init__(self):
        self.state = None
        self.money = self.opened = self.events = 0
        self.snoozed = self.accepted = self.due = self.due_later = self.proposed = None
        self.alerts, self.told, self.all_alerts, self.owner = [], 0, 0, None

    def night(self, day, status, money):
        if money is None:
            if self.state in ("open", "accepted") and status == "clean":
                self.close("resolved")
        elif self.state == "accepted" and money <= self.accepted[0]:
            pass
        elif self.state != "open":
            self.open(day, money)
        else:
            self.events += 1
            if money > self.money and self.snoozed:
                self.snoozed, self.events = None, self.events + 1
            if money != self.money:
                self.proposed = None
            self.money = money
        self.calendar(day)

    def open(self, day, money):
        self.state, self.money, self.alerts = "open", money, []
        self.opened, self.events = self.opened + 1, self.events + 1
        self.accepted = self.proposed = None
        self.due = weekday_after(day, DUE_DAYS)

    def close(self, state):
        self.state, self.events = state, self.events + 1
        self.snoozed = self.accepted = self.due = self.proposed = None

    def calendar(self, day):
        if self.state == "accepted" and self.accepted[1] < day:
            self.open(day, self.money)
        if self.state != "open":
            return
        if self.snoozed and self.snoozed <= day:
            self.snoozed, self.events = None, self.events + 1
        if self.due is None:
            self.due = self.due_later
        if self.owner is None:
            self.owner, self.events = "finance", self.events + 1
        self.alert(day)

    def alert(self, day):
        why = None
        if not self.alerts:
            why = "opened"
        elif len(self.alerts) == 1 and self.money * 100 > self.told * (100 + GROWTH):
            why = "worse"
        elif len(self.alerts) == 1 and self.due < day:
            why = "overdue"
        if why and not self.snoozed:
            self.alerts.append(why)
            self.told = self.money
            self.all_alerts, self.events = self.all_alerts + 1, self.events + 1


def play(session, model, day, step):
    what, value = step
    at = START + timedelta(days=day)
    today = at.date()
    by = Decider("mia", at, today, Approval())
    if what in ("found", "clean", "could_not_run"):
        rows = [] if value is None else [row(value)]
        night = (f"r{day}", at)
        breaks.record(session, night, rows, [RuleOutcome("TM01", what, "high", "finance")])
        tend(session, night, custodian(FIRM, today))
        model.night(today, what, value)
        return
    if model.state is None:
        return
    item, _ = breaks.show(session, ID)
    if what == "reopen":
        if model.state == "accepted":
            decisions.reopen(session, item, "no longer", by)
            model.open(today, model.money)
            model.due, model.due_later = None, model.due  # written by the next night
        else:
            refused(lambda: decisions.reopen(session, item, "no", by))
    elif model.state != "open":
        refused(lambda: decisions.assign(session, item, "x", by))
    else:
        decide(session, model, item, by, what, value)


def decide(session, model, item, by, what, value):
    until = by.today + timedelta(days=value)
    if what == "snooze":
        decisions.snooze(session, item, until, "", by)
        model.snoozed, model.events = until, model.events + 1
    elif what == "comment":
        decisions.comment(session, item, "seen", by)
        model.events += 1
    elif what == "assign":
        decisions.assign(session, item, "olga", by)
        model.owner, model.events = "olga", model.events + 1
    elif what == "accept":
        accept(session, model, item, by, until)
    else:
        confirm(session, model, item, by)


def accept(session, model, item, by, until):
    asked = Acceptance("fine", until, model.money or None)
    if model.proposed:
        refused(lambda: decisions.accept(session, item, asked, by))
    elif model.money:
        assert decisions.accept(session, item, asked, by) == "proposed"
        model.proposed, model.events = until, model.events + 1
        refused(lambda: decisions.confirm(session, item, by))
    else:
        decisions.accept(session, item, asked, by)
        model.close("accepted")
        model.accepted = (0, until)


def confirm(session, model, item, by):
    other = Decider("olga", by.at, by.today, Approval())
    if not model.proposed or model.proposed < by.today:
        refused(lambda: decisions.confirm(session, item, other))
        return
    decisions.confirm(session, item, other)
    accepted = (model.money, model.proposed)
    model.close("accepted")
    model.accepted = accepted


def refused(call):
    with pytest.raises(AskFinanceError):
        call()


def row(money):
    found = dict.fromkeys(("rule", *COLUMNS))
    return {
        **found, "rule": "TM01", "record_key": "k", "period": "2026-03", "at_risk_minor": money,
        "currency": "USD",
    }  # fmt: skip


def agree(session, model):
    if model.state is None:
        assert not breaks.open_breaks(session, with_accepted=True)
        return
    item, events = breaks.show(session, ID)
    assert (item.state, item.times_opened) == (model.state, model.opened)
    assert (item.at_risk_minor, len(events)) == (model.money, model.events)
    assert item.snoozed_until == model.snoozed
    assert (item.accepted_until if model.state == "accepted" else None) == (
        model.accepted[1] if model.accepted else None
    )
    assert item.alerts.split() == model.alerts
    assert sum(event.event == "alerted" for event in events) == model.all_alerts
    assert item.assigned_to == model.owner
    if model.due is not None:
        assert item.due_on == model.due
    versions = sum(event.event not in ("seen", "alerted") for event in events)
    assert item.version == versions
    assert session.scalar(select(func.count()).select_from(BreakEvent)) == model.events


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("found"), st.integers(0, 4)),
        st.tuples(st.just("found"), st.integers(0, 4)),
        st.tuples(st.sampled_from(["clean", "could_not_run"]), st.none()),
        st.tuples(
            st.sampled_from(["snooze", "comment", "assign", "accept", "confirm"]),
            st.integers(1, 4),
        ),
        st.tuples(st.just("reopen"), st.just(1)),
    ),
    max_size=14,
)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_random_lives_agree_with_a_simple_model(engine, steps):
    model = Model()
    with forgotten(engine) as session:
        for day, step in enumerate(steps):
            play(session, model, day, step)
            agree(session, model)
