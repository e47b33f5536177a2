"""The life of breaks over nights: opened, seen, worse, better, resolved, reopened.

The row is what is so now, `break_events` what happened; the same night twice changes nothing. What
people decide is in `break_decisions`, what the calendar brings in `break_tending`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from ps_integration.domain.breaks import RuleOutcome, break_id, id_of, is_overbilled
from ps_integration.stores.operational.break_events import (
    Found,
    Word,
    both_values,
    measure,
    tell,
)
from ps_integration.stores.operational.break_queries import (
    Sighting,
    last_seq,
    open_breaks,
    show,
    sightings,
)
from ps_integration.stores.operational.models import Break, BreakEvent
from ps_integration.stores.operational.refusals import refused_by

__all__ = [
    "Beside",
    "BreakSummary",
    "Sessions",
    "Sighting",
    "last_seq",
    "measure",
    "open_breaks",
    "record",
    "show",
    "sightings",
]
_CORRECTED: Final = ("TM06", "TM07", "IN07")
OVERBILLED_FOR: Final = timedelta(hours=12)
"""What a customer was billed too much for longer than this is older than a night."""


class Sessions(Protocol):
    """What hands out transactions of the operational store."""

    def session(self) -> AbstractContextManager[Session]:
        """One transaction: committed on leaving, rolled back on an exception."""


@dataclass(frozen=True, slots=True)
class BreakSummary:
    """What one night did to the breaks, by number."""

    opened: int = 0
    seen: int = 0
    worse: int = 0
    better: int = 0
    reopened: int = 0
    resolved: int = 0

    @property
    def changed(self) -> int:
        """Breaks that are not as they were the night before."""
        return self.opened + self.worse + self.better + self.reopened + self.resolved


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known beside what rules found.

    Attributes:
        roots: Break id of a consequence to the break at its root.
        corrected: Entries with a posted correction: what is not found any more was put right.
        is_asked: Whether breaks of a rule are carried on now; those of another rule stay as they
            are, for it runs at another time of the night.
    """

    roots: Mapping[str, str] = field(default_factory=dict)
    corrected: Collection[str] = ()
    is_asked: Callable[[str], bool] = lambda _rule: True


@dataclass(frozen=True, slots=True)
class _Night:
    run_id: str
    at: datetime

    def word(self, note: str = "", detail: Mapping[str, object] | None = None) -> Word:
        """The night tells of an event."""
        return Word(self.at, run_id=self.run_id, note=note, detail=detail)


@dataclass(frozen=True, slots=True)
class _Found:
    """One row a rule found, with how its rule is set and which break is at its root."""

    row: Found
    outcome: RuleOutcome
    root_break_id: str | None


def record(
    session: Session,
    night: tuple[str, datetime],
    found: Sequence[Found],
    rules: Sequence[RuleOutcome],
    beside: Beside | None = None,
) -> BreakSummary:
    """Carry the breaks on by one night.

    Refusals of an ERP are no rule's finding and are left as they are (see `refusals`).

    Args:
        session: The caller's transaction.
        night: The run's id and its as-of instant.
        found: Rows as in `reconciliation.found`.
        rules: Every rule, and how it ran; of a rule that could not look nothing is resolved.
            A rule the firm has switched off is left out: its breaks are resolved.
        beside: Roots, corrections and which rules were asked; all, when left out.
    """
    now, known_beside = _Night(*night), beside or Beside()
    outcomes = {rule.code: rule for rule in rules}
    known = {key: item for key, item in _known(session).items() if known_beside.is_asked(item.rule)}
    counts, tonight = _seen(session, now, found, outcomes, known, known_beside.roots)
    for key, item in known.items():
        outcome = outcomes.get(item.rule)
        looked = outcome is None or outcome.looked_at(item.record_key)
        if key not in tonight and item.state != "resolved" and looked:
            is_corrected = (
                item.rule in _CORRECTED and item.facts.get("entry_id") in known_beside.corrected
            )
            note = "by a correction" if is_corrected else "no longer found"
            _resolve(session, now, item, _ended(outcome, item) or note)
            counts["resolved"] = counts.get("resolved", 0) + 1
    session.flush()
    counts.pop("accepted", None)
    return BreakSummary(**counts)


def _ended(outcome: RuleOutcome | None, item: Break) -> str:
    """Why nobody looks for a break any more; nothing where somebody does."""
    if outcome is None:
        return "the rule is switched off"
    return "" if outcome.applies_to(item.record_key) else "not applicable"


def _known(session: Session) -> dict[str, Break]:
    """Every break that a rule has found, by id; one whose id somebody altered gets it again."""
    rows = list(session.scalars(select(Break)))
    ids = {row.break_id for row in rows}
    for row in rows:
        own = break_id(row.rule, row.record_key, row.period)
        if own not in ids and not _has_events(session, row.break_id):
            row.break_id = own
    session.flush()
    return {row.break_id: row for row in rows if refused_by(row) is None}


def _has_events(session: Session, key: str) -> bool:
    """Whether an id is that of a break that was ever opened; every one was."""
    return (
        session.scalar(select(BreakEvent.seq).where(BreakEvent.break_id == key).limit(1))
        is not None
    )


