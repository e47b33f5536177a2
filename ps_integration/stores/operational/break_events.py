"""What happened to a break, told once: an event of its life and the version of its row."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.domain.identity import SYSTEM
from ps_integration.domain.money import Money
from ps_integration.stores.operational.models import Break, BreakEvent

Found = Mapping[str, object]
Measure = tuple[int, int, int]
MEASURES: Final = ("at_risk_minor", "difference_minor", "difference_seconds")
SIGHTINGS: Final = ("opened", "seen", "worse", "better", "reopened")
"""Events of a run that found the break."""
MONEY_MOVED: Final = ("opened", "worse", "better", "reopened")
"""Events after which an amount that was proposed for acceptance is no longer what it was."""
STATES: Final = {**dict.fromkeys(SIGHTINGS, "open"), "resolved": "resolved", "accepted": "accepted"}
"""The state after an event; other events leave it."""
_UNCHANGED: Final = ("seen", "alerted")


@dataclass(frozen=True, slots=True)
class Word:
    """Who tells of an event, when, and what is to be remembered."""

    at: datetime
    by: str = SYSTEM
    run_id: str | None = None
    note: str = ""
    detail: Mapping[str, object] | None = None


def tell(session: Session, item: Break, event: str, word: Word) -> None:
    """Add one event; whatever changes the break makes it another version."""
    if event not in _UNCHANGED:
        item.version = (item.version or 0) + 1
    session.add(
        BreakEvent(
            break_id=item.break_id,
            at=word.at,
            run_id=word.run_id or None,
            event=event,
            by=word.by,
            note=word.note,
            facts=dict(item.facts),
            detail=None if word.detail is None else dict(word.detail),
        )
    )


def measure(facts: Found) -> Measure:
    """How bad a break is: money at risk, then its difference in money, then in time."""
    money, difference, seconds = (facts.get(name) for name in MEASURES)
    return _size(money), _size(difference), _size(seconds)


def _size(value: object) -> int:
    return abs(value) if isinstance(value, int) else 0


def both_values(before: Found, now: Found) -> tuple[str, dict[str, object]]:
    """A change of a break in words, and as the values before and now."""
    names = (*MEASURES, "currency")
    detail: dict[str, object] = {
        "before": {name: before.get(name) for name in names},
        "now": {name: now.get(name) for name in names},
    }
    name = next((n for n in MEASURES if before.get(n) != now.get(n)), MEASURES[0])
    return f"{_said(name, now)}, was {_said(name, before)}", detail


def _said(name: str, facts: Found) -> str:
    value, currency = facts.get(name), str(facts.get("currency"))
    if not isinstance(value, int):
        return "nothing"
    if name.endswith("_minor") and currency in MINOR_UNITS:
        return str(Money(value, currency))
    return f"{value} seconds" if name.endswith("_seconds") else str(value)


def money_moves(session: Session, break_id: str) -> int:
    """How often the money of a break has moved; names what an acceptance was proposed for."""
    query = select(func.count()).where(
        BreakEvent.break_id == break_id, BreakEvent.event.in_(MONEY_MOVED)
    )
    return session.scalar(query) or 0
