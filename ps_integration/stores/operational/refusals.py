"""Takes a refused document apart: what the ERP blamed is held by a break, the rest is free."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from ps_integration.domain import breaks
from ps_integration.errors import AskFinanceError
from ps_integration.stores.operational import audit
from ps_integration.stores.operational.break_events import Word, tell
from ps_integration.stores.operational.models import Break, Document, PostingLine

RULE: Final = "IN01"
"""Dead letter waiting: a write that is not tried again until a person or a change frees it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The ERP's documented refusal of the first and only send."""

    code: str
    message: str
    recovery: str
    bad_lines: tuple[int, ...]
    at: datetime
    run_id: str | None
    config_hash: str


@dataclass(frozen=True, slots=True)
class _Subject:
    kind: str
    blocked_id: str
    record_key: str
    lines: Sequence[PostingLine]


def take_apart(
    session: Session, document: Document, lines: Sequence[PostingLine], refusal: Refusal
) -> list[str]:
    """Open a break for each object that the ERP blamed, or for the project when it blamed none.

    A refusal that only asks to come back later opens none. Returns the ids of the breaks.
    """
    document.hold_reason = f"{refusal.code}: {refusal.message}"[:2000]
    if refusal.recovery == "retry_later":
        return []
    blamed = [line for line in lines if line.line_no in refusal.bad_lines]
    subjects = [_of_line(line) for line in blamed] or [_of_project(document, lines)]
    return [_open(session, document, subject, refusal) for subject in subjects]


def _of_line(line: PostingLine) -> _Subject:
    kind = "milestone" if line.object_kind == "milestone" else "entry"
    return _Subject(kind, line.object_id, f"{line.object_id}#{line.part}", [line])


def _of_project(document: Document, lines: Sequence[PostingLine]) -> _Subject:
    key = f"{document.system}:{document.company}:{document.project_id}"
    return _Subject("project", document.project_id, key, lines)


def _open(session: Session, document: Document, subject: _Subject, refusal: Refusal) -> str:
    break_id = breaks.break_id(RULE, subject.record_key, document.period)
    facts = {
        "document_ref": document.document_ref,
        "system": document.system,
        "company": document.company,
        "legal_entity": document.legal_entity,
        "project_id": document.project_id,
        "customer_key": document.customer_key,
        "cause": "master_data_incomplete" if refusal.recovery == "fix_data" else "unknown",
        "detail": f"{document.system} refused {document.document_ref}: {refusal.message}",
        "code": refusal.code,
        "recovery": refusal.recovery,
        "config_hash": refusal.config_hash,
        "versions": {line.object_id: line.version_sha256 for line in subject.lines},
    }
    known = session.get(Break, break_id)
    row = known or Break(
        break_id=break_id,
        rule=RULE,
        record_key=subject.record_key,
        period=document.period,
        severity="high",
        owner="finance" if refusal.recovery == "fix_data" else "integration",
        blocked_kind=subject.kind,
        blocked_id=subject.blocked_id,
        opened_at=refusal.at,
        times_seen=0,
        times_opened=0,
    )
    if row.state != "open":
        row.episode_at, row.alerts, row.due_on = refusal.at, "", None
    row.state, row.last_seen_at, row.closed_at, row.facts = "open", refusal.at, None, facts
    row.times_seen, row.times_opened = row.times_seen + 1, row.times_opened + 1
    row.at_risk_minor = sum(line.amount_minor for line in subject.lines)
    row.currency = document.currency
    session.add(row)
    session.flush()
    event = "reopened" if known else "opened"
    tell(session, row, event, Word(refusal.at, run_id=refusal.run_id))
    return break_id


def release_changed(
    session: Session, current: Mapping[str, str], *, config_hash: str, at: datetime, run_id: str
) -> int:
    """Close refusals whose entry, or whose configuration, is no longer what the ERP refused.

    Args:
        session: A writing transaction.
        current: The version hash of each current object, by id; absent means unknown.
        config_hash: Tonight's configuration.
        at: The night's time.
        run_id: The run.
    """
    closed = 0
    for row in open_refusals(session):
        versions: Mapping[str, str] = row.facts["versions"]
        is_changed = any(current.get(key, known) != known for key, known in versions.items())
        if not is_changed and row.facts["config_hash"] == config_hash:
            continue
        row.state, row.closed_at = "resolved", at
        tell(session, row, "resolved", Word(at, run_id=run_id))
        closed += 1
    return closed


def release(session: Session, break_id: str, *, who: str, at: datetime, note: str) -> None:
    """A person says that the ERP will take it now: its lines are planned and approved anew.

    Raises:
        AskFinanceError: There is no such open refusal.
    """
    row = session.get(Break, break_id)
    if row is None or row.rule != RULE or row.state != "open":
        raise AskFinanceError(f"break {break_id}: not an open refusal of an ERP")
    row.state, row.closed_at = "resolved", at
    tell(session, row, "resolved", Word(at, who, note=note))
    audit.append(
        session, at=at, who=who, action="release_refusal", subject=break_id, detail={"note": note}
    )


def open_refusals(session: Session) -> Sequence[Break]:
    """Refusals that still hold something."""
    return session.scalars(
        select(Break).where(Break.rule == RULE, Break.state == "open").order_by(Break.break_id)
    ).all()
