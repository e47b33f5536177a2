"""Takes a refused document apart: what the ERP blamed is held by a break, the rest is free.

Such a break has the code of rule IN01, but the rule neither finds nor closes it: `refused_by` tells
the two apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from ps_integration.domain import breaks
from ps_integration.domain.money import Money
from ps_integration.domain.posting import Scope
from ps_integration.stores.operational.break_events import Word, tell
from ps_integration.stores.operational.models import Break, Document, PostingLine

RULE: Final = "IN01"
"""Dead letter waiting: a write that is not tried again until a person or a change frees it."""

_TO_COME: Final = ("planned", "approved", "sending", "draft", "unknown", "held")
_WORDS_MAX: Final = 2000
_CAUSES: Final[Mapping[str, str]] = {
    "fix_data": "master_data_incomplete",
    "fix_configuration": "mapping_missing",
}
_REMEDIES: Final[Mapping[str, str]] = {
    "fix_data": "Put right in the source or the ERP what the ERP names; it goes out with the next "
    "night that plans it.",
    "fix_configuration": "Put right in the firm file or the set-up of the ERP what the message "
    "names; it goes out with the next night that plans it.",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """The ERP's documented refusal of the first and only send."""

    code: str
    message: str
    recovery: str
    scope: Scope
    bad_lines: tuple[int, ...]
    at: datetime
    run_id: str | None
    config_hash: str


@dataclass(frozen=True, slots=True)
class Refused:
    """What a refusal's break keeps of what the ERP refused, beside the facts of every break.

    Attributes:
        versions: Version hash of each object that the refused document billed, by id.
        config_hash: The configuration that it was sent under.
    """

    versions: Mapping[str, str]
    config_hash: str


def refused_by(item: Break) -> Refused | None:
    """What was refused; None when the break is not a refusal's but was found by a rule.

    Rule IN01 finds breaks under the same code: what stands in their facts is the rule's.
    """
    versions, config_hash = item.facts.get("versions"), item.facts.get("config_hash")
    if not isinstance(versions, Mapping) or not isinstance(config_hash, str):
        return None
    return Refused(versions, config_hash)


@dataclass(frozen=True, slots=True)
class _Subject:
    kind: str
    blocked_id: str
    record_key: str
    lines: Sequence[PostingLine]


def take_apart(
    session: Session, document: Document, lines: Sequence[PostingLine], refusal: Refusal
) -> list[str]:
    """Open a break for each object that the ERP blamed, else for the project.

    A refusal that only asks to come back later opens none. Returns the ids of the breaks.
    """
    document.hold_reason = words(refusal.code, refusal.message)
    if refusal.recovery == "retry_later":
        return []
    is_of_lines = refusal.scope == "document"
    blamed = [line for line in lines if is_of_lines and line.line_no in refusal.bad_lines]
    subjects = [_of_line(line) for line in blamed] or [_of_project(document, lines)]
    return [_open(session, document, subject, refusal) for subject in subjects]


def words(code: str, message: str) -> str:
    """What an ERP said, with its code where it has one, as long as the store keeps it."""
    return (f"{code}: {message}" if code else message)[:_WORDS_MAX]


def _of_line(line: PostingLine) -> _Subject:
    kind = "milestone" if line.object_kind == "milestone" else "entry"
    return _Subject(kind, line.object_id, f"{line.object_id}#{line.part}", [line])


def _of_project(document: Document, lines: Sequence[PostingLine]) -> _Subject:
    key = f"{document.system}:{document.company}:{document.project_id}"
    return _Subject("project", document.project_id, key, lines)


def _open(session: Session, document: Document, subject: _Subject, refusal: Refusal) -> str:
    break_id = breaks.break_id(RULE, subject.record_key, document.period)
    at_risk_minor = sum(abs(line.amount_minor) for line in subject.lines)
    facts = _facts(document, subject, refusal, at_risk_minor)
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
    row.at_risk_minor, row.currency = at_risk_minor, document.currency
    session.add(row)
    session.flush()
    event = "reopened" if known else "opened"
    tell(session, row, event, Word(refusal.at, run_id=refusal.run_id))
    return break_id


