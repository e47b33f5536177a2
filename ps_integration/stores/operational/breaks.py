"""The life of breaks over nights: opened, seen, worse, better, resolved, accepted, reopened.

The row is what is so now, `break_events` what happened; the same night twice changes nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ps_integration.domain.breaks import RuleOutcome, id_of
from ps_integration.errors import AskFinanceError
from ps_integration.stores.operational.models import Break, BreakEvent

Found = Mapping[str, object]
Measure = tuple[int, int, int]
_SYSTEM: Final = "system"
_CORRECTED: Final = ("TM06", "TM07", "IN07")


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
class _Night:
    run_id: str
    at: datetime


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
    roots: Mapping[str, str] | None = None,
    corrected: Collection[str] = (),
) -> BreakSummary:
    """Carry the breaks on by one night.

    Args:
        session: The caller's transaction.
        night: The run's id and its as-of instant.
        found: Rows as in `reconciliation.found`.
        rules: Every rule, and how it ran; of a rule that could not look nothing is resolved.
            A rule the firm has switched off is left out: its breaks are resolved.
        roots: Break id of a consequence to the break at its root.
        corrected: Entries with a posted correction: what is not found any more was put right.
    """
    now = _Night(*night)
    outcomes = {rule.code: rule for rule in rules}
    known = {row.break_id: row for row in session.scalars(select(Break))}
    counts: dict[str, int] = {}
    tonight = set()
    for row in found:
        key = id_of(row)
        tonight.add(key)
        sighting = _Found(row, outcomes[str(row["rule"])], (roots or {}).get(key))
        event = _see(session, now, known.get(key), key, sighting)
        counts[event] = counts.get(event, 0) + 1
    for key, item in known.items():
        outcome = outcomes.get(item.rule)
        looked = outcome is None or outcome.looked_at(item.record_key)
        if key not in tonight and item.state != "resolved" and looked:
            is_corrected = item.rule in _CORRECTED and item.facts.get("entry_id") in corrected
            note = "by a correction" if is_corrected else "no longer found"
            _resolve(session, now, item, "the rule is switched off" if outcome is None else note)
            counts["resolved"] = counts.get("resolved", 0) + 1
    session.flush()
    counts.pop("accepted", None)
    return BreakSummary(**counts)


def accept(session: Session, break_id: str, by: str, note: str, at: datetime) -> None:
    """Finance lives with a break as it is; it comes back when it grows or returns.

    Raises:
        AskFinanceError: There is no such open break, or no reason is given.
    """
    item = session.get(Break, break_id)
    if item is None or item.state != "open":
        raise AskFinanceError(f"break {break_id} is not open")
    if not note.strip():
        raise AskFinanceError(f"break {break_id}: say why it is accepted")
    item.state = "accepted"
    item.closed_at = at
    session.add(_event(item.break_id, _Night("", at), "accepted", item.facts, by=by, note=note))


def open_breaks(
    session: Session, *, rule: str | None = None, with_accepted: bool = False
) -> list[Break]:
    """Open breaks by money at risk, the largest first; currencies side by side."""
    states = ("open", "accepted") if with_accepted else ("open",)
    query = select(Break).where(Break.state.in_(states))
    if rule is not None:
        query = query.where(Break.rule == rule)
    rows = session.scalars(query).all()
    return sorted(rows, key=lambda b: (-abs(b.at_risk_minor or 0), b.rule, b.record_key, b.period))


def last_seq(session: Session) -> int:
    """The newest break event; 0 when no break was ever found."""
    return session.scalar(select(func.max(BreakEvent.seq))) or 0


def show(session: Session, break_id: str) -> tuple[Break, list[BreakEvent]]:
    """One break, by its id or the beginning of it, and everything that happened to it.

    Raises:
        AskFinanceError: No break, or more than one, begins like that.
    """
    rows = session.scalars(select(Break).where(Break.break_id.startswith(break_id))).all()
    if len(rows) != 1:
        how = "no break begins" if not rows else f"{len(rows)} breaks begin"
        raise AskFinanceError(f"{how} with {break_id!r}; see `breaks list`")
    events = session.scalars(
        select(BreakEvent).where(BreakEvent.break_id == rows[0].break_id).order_by(BreakEvent.seq)
    ).all()
    return rows[0], list(events)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One break as one run saw it; `root` is rule and record key of the break at its root now."""

    rule: str
    record_key: str
    period: str
    at_risk_minor: int | None
    currency: str | None
    legal_entity: str | None
    cause: str | None
    root: tuple[str, str] | None


