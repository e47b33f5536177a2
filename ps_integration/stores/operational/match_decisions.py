"""What people decide about lines typed into an ERP by hand: accept, reject, take back.

Each decision is a row that never changes and a row of the audit trail. An entry whose match is
accepted leaves the planned document it is in, and none may be claimed that has it still.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import ColumnElement

from ps_integration.domain.identity import is_person
from ps_integration.errors import AskFinanceError
from ps_integration.settings.approval import Approval
from ps_integration.stores.operational import audit, ledger, rights
from ps_integration.stores.operational.models import (
    Batch,
    Document,
    ErpReversal,
    MatchDecision,
    PostingLine,
    Run,
)

TEXT_MAX: Final = 2000
_ON_ITS_WAY: Final = ("approved", "sending", "draft", "unknown", "held", "dead")
_ACTIONS: Final = {"accepted": "accept_match", "rejected": "reject_match"}
Facts = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides, when, why, and who of the firm may.

    Attributes:
        who: The operating system's user, never a flag.
        at: The instant.
        note: Why.
        rules: People of the firm.
        file_sha256: The workbook that the decision stands in; empty on the command line.
    """

    who: str
    at: datetime
    note: str
    rules: Approval
    file_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """Lines and entries as they are when they are decided about; all of one project and currency.

    Attributes:
        lines: By record key: `number`, `line_no`, `seconds`, `amount_minor`.
        entries: By entry id: `version_sha256`, `seconds`, `amount_minor`.
        difference_minor: What the lines come to less the entries; None where one has no price.
    """

    lines: Facts
    entries: Facts
    project_id: str
    currency: str
    difference_minor: int | None


def standing(session: Session) -> Sequence[MatchDecision]:
    """Decisions that nobody has taken back, oldest first."""
    later = aliased(MatchDecision)
    withdrawn = select(later.withdraws).where(later.withdraws.is_not(None))
    query = select(MatchDecision).where(
        MatchDecision.decision != "withdrawn", MatchDecision.decision_id.not_in(withdrawn)
    )
    return session.scalars(query.order_by(MatchDecision.decision_id)).all()


def history(session: Session) -> Sequence[MatchDecision]:
    """Every decision, oldest first; what was taken back too."""
    return session.scalars(select(MatchDecision).order_by(MatchDecision.decision_id)).all()


def accept(session: Session, match: Match, by: Decider) -> MatchDecision:
    """Accept that lines of the ERP bill these entries; planned documents with one are let go of.

    Raises:
        AskFinanceError: The decider may not, gives no reason, a decision stands in the way, or an
            entry is in a document of ours that is more than planned.
    """
    _require(by)
    rights.one_at_a_time(session)
    for other in standing(session):
        _refuse_other(other, match)
    if told := _billed(session, match.entries):
        raise AskFinanceError(told)
    made = _put(session, "accepted", match, by)
    step = ledger.Step(by.at, None, {"billed_by_hand": made.decision_id, "by": by.who})
    for document in _planned(session, match.entries):
        ledger.transition(session, document, "superseded", step)
        ledger.refresh_batch(session, document.batch_id)
    return made


def reject(session: Session, match: Match, by: Decider) -> MatchDecision:
    """Say that a line does not bill these entries; they are never offered for it again.

    Raises:
        AskFinanceError: The decider may not, gives no reason, or it is decided already.
    """
    _require(by)
    rights.one_at_a_time(session)
    for other in standing(session):
        is_same = set(other.entries) == set(match.entries)
        if set(other.lines) & set(match.lines) and (is_same or other.decision == "accepted"):
            raise AskFinanceError(_in_the_way(other))
    return _put(session, "rejected", match, by)


def withdraw(session: Session, decision_id: int, by: Decider) -> MatchDecision:
    """Take a decision back; it stays in the history.

    Returns:
        The decision that was taken back.

    Raises:
        AskFinanceError: No decision of that number stands, or the decider may not or gives no
            reason.
    """
    _require(by)
    rights.one_at_a_time(session)
    found = next((one for one in standing(session) if one.decision_id == decision_id), None)
    if found is None:
        raise AskFinanceError(f"decision {decision_id}: none of that number stands")
    row = MatchDecision(
        decision="withdrawn",
        withdraws=decision_id,
        decided_by=by.who,
        decided_at=by.at,
        note=by.note,
        **{name: getattr(found, name) for name in _SUBJECT},
    )
    _write(session, row, "withdraw_match", by.file_sha256)
    return found


def newer_than_its_plan(session: Session, document: Document, batch: Batch) -> str:
    """Why a document may not be sent: a match was accepted after its plan was made; else empty."""
    run = session.get(Run, batch.run_id)
    seen = ((run.inputs if run else None) or {}).get("match_decision_id", 0)
    return taken(session, document, after=int(seen))


