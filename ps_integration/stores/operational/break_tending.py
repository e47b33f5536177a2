"""What the calendar brings to open breaks: an owner, a due date, waking, expiry, one alert.

Runs each night in the transaction that recorded what the rules found; once more changes nothing.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from ps_integration.stores.operational.break_events import Word, tell
from ps_integration.stores.operational.breaks import reopen
from ps_integration.stores.operational.models import Break

ALERTS_MAX: Final = 2
"""Per episode: that it is open, and once more that it got much worse or is overdue."""


class Custodian(Protocol):
    """How the firm wants its breaks worked."""

    @property
    def today(self) -> date:
        """The firm's calendar date."""

    def assignee(self, item: Break) -> str:
        """Whose a break is, by rule."""

    def due_on(self, item: Break) -> date:
        """By when an episode is to be closed."""

    def is_alerted(self, item: Break) -> bool:
        """Whether breaks like this are told of at once."""

    def is_much_worse(self, item: Break) -> bool:
        """Whether it has grown past its severity's threshold since it was told of."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One message about one break; `why` is opened, worse or overdue."""

    break_id: str
    why: str
    rule: str
    record_key: str
    severity: str
    assigned_to: str | None
    at_risk_minor: int | None
    currency: str | None
    due_on: date | None


def tend(session: Session, night: tuple[str, datetime], custodian: Custodian) -> list[Alert]:
    """Carry open breaks over one night's calendar; the alerts that are due come back, once.

    Args:
        session: The caller's transaction.
        night: The run's id and its as-of instant.
        custodian: The firm's settings.
    """
    run_id, at = night
    alerts = []
    query = select(Break).where(Break.state.in_(("open", "accepted"))).order_by(Break.break_id)
    for item in session.scalars(query):
        if item.state == "accepted" and not _has_expired(item, custodian.today):
            continue
        _expire(session, item, Word(at, run_id=run_id))
        _wake(session, item, Word(at, run_id=run_id, note="its date has come"), custodian.today)
        _assign(session, item, Word(at, run_id=run_id, note="by rule"), custodian)
        _set_due(item, custodian)
        why = _why(item, custodian)
        if why:
            alerts.append(_alert(session, item, why, Word(at, run_id=run_id, note=why)))
    session.flush()
    return alerts


def _has_expired(item: Break, today: date) -> bool:
    return item.accepted_until is not None and item.accepted_until < today


def _expire(session: Session, item: Break, word: Word) -> None:
    if item.state != "accepted" or item.accepted_until is None:
        return
    note = f"it was accepted until {item.accepted_until}"
    detail = {"accepted_minor": item.accepted_minor, "until": item.accepted_until.isoformat()}
    reopen(item, word.at)
    tell(session, item, "reopened", Word(word.at, run_id=word.run_id, note=note, detail=detail))


def _wake(session: Session, item: Break, word: Word, today: date) -> None:
    if item.snoozed_until is not None and item.snoozed_until <= today:
        item.snoozed_until = None
        tell(session, item, "woke", word)


def _assign(session: Session, item: Break, word: Word, custodian: Custodian) -> None:
    to = custodian.assignee(item)
    if item.is_assigned_by_hand or item.assigned_to == to:
        return
    detail = {"to": to, "before": item.assigned_to}
    item.assigned_to = to
    tell(
        session, item, "assigned", Word(word.at, run_id=word.run_id, note=word.note, detail=detail)
    )


def _set_due(item: Break, custodian: Custodian) -> None:
    """Due by the worst that the episode has been; a date never moves further away."""
    due = custodian.due_on(item)
    item.due_on = due if item.due_on is None else min(item.due_on, due)


def _why(item: Break, custodian: Custodian) -> str:
    told = item.alerts.split()
    follows = item.root_break_id not in (None, item.break_id)
    is_put_off = item.snoozed_until is not None and item.blocked_kind is None
    if follows or is_put_off or len(told) >= ALERTS_MAX or not custodian.is_alerted(item):
        return ""
    if not told:
        return "opened"
    if custodian.is_much_worse(item):
        return "worse"
    return "overdue" if item.due_on is not None and item.due_on < custodian.today else ""


def _alert(session: Session, item: Break, why: str, word: Word) -> Alert:
    item.alerts = f"{item.alerts} {why}".strip()
    item.alerted_minor = abs(item.at_risk_minor or 0)
    tell(session, item, "alerted", word)
    return Alert(
        item.break_id,
        why,
        item.rule,
        item.record_key,
        item.severity,
        item.assigned_to,
        item.at_risk_minor,
        item.currency,
        item.due_on,
    )
