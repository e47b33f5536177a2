"""Days of work that a person dates anew: a row that never changes, and a row of the audit trail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ps_integration.domain.identity import is_person
from ps_integration.errors import AskFinanceError
from ps_integration.stores.operational import audit, rights
from ps_integration.stores.operational.models import DayDecision, Document, PostingLine

_FREE = ("planned", "refused", "superseded")
_CHUNK = 400


@dataclass(frozen=True, slots=True)
class Dated:
    """One entry with the day it has and the day it would have in a zone."""

    entry_id: str
    zone: str
    before: date
    after: date


def documented(session: Session, entry_ids: Sequence[str]) -> dict[str, str]:
    """Which entries are in a document that is more than planned, and which it is."""
    found: dict[str, str] = {}
    for start in range(0, len(entry_ids), _CHUNK):
        query = (
            select(PostingLine.object_id, Document.document_ref)
            .join(Document, Document.document_ref == PostingLine.document_ref)
            .where(
                PostingLine.object_kind == "time_entry",
                PostingLine.object_id.in_(entry_ids[start : start + _CHUNK]),
                Document.state.not_in(_FREE),
            )
            .order_by(Document.document_ref)
        )
        found |= {str(entry): str(ref) for entry, ref in session.execute(query)}
    return found


def decide(session: Session, dated: Sequence[Dated], who: str, at: datetime, note: str) -> None:
    """Date entries anew; the next night has them on their new day.

    Raises:
        AskFinanceError: The decider is no person, gives no reason, or an entry is in a document
            that is more than planned.
    """
    if not is_person(who):
        raise AskFinanceError(f"{who} is no person: a person says where work was done")
    if not note.strip():
        raise AskFinanceError("say why: --note is missing")
    rights.one_at_a_time(session)
    for entry_id, ref in documented(session, [one.entry_id for one in dated]).items():
        raise AskFinanceError(
            f"{entry_id}: document {ref} bills it; work that is posted or on its way keeps its day"
        )
    for one in dated:
        row = DayDecision(
            entry_id=one.entry_id,
            zone=one.zone,
            day_before=one.before,
            day_after=one.after,
            decided_by=who,
            decided_at=at,
            note=note,
        )
        session.add(row)
        session.flush()
        detail = {
            "decision_id": row.decision_id,
            "zone": one.zone,
            "day_before": one.before.isoformat(),
            "day_after": one.after.isoformat(),
            "note": note,
        }
        audit.append(
            session, at=at, who=who, action="rederive_day", subject=one.entry_id, detail=detail
        )
