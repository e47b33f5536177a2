"""Looks breaks and their events up."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ps_integration.errors import AskFinanceError
from ps_integration.stores.operational.break_events import SIGHTINGS
from ps_integration.stores.operational.models import Break, BreakEvent
from ps_integration.stores.operational.refusals import refused_by


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
    """Everything the rules of a run found, in order of rule and record; no refusals."""
    query = (
        select(Break, BreakEvent.facts)
        .join(BreakEvent, BreakEvent.break_id == Break.break_id)
        .where(BreakEvent.run_id == run_id, BreakEvent.event.in_(SIGHTINGS))
        .order_by(Break.rule, Break.record_key, Break.period, BreakEvent.seq)
    )
    roots = {row.break_id: (row.rule, row.record_key) for row in session.scalars(select(Break))}
    return [
        Sighting(
            item.rule,
            item.record_key,
            item.period,
            facts.get("at_risk_minor"),
            facts.get("currency"),
            facts.get("legal_entity"),
            facts.get("cause"),
            roots.get(item.root_break_id or ""),
        )
        for item, facts in session.execute(query)
        if refused_by(item) is None
    ]
