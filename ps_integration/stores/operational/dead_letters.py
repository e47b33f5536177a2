"""Dead letters: documents and notes that policy has stopped trying, waiting for a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from ps_integration.stores.operational import ledger
from ps_integration.stores.operational.models import Document, Feedback, LedgerEntry

DEAD_STATES: Final = ("held", "dead")
_BY_LOOKUP: Final[Mapping[str, str]] = {
    "several": "found_twice",
    "different": "found_different",
    "absent": "never_arrived",
}
"""Why a document waits, by what its last look-up showed."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter.

    Attributes:
        kind: `document` or `note` (a status owed to a PSA or time system).
        ref: Document reference; of a note system, subject and reference, divided by `|`.
        cause: One word to select by: found_twice, found_different, never_arrived, not_as_signed,
            draft_stuck, gave_up (put off too often), no_clear_answer, refused; or the ERP's own
            code.
        was_ambiguous: Some attempt had no clear answer: the ERP may hold it.
        since: When it came to rest.
    """

    kind: str
    ref: str
    system: str
    company: str
    state: str
    cause: str
    reason: str
    amount_minor: int | None
    currency: str | None
    attempts: int
    was_ambiguous: bool
    since: datetime


def letters(session: Session, *, cause: str = "", system: str = "") -> Sequence[Letter]:
    """Every dead letter, the oldest first, of one cause or system when asked."""
    documents = session.scalars(select(Document).where(Document.state.in_(DEAD_STATES)))
    notes = session.scalars(select(Feedback).where(Feedback.state == "refused"))
    found = [*(of_document(session, one) for one in documents), *(map(_of_note, notes))]
    chosen = [one for one in found if cause in {"", one.cause} and system in {"", one.system}]
    return sorted(chosen, key=lambda one: (one.since, one.ref))


def of_document(session: Session, document: Document) -> Letter:
    """A document as a dead letter."""
    history = ledger.history(session, document.document_ref)
    return Letter(
        kind="document",
        ref=document.document_ref,
        system=document.system,
        company=document.company,
        state=document.state,
        cause=cause_of(history[-1]),
        reason=document.hold_reason or "",
        amount_minor=document.amount_minor,
        currency=document.currency,
        attempts=document.attempts,
        was_ambiguous=was_ambiguous(history),
        since=history[-1].at,
    )


def cause_of(last: LedgerEntry) -> str:
    """The one word for why a document came to rest."""
    evidence = last.evidence
    if evidence.get("lookup") in _BY_LOOKUP:
        is_held = last.to_state == "held" and evidence["lookup"] == "absent"
        return "no_clear_answer" if is_held else _BY_LOOKUP[str(evidence["lookup"])]
    if evidence.get("outcome") in {"not_sent", "throttled"} or (
        evidence.get("recovery") == "retry_later"
    ):
        return "gave_up"
    if "objection" in evidence:
        return "not_as_signed"
    if "hold" in evidence:
        return "draft_stuck"
    return str(evidence.get("code") or "no_clear_answer")


def was_ambiguous(history: Sequence[LedgerEntry]) -> bool:
    """Whether any attempt had no clear answer."""
    return any(row.to_state == "unknown" for row in history)


def note_key(ref: str) -> tuple[str, ...]:
    """The key of a note from its reference."""
    return tuple(ref.split("|"))


def _of_note(row: Feedback) -> Letter:
    return Letter(
        kind="note",
        ref=f"{row.system}|{row.subject_kind}|{row.subject_external_id}|{row.reference}",
        system=row.system,
        company="",
        state=row.state,
        cause="refused",
        reason=row.error or "",
        amount_minor=None,
        currency=None,
        attempts=1,
        was_ambiguous=False,
        since=row.changed_at,
    )
