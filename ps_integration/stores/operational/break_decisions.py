"""What people decide about a break: whose it is, a comment, when to look again, living with it.

Each decision is an event of the break and a row of the audit trail. An amount of money is accepted
as a write-off is: one person proposes, another confirms, within the limits of their roles.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from ps_integration.domain.identity import is_person
from ps_integration.domain.money import Money
from ps_integration.errors import AskFinanceError
from ps_integration.settings.approval import Approval
from ps_integration.stores.operational import audit, proposals, rights
from ps_integration.stores.operational.break_events import Word, money_moves, tell
from ps_integration.stores.operational.breaks import reopen as begin_episode
from ps_integration.stores.operational.models import Break, Proposal

KIND: Final = "accept_break"
TEXT_MAX: Final = 2000


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides.

    Attributes:
        who: The operating system's user, never a flag.
        at: The instant.
        today: The firm's calendar date then.
        rules: People, roles and limits of the firm.
        file_sha256: The workbook that the decision stands in; empty on the command line.
    """

    who: str
    at: datetime
    today: date
    rules: Approval
    file_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Living with a break as it is: no more money than this, no longer than that."""

    note: str
    until: date
    amount_minor: int | None = None


def assign(session: Session, item: Break, to: str, by: Decider) -> None:
    """Give a break to a person or a queue; rules do not take it away again.

    Raises:
        AskFinanceError: The break is closed, or the decider may not decide.
    """
    _require(item, by)
    before, item.assigned_to, item.is_assigned_by_hand = item.assigned_to, to, True
    _tell(session, item, "assigned", by, detail={"to": to, "before": before})


def comment(session: Session, item: Break, note: str, by: Decider) -> None:
    """Say something about a break.

    Raises:
        AskFinanceError: There is nothing said, or the decider may not decide.
    """
    _require(item, by, ("open", "accepted", "resolved"))
    _require_note(item, note, "what is the comment?")
    _tell(session, item, "commented", by, note)


def snooze(session: Session, item: Break, until: date, note: str, by: Decider) -> None:
    """Put a break off until a date. It wakes then or when it gets worse; what it holds stays held.

    Raises:
        AskFinanceError: The date is not after today, or the decider may not decide.
    """
    _require(item, by)
    if until <= by.today:
        raise AskFinanceError(f"break {item.break_id}: {until} is not after today, {by.today}")
    item.snoozed_until = until
    _tell(session, item, "snoozed", by, note, {"until": until.isoformat()})


def wake(session: Session, item: Break, note: str, by: Decider) -> None:
    """Take a break up again before its date.

    Raises:
        AskFinanceError: It is not put off, or the decider may not decide.
    """
    _require(item, by)
    if item.snoozed_until is None:
        raise AskFinanceError(f"break {item.break_id} is not snoozed")
    item.snoozed_until = None
    _tell(session, item, "woke", by, note)


def accept(session: Session, item: Break, acceptance: Acceptance, by: Decider) -> str:
    """Live with a break: at once where no money is at risk, else when another person confirms.

    Returns:
        `accepted`, or `proposed`.

    Raises:
        AskFinanceError: The break is not open, no reason is given, the amount is not what is at
            risk, the date is over, it is proposed already, or the decider may not decide.
    """
    _require(item, by)
    _require_note(item, acceptance.note, "say why it is accepted")
    if acceptance.until < by.today:
        raise AskFinanceError(f"break {item.break_id}: {acceptance.until} is over")
    at_risk = abs(item.at_risk_minor or 0)
    if told := wrong_amount(item, acceptance.amount_minor):
        raise AskFinanceError(f"break {item.break_id}: {told}")
    if not at_risk:
        _accepted(session, item, acceptance, by)
        return "accepted"
    proposal = Proposal(
        kind=KIND,
        subject=item.break_id,
        part=money_moves(session, item.break_id),
        amount_minor=at_risk,
        currency=str(item.currency),
        reason=acceptance.note,
        proposed_by=by.who,
        proposed_at=by.at,
        until=acceptance.until,
    )
    made = proposals.propose(session, proposal, file_sha256=by.file_sha256)
    word = Word(by.at, by.who, note=acceptance.note, detail=_of_proposal(made))
    tell(session, item, "proposed", word)
    return "proposed"


def confirm(session: Session, item: Break, by: Decider) -> None:
    """Confirm what another person proposed; the break holds nothing any more.

    Raises:
        AskFinanceError: Nothing waits, it is not what is at risk any more, the same person
            proposed it, or it is above the confirmer's limit.
    """
    _require(item, by)
    proposal = waiting(session, item)
    if proposal is None:
        raise AskFinanceError(
            f"break {item.break_id}: nobody has proposed to accept it as it is now"
        )
    until = proposal.until or by.today
    if until < by.today:
        raise AskFinanceError(f"break {item.break_id}: it was to be accepted until {until}")
    proposals.confirm(
        session, proposal, who=by.who, at=by.at, rules=by.rules, file_sha256=by.file_sha256
    )
    acceptance = Acceptance(proposal.reason, until, proposal.amount_minor)
    _accepted(session, item, acceptance, by, _of_proposal(proposal))


def reopen(session: Session, item: Break, note: str, by: Decider) -> None:
    """Take back that a break is lived with.

    Raises:
        AskFinanceError: It is not accepted, no reason is given, or the decider may not decide.
    """
    _require(item, by, ("accepted",))
    _require_note(item, note, "say why it is opened again")
    begin_episode(item, by.at)
    _tell(session, item, "reopened", by, note)


def waiting(session: Session, item: Break) -> Proposal | None:
    """The proposal to accept a break as it is now; None when its money has moved since."""
    found = proposals.find(session, KIND, item.break_id, money_moves(session, item.break_id))
    return found if item.state == "open" else None


def all_waiting(session: Session) -> dict[str, Proposal]:
    """Every proposal to accept a break as it is now, by break."""
    found = {}
    for proposal in proposals.waiting(session, (KIND,)):
        item = session.get(Break, proposal.subject)
        if item is not None and item.state == "open":
            moves = money_moves(session, item.break_id)
            found.update({item.break_id: proposal} if proposal.part == moves else {})
    return found


def _accepted(
    session: Session,
    item: Break,
    acceptance: Acceptance,
    by: Decider,
    proposed: Mapping[str, object] | None = None,
) -> None:
    item.state, item.closed_at, item.snoozed_until = "accepted", by.at, None
    item.accepted_minor, item.accepted_until = acceptance.amount_minor, acceptance.until
    detail = {"amount_minor": acceptance.amount_minor, "until": acceptance.until.isoformat()}
    _tell(session, item, "accepted", by, acceptance.note, {**(proposed or {}), **detail})


def _of_proposal(proposal: Proposal) -> dict[str, object]:
    return {
        "proposal_id": proposal.proposal_id,
        "proposed_by": proposal.proposed_by,
        "amount_minor": proposal.amount_minor,
        "currency": proposal.currency,
        "until": None if proposal.until is None else proposal.until.isoformat(),
    }


def wrong_amount(item: Break, amount_minor: int | None) -> str:
    """Why an amount is not what is accepted with a break as it is; empty when it is.

    What is at risk is written out by whoever accepts it: it is what a second person confirms.
    """
    at_risk, currency = abs(item.at_risk_minor or 0), item.currency
    if not at_risk or currency is None:
        return "no money is at risk; accept it without an amount" if amount_minor else ""
    risk = Money(at_risk, currency)
    if amount_minor is None:
        return f"write the amount that is accepted ({risk})"
    if amount_minor > at_risk:
        return f"{Money(amount_minor, currency)} is more than the {risk} at risk"
    if amount_minor < at_risk:
        told = Money(amount_minor, currency)
        return f"{told} does not cover the {risk} at risk, so the break would stay open"
    return ""


def _require(item: Break, by: Decider, states: tuple[str, ...] = ("open",)) -> None:
    if not is_person(by.who):
        raise AskFinanceError(f"{by.who or 'nobody'!r} is not a person and cannot decide")
    if stranger := rights.stranger(by.rules, by.who):
        raise AskFinanceError(stranger)
    if item.state not in states:
        raise AskFinanceError(
            f"break {item.break_id} is not {' or '.join(states)}, it is {item.state}"
        )


def _require_note(item: Break, note: str, told: str) -> None:
    if not note.strip():
        raise AskFinanceError(f"break {item.break_id}: {told}")
    if len(note) > TEXT_MAX:
        raise AskFinanceError(f"break {item.break_id}: the note has over {TEXT_MAX:,} characters")


_VERBS: Final = {
    "assigned": "assign_break",
    "commented": "comment_break",
    "snoozed": "snooze_break",
    "woke": "wake_break",
    "accepted": "accept_break",
    "reopened": "reopen_break",
}


def _tell(
    session: Session,
    item: Break,
    event: str,
    by: Decider,
    note: str = "",
    detail: Mapping[str, object] | None = None,
) -> None:
    file = {"file_sha256": by.file_sha256} if by.file_sha256 else {}
    told = {**(detail or {}), **file}
    tell(session, item, event, Word(by.at, by.who, note=note, detail=told or None))
    session.flush()
    named = {"rule": item.rule, "record_key": item.record_key, "period": item.period, "note": note}
    audit.append(
        session,
        at=by.at,
        who=by.who,
        action=_VERBS[event],
        subject=item.break_id,
        detail={**named, **told},
    )
