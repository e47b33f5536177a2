"""Draws the exception workbook of now: open breaks, matches, and room to decide about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ps_integration.domain.ports import Queries
from ps_integration.domain.trail import KeyRing
from ps_integration.reconciliation.rule import load_rules
from ps_integration.reports import read, working
from ps_integration.reports.exceptions import exception_lines
from ps_integration.reports.lines import ExceptionLine
from ps_integration.reports.working import Work, WorkLine
from ps_integration.settings.firm import Firm
from ps_integration.stores.operational import break_decisions, breaks
from ps_integration.stores.operational.models import Break
from ps_integration.stores.operational.store import Session
from ps_integration.workflows.break_work import day_of, said_of
from ps_integration.workflows.calendars import calendars
from ps_integration.workflows.custody import owner_choices
from ps_integration.workflows.match_offers import match_lines

PURPOSE = "exception workbook"
"""What the key that seals workbooks is derived for."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """Whose workbook it is, of which run, and what seals it."""

    firm: Firm
    run_id: str
    key: bytes


def workbook_keys(ring: KeyRing) -> tuple[bytes, ...]:
    """What seals workbooks, the current key first."""
    return tuple(key.derived(PURPOSE) for key in (ring.current, *ring.previous))


def draw(session: Session, queries: Queries, sealing: Sealing, now: datetime) -> bytes:
    """The workbook's bytes.

    Args:
        session: A transaction on the operational store.
        queries: The warehouse: what lines typed by hand may bill, and the reporting currency's
            rates.
        sealing: What it is sealed with.
        now: The instant it is drawn for.
    """
    firm = sealing.firm
    rules = load_rules(firm.rules_path)
    found = breaks.open_breaks(session)
    lines = exception_lines(
        found,
        {rule.code: rule for rule in rules},
        firm.owners,
        read.exchange(queries, firm.firm.reporting_currency),
        now,
    )
    return working.render(
        Work(
            firm=firm.firm.id,
            run_id=sealing.run_id,
            as_of=now,
            today=day_of(firm, now),
            time_zone=firm.firm.time_zone,
            lines=_work_lines(session, firm, found, lines, now),
            matches=match_lines(session, queries),
            owners=owner_choices(firm, frozenset(rule.owner for rule in rules)),
            key=sealing.key,
        )
    )


def _work_lines(
    session: Session,
    firm: Firm,
    found: Sequence[Break],
    lines: Sequence[ExceptionLine],
    now: datetime,
) -> tuple[WorkLine, ...]:
    items, known = {item.break_id: item for item in found}, calendars(firm)
    waiting = break_decisions.all_waiting(session)
    return tuple(
        WorkLine(
            line=line,
            version=item.version,
            assigned_to=item.assigned_to,
            due_on=item.due_on,
            age_business_days=known.of(line.legal_entity).age(
                item.episode_at or item.opened_at, now
            ),
            snoozed_until=item.snoozed_until,
            waiting=said_of(waiting.get(line.break_id)),
        )
        for line in lines
        for item in (items[line.break_id],)
    )