def _facts(
    document: Document, subject: _Subject, refusal: Refusal, amount_minor: int
) -> dict[str, object]:
    """The facts of every break, then what `refused_by` reads."""
    return {
        "legal_entity": document.legal_entity,
        "project_id": document.project_id,
        "customer_key": document.customer_key,
        "entry_id": subject.blocked_id if subject.kind == "entry" else None,
        "left_system": "ps_integration",
        "left_id": document.document_ref,
        "left_value": str(Money(amount_minor, document.currency)),
        "right_system": document.system,
        "right_value": "refused",
        "at_risk_minor": amount_minor,
        "currency": document.currency,
        "cause": _CAUSES.get(refusal.recovery, "unknown"),
        "detail": f"{document.system} refused {document.document_ref}: {refusal.message}",
        "remedy": _REMEDIES.get(refusal.recovery, _REMEDIES["fix_data"]),
        "document_ref": document.document_ref,
        "system": document.system,
        "company": document.company,
        "code": refusal.code,
        "recovery": refusal.recovery,
        "config_hash": refusal.config_hash,
        "versions": {line.object_id: line.version_sha256 for line in subject.lines},
    }


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
    for row, refused in open_refusals(session):
        versions = refused.versions
        is_changed = any(current.get(key, known) != known for key, known in versions.items())
        if not is_changed and refused.config_hash == config_hash:
            continue
        row.state, row.closed_at = "resolved", at
        tell(session, row, "resolved", Word(at, run_id=run_id))
        closed += 1
    return closed


def try_again(session: Session, *, at: datetime, run_id: str) -> int:
    """Close every refusal before a night plans: what was refused goes out once more, anew.

    What the ERP lacked may have been put right there, which nobody tells us. Refused again, its
    break opens again the same night.
    """
    found = open_refusals(session)
    for row, _ in found:
        row.state, row.closed_at = "resolved", at
        tell(session, row, "resolved", Word(at, run_id=run_id, note="tried again"))
    return len(found)


def stand_again(session: Session, *, at: datetime, run_id: str) -> int:
    """Open again what was closed to be tried tonight, where nothing was sent after all.

    Args:
        session: A writing transaction.
        at: The night's time, at which `try_again` closed them.
        run_id: The run.
    """
    closed = select(Break).where(
        Break.rule == RULE, Break.state == "resolved", Break.closed_at == at
    )
    opened = 0
    for row in session.scalars(closed.order_by(Break.break_id)):
        refused = refused_by(row)
        if refused is None or _are_planned(session, refused.versions):
            continue
        row.state, row.closed_at = "open", None
        row.times_opened += 1
        tell(session, row, "reopened", Word(at, run_id=run_id, note="not tried tonight"))
        opened += 1
    return opened


def _are_planned(session: Session, objects: Mapping[str, str]) -> bool:
    """Whether a document that is still to be sent, or on its way, has a line of one of them."""
    live = (
        select(PostingLine.document_ref)
        .join(Document, PostingLine.document_ref == Document.document_ref)
        .where(PostingLine.object_id.in_(objects), Document.state.in_(_TO_COME))
    )
    return session.scalar(live.limit(1)) is not None


def open_refusals(session: Session) -> Sequence[tuple[Break, Refused]]:
    """Refusals that still hold something; not what rule IN01 found."""
    rows = session.scalars(
        select(Break).where(Break.rule == RULE, Break.state == "open").order_by(Break.break_id)
    )
    return [(row, refused) for row in rows if (refused := refused_by(row)) is not None]


def as_found(session: Session) -> list[Mapping[str, object]]:
    """Refusals that are open, as rows like those that rules find."""
    names = ("rule", "record_key", "period", "blocked_kind", "blocked_id")
    return [
        {**row.facts, **{name: getattr(row, name) for name in names}}
        for row, _ in open_refusals(session)
    ]