def taken(session: Session, document: Document, after: int = 0) -> str:
    """Who has accepted that an entry of a document was billed by hand; empty when nobody has.

    Args:
        session: A transaction.
        document: The document.
        after: Only decisions with a higher number.
    """
    newest = session.scalar(select(func.max(MatchDecision.decision_id))) or 0
    if newest <= after:
        return ""
    own = PostingLine.document_ref == document.document_ref
    billed = set(session.scalars(select(PostingLine.object_id).where(own)))
    for one in standing(session):
        both = sorted(billed & set(one.entries))
        if one.decision == "accepted" and one.decision_id > after and both:
            return f"{one.decided_by} has accepted that {both[0]} was billed by hand"
    return ""


_SUBJECT: Final = (
    *("record_key", "lines", "entries", "project_id", "currency", "difference_minor"),
)


def _require(by: Decider) -> None:
    if not is_person(by.who):
        raise AskFinanceError(f"{by.who or 'nobody'!r} is not a person and cannot decide")
    if stranger := rights.stranger(by.rules, by.who):
        raise AskFinanceError(stranger)
    if not by.note.strip():
        raise AskFinanceError("say why: a decision needs its note")
    if len(by.note) > TEXT_MAX:
        raise AskFinanceError(f"the note has over {TEXT_MAX:,} characters")


def is_in_the_way(other: MatchDecision, match: Match) -> bool:
    """Whether a decision that stands must be taken back before a match can be accepted."""
    of_line = bool(set(other.lines) & set(match.lines))
    if other.decision == "accepted":
        return of_line or bool(set(other.entries) & set(match.entries))
    return of_line and set(other.entries) == set(match.entries)


def _refuse_other(other: MatchDecision, match: Match) -> None:
    if not is_in_the_way(other, match):
        return
    taken = sorted(set(other.entries) & set(match.entries))
    is_of_line = bool(set(other.lines) & set(match.lines))
    raise AskFinanceError(
        _in_the_way(other) if is_of_line else f"{taken[0]} is taken: {_in_the_way(other)}"
    )


def _in_the_way(other: MatchDecision) -> str:
    return (
        f"{other.decided_by} has {other.decision} {', '.join(other.entries)} for {named(other)} on "
        f"{other.decided_at:%Y-%m-%d}; ps-integration matches withdraw {other.decision_id} takes "
        "it back"
    )


def named(decision: MatchDecision) -> str:
    """The lines of a decision as people know them: document/line."""
    return ", ".join(f"{one['number']}/{one['line_no']}" for one in decision.lines.values())


def _billed(session: Session, entry_ids: Iterable[str]) -> str:
    """Which document of ours bills one of the entries, or is about to; empty when none does."""
    query = (
        select(PostingLine.object_id, PostingLine.seconds, Document.document_ref, Document.state)
        .join(Document, Document.document_ref == PostingLine.document_ref)
        .where(*_of(entry_ids), Document.state.in_((*_ON_ITS_WAY, "posted")))
        .where(Document.document_ref.not_in(select(ErpReversal.document_ref)))
        .order_by(PostingLine.object_id, Document.document_ref)
    )
    rows = session.execute(query).all()
    posted: Counter[str] = Counter()
    for entry_id, seconds, _, state in rows:
        posted[entry_id] += seconds if state == "posted" else 0
    for entry_id, _, ref, state in rows:
        if state != "posted" or posted[entry_id]:
            return f"{entry_id} is in {ref}, which is {state}: it is billed from here"
    return ""


def _planned(session: Session, entry_ids: Iterable[str]) -> Sequence[Document]:
    """Planned documents with one of the entries, locked."""
    refs = select(PostingLine.document_ref).where(*_of(entry_ids))
    return session.scalars(
        select(Document)
        .where(Document.document_ref.in_(refs), Document.state == "planned")
        .order_by(Document.document_ref)
        .with_for_update()
    ).all()


def _of(entry_ids: Iterable[str]) -> tuple[ColumnElement[bool], ...]:
    return PostingLine.object_id.in_(list(entry_ids)), PostingLine.object_kind == "time_entry"


def _put(
    session: Session, decision: Literal["accepted", "rejected"], match: Match, by: Decider
) -> MatchDecision:
    row = MatchDecision(
        decision=decision,
        record_key=min(match.lines),
        lines={key: dict(facts) for key, facts in match.lines.items()},
        entries={key: dict(facts) for key, facts in match.entries.items()},
        project_id=match.project_id,
        currency=match.currency,
        difference_minor=match.difference_minor,
        decided_by=by.who,
        decided_at=by.at,
        note=by.note,
        withdraws=None,
    )
    _write(session, row, _ACTIONS[decision], by.file_sha256)
    return row


def _write(session: Session, row: MatchDecision, action: str, file_sha256: str) -> None:
    session.add(row)
    session.flush()
    detail = {
        "decision_id": row.decision_id,
        "lines": row.lines,
        "entries": row.entries,
        "project_id": row.project_id,
        "currency": row.currency,
        "difference_minor": row.difference_minor,
        "note": row.note,
        **({"withdraws": row.withdraws} if row.withdraws is not None else {}),
        **({"file_sha256": file_sha256} if file_sha256 else {}),
    }
    audit.append(
        session,
        at=row.decided_at,
        who=row.decided_by,
        action=action,
        subject=row.record_key,
        detail=detail,
    )