def _seen(
    session: Session,
    now: _Night,
    found: Sequence[Found],
    outcomes: Mapping[str, RuleOutcome],
    known: Mapping[str, Break],
    roots: Mapping[str, str],
) -> tuple[dict[str, int], set[str]]:
    """Record what was found: how often what happened, and the ids of the breaks."""
    counts: dict[str, int] = {}
    tonight = set()
    for row in found:
        key = id_of(row)
        tonight.add(key)
        sighting = _Found(row, outcomes[str(row["rule"])], roots.get(key))
        event = _see(session, now, known.get(key), key, sighting)
        counts[event] = counts.get(event, 0) + 1
    return counts, tonight


def _see(session: Session, now: _Night, item: Break | None, key: str, sighting: _Found) -> str:
    facts = _facts(sighting.row)
    if item is None:
        item = _new(now, key, sighting.row)
        session.add(item)
        _set(item, sighting, facts)
        tell(session, item, "opened", now.word())
        return "opened"
    event, before = _what_happened(item, facts), item.facts
    if event == "seen" and item.last_seen_at == now.at and before == facts:
        _set(item, sighting, facts)
        return event
    if item.last_seen_at != now.at:
        item.times_seen += 1
    item.last_seen_at = max(item.last_seen_at, now.at)
    if event != "accepted":
        said = _again(item, now, facts) if event == "reopened" else _moved(event, before, facts)
        if event == "seen" and _is_told_differently(before, facts):
            item.version += 1
        _set(item, sighting, facts)
        tell(session, item, event, now.word(*said))
        _wake_worse(session, now, item, event)
    return event


def _again(item: Break, now: _Night, facts: Found) -> tuple[str, Mapping[str, object] | None]:
    """Open a break again; what it was before is in its history."""
    note, detail = "", None
    if item.state == "accepted":
        moved, detail = both_values(item.facts, facts)
        detail = {**detail, "accepted_minor": item.accepted_minor}
        note = f"beyond what was accepted: {moved}"
    reopen(item, now.at)
    return note, detail


def reopen(item: Break, at: datetime) -> None:
    """Begin another episode of a break."""
    item.state, item.closed_at, item.episode_at = "open", None, at
    item.times_opened += 1
    item.alerts, item.alerted_minor = "", None
    _lay_down(item)


def _moved(event: str, before: Found, facts: Found) -> tuple[str, Mapping[str, object] | None]:
    return both_values(before, facts) if event in ("worse", "better") else ("", None)


def _is_told_differently(before: Found, facts: Found) -> bool:
    """Whether more than the wording has changed; the wording may count days."""
    return any(before.get(name) != facts[name] for name in facts if name != "detail")


def _wake_worse(session: Session, now: _Night, item: Break, event: str) -> None:
    if event == "worse" and item.snoozed_until is not None:
        item.snoozed_until = None
        tell(session, item, "woke", now.word("it got worse"))


def _what_happened(item: Break, facts: dict[str, object]) -> str:
    before, after = measure(item.facts), measure(facts)
    is_same_money = item.facts.get("currency") == facts.get("currency")
    if item.state == "resolved":
        return "reopened"
    if item.state == "accepted":
        limit = before if item.accepted_minor is None else (item.accepted_minor,)
        return "accepted" if is_same_money and after[: len(limit)] <= limit else "reopened"
    if not is_same_money or before == after:
        return "seen"
    return "worse" if after > before else "better"


def _resolve(session: Session, now: _Night, item: Break, note: str) -> None:
    item.state, item.closed_at = "resolved", now.at
    _lay_down(item)
    tell(session, item, "resolved", now.word(note))


def _lay_down(item: Break) -> None:
    """Forget what belongs to an episode."""
    item.snoozed_until = item.due_on = item.accepted_until = item.accepted_minor = None


def _new(now: _Night, key: str, row: Found) -> Break:
    return Break(
        break_id=key,
        rule=str(row["rule"]),
        record_key=str(row["record_key"]),
        period=str(row["period"] or ""),
        state="open",
        opened_at=now.at,
        last_seen_at=now.at,
        closed_at=None,
        times_seen=1,
        times_opened=1,
        version=0,
        episode_at=now.at,
        alerts="",
        is_assigned_by_hand=False,
    )


def _set(item: Break, sighting: _Found, facts: dict[str, object]) -> None:
    row = sighting.row
    item.severity = _severity(item, sighting)
    item.owner = sighting.outcome.owner_of(item.record_key)
    item.blocked_kind, item.blocked_id = _text(row["blocked_kind"]), _text(row["blocked_id"])
    item.root_break_id = sighting.root_break_id
    item.facts = facts
    at_risk = row["at_risk_minor"]
    item.at_risk_minor = at_risk if isinstance(at_risk, int) else None
    item.currency = _text(row["currency"])


def _severity(item: Break, sighting: _Found) -> str:
    """The rule's, but critical once a customer has been over-billed for longer than a night."""
    since = item.episode_at or item.opened_at
    is_old = item.last_seen_at - since > OVERBILLED_FOR
    return "critical" if is_old and is_overbilled(sighting.row) else sighting.outcome.severity


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _facts(row: Found) -> dict[str, object]:
    return {
        name: str(value) if isinstance(value, Decimal | date) else value
        for name, value in row.items()
    }