def sightings(session: Session, run_id: str) -> list[Sighting]:
    """Everything a run found, in order of rule and record."""
    query = (
        select(Break, BreakEvent.facts)
        .join(BreakEvent, BreakEvent.break_id == Break.break_id)
        .where(BreakEvent.run_id == run_id, BreakEvent.event != "resolved")
        .order_by(Break.rule, Break.record_key, Break.period, BreakEvent.seq)
    )
    roots = {row.break_id: (row.rule, row.record_key) for row in session.scalars(select(Break))}
    return [
        Sighting(
            item.rule,
            item.record_key,
            item.period,
            facts["at_risk_minor"],
            facts["currency"],
            facts["legal_entity"],
            facts["cause"],
            roots.get(item.root_break_id or ""),
        )
        for item, facts in session.execute(query)
    ]


def _see(session: Session, now: _Night, item: Break | None, key: str, sighting: _Found) -> str:
    facts = _facts(sighting.row)
    if item is None:
        item = _new(now, key, sighting.row)
        session.add(item)
        event = "opened"
    else:
        event = _what_happened(item, facts)
        if event == "seen" and item.last_seen_at == now.at and item.facts == facts:
            _set(item, sighting, facts)
            return event
        if item.last_seen_at != now.at:
            item.times_seen += 1
    if event == "reopened":
        item.state, item.closed_at = "open", None
        item.times_opened += 1
    if event != "accepted":
        _set(item, sighting, facts)
        session.add(_event(key, now, event, facts))
    item.last_seen_at = max(item.last_seen_at, now.at)
    return event


def _what_happened(item: Break, facts: dict[str, object]) -> str:
    before, after = measure(item.facts), measure(facts)
    is_same_money = item.facts.get("currency") == facts.get("currency")
    if item.state == "resolved":
        return "reopened"
    if item.state == "accepted":
        return "accepted" if is_same_money and after <= before else "reopened"
    if not is_same_money or before == after:
        return "seen"
    return "worse" if after > before else "better"


def measure(facts: Found) -> Measure:
    """How bad a break is: money at risk, then its difference in money, then in time."""
    money, difference, seconds = (
        facts.get(name) for name in ("at_risk_minor", "difference_minor", "difference_seconds")
    )
    return _size(money), _size(difference), _size(seconds)


def _size(value: object) -> int:
    return abs(value) if isinstance(value, int) else 0


def _resolve(session: Session, now: _Night, item: Break, note: str) -> None:
    item.state = "resolved"
    item.closed_at = now.at
    session.add(_event(item.break_id, now, "resolved", item.facts, note=note))


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
    )


def _set(item: Break, sighting: _Found, facts: dict[str, object]) -> None:
    row = sighting.row
    item.severity = sighting.outcome.severity
    item.owner = sighting.outcome.owner
    item.blocked_kind = _text(row["blocked_kind"])
    item.blocked_id = _text(row["blocked_id"])
    item.root_break_id = sighting.root_break_id
    item.facts = facts
    at_risk = row["at_risk_minor"]
    item.at_risk_minor = at_risk if isinstance(at_risk, int) else None
    item.currency = _text(row["currency"])


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _facts(row: Found) -> dict[str, object]:
    return {
        name: str(value) if isinstance(value, Decimal | date) else value
        for name, value in row.items()
    }


def _event(
    key: str,
    now: _Night,
    event: str,
    facts: dict[str, object],
    *,
    by: str = _SYSTEM,
    note: str = "",
) -> BreakEvent:
    return BreakEvent(
        break_id=key,
        at=now.at,
        run_id=now.run_id or None,
        event=event,
        by=by,
        note=note,
        facts=facts,
    )
