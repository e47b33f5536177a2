"""What people decide about lines typed into an ERP by hand: accept, confirm, reject, take back.

Each decision is a row that never changes and a row of the audit trail. An entry whose match is
accepted leaves the planned document it is in, and none may be claimed that has it still. A match
whose money differs is only proposed until another person confirms it: the acceptance then stands
in the place of the proposal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy.orm import Session

from ps_integration.domain.days import said_at
from ps_integration.domain.identity import is_person
from ps_integration.domain.money import Money
from ps_integration.errors import AskFinanceError
from ps_integration.settings.approval import Approval
from ps_integration.stores.operational import audit, ledger, match_documents, proposals, rights
from ps_integration.stores.operational.match_reading import named, standing
from ps_integration.stores.operational.models import MatchDecision

TEXT_MAX: Final = 2000
CONFIRM: Final = "ps-integration matches confirm"
_ACTIONS: Final = {
    "accepted": "accept_match",
    "proposed": "propose_match",
    "rejected": "reject_match",
}
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
        needs_second: Money differs by more than the tolerance, so another person must confirm.
        has_cap: Their project has one, which they use up.
    """

    lines: Facts
    entries: Facts
    project_id: str
    currency: str
    difference_minor: int | None
    needs_second: bool = False
    has_cap: bool = False


def accept(session: Session, match: Match, by: Decider) -> MatchDecision:
    """Accept that lines of the ERP bill these entries; planned documents with one are let go of.

    Returns:
        The acceptance; where it needs a second person, the proposal, which settles nothing.

    Raises:
        AskFinanceError: The decider may not, gives no reason, a decision stands in the way, or an
            entry is in a document of ours that is more than planned.
    """
    _require(by)
    rights.one_at_a_time(session)
    _refuse_taken(session, match, standing(session))
    if match.needs_second:
        return _put(session, "proposed", match, by)
    return _accepted(session, _put(session, "accepted", match, by), match, by)


def confirm(session: Session, decision_id: int, match: Match, by: Decider) -> MatchDecision:
    """Confirm a match that another person proposed; from then on it is accepted.

    Args:
        session: A transaction.
        decision_id: Number of the proposal.
        match: Both sides as they are now.
        by: Who confirms.

    Raises:
        AskFinanceError: No proposal of that number waits, a side has changed since, the same
            person proposed it, under whatever login, the difference is above the limit of the
            confirmer, or it could not be accepted either.
    """
    _require(by)
    rights.one_at_a_time(session)
    proposal = proposed(session, decision_id)
    if (proposal.lines, proposal.entries) != (_kept(match.lines), _kept(match.entries)):
        raise AskFinanceError(
            f"decision {decision_id}: {named(proposal)} or its entries have changed since; "
            f"withdraw it and propose anew"
        )
    lines = sum(int(str(line["amount_minor"])) for line in match.lines.values())
    amount = Money(abs(lines if match.difference_minor is None else match.difference_minor),
                   match.currency)  # fmt: skip
    if told := proposals.not_second(by.rules, by.who, proposal.decided_by, amount):
        raise AskFinanceError(f"decision {decision_id}: {told}")
    others = [one for one in standing(session) if one.decision_id != decision_id]
    _refuse_taken(session, match, others)
    made = _put(session, "accepted", match, by, confirms=decision_id)
    return _accepted(session, made, match, by)


def proposed(session: Session, decision_id: int) -> MatchDecision:
    """The proposal of that number that waits for a second person.

    Raises:
        AskFinanceError: None does.
    """
    for one in standing(session):
        if one.decision_id == decision_id and one.decision == "proposed":
            return one
    raise AskFinanceError(f"decision {decision_id}: no proposal of that number waits")


def _accepted(session: Session, made: MatchDecision, match: Match, by: Decider) -> MatchDecision:
    step = ledger.Step(by.at, None, {"billed_by_hand": made.decision_id, "by": by.who})
    match_documents.let_go(
        session, made.entries, step, project_id=match.project_id if match.has_cap else None
    )
    return made


def _refuse_taken(session: Session, match: Match, others: Iterable[MatchDecision]) -> None:
    for other in others:
        _refuse_other(other, match)
    if told := match_documents.billed(session, match.entries):
        raise AskFinanceError(told)


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
    if other.decision == "proposed":
        return of_line
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
    number = other.decision_id
    is_waiting = other.decision == "proposed"
    second = f", {CONFIRM} {number} by another person confirms it" if is_waiting else ""
    return (
        f"{other.decided_by} has {other.decision} {', '.join(other.entries)} for {named(other)} on "
        f"{said_at(other.decided_at)}; ps-integration matches withdraw {number} takes it "
        f"back{second}"
    )


def _put(
    session: Session,
    decision: Literal["accepted", "proposed", "rejected"],
    match: Match,
    by: Decider,
    confirms: int | None = None,
) -> MatchDecision:
    row = MatchDecision(
        decision=decision,
        record_key=min(match.lines),
        lines=_kept(match.lines),
        entries=_kept(match.entries),
        project_id=match.project_id,
        currency=match.currency,
        difference_minor=match.difference_minor,
        decided_by=by.who,
        decided_at=by.at,
        note=by.note,
        withdraws=confirms,
    )
    action = _ACTIONS[decision] if confirms is None else "confirm_match"
    _write(session, row, action, by.file_sha256)
    return row


def _kept(facts: Facts) -> dict[str, dict[str, object]]:
    return {key: dict(of_one) for key, of_one in facts.items()}


def _write(session: Session, row: MatchDecision, action: str, file_sha256: str) -> None:
    session.add(row)
    session.flush()
    verb = "withdraws" if row.decision == "withdrawn" else "confirms"
    detail = {
        "decision_id": row.decision_id,
        "lines": row.lines,
        "entries": row.entries,
        "project_id": row.project_id,
        "currency": row.currency,
        "difference_minor": row.difference_minor,
        "note": row.note,
        **({verb: row.withdraws} if row.withdraws is not None else {}),
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
