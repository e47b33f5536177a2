"""What is given up takes two steps: one person proposes, another confirms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from ps_integration.domain.identity import is_person
from ps_integration.domain.money import Money
from ps_integration.errors import AskFinanceError
from ps_integration.settings.approval import Approval
from ps_integration.stores.operational import audit, rights
from ps_integration.stores.operational.models import Decision, Proposal


@dataclass(frozen=True, slots=True)
class WriteOff:
    """One part that shall not be billed.

    Attributes:
        amount_minor: What it would have come to.
    """

    entry_id: str
    part: int
    amount_minor: int
    currency: str


_NO_RULES: Final = Approval()


def waiting(
    session: Session, kinds: Sequence[str] = ("write_off", "discard")
) -> Sequence[Proposal]:
    """Proposals that nobody has confirmed, oldest first."""
    return session.scalars(
        select(Proposal)
        .where(Proposal.confirmed_by.is_(None), Proposal.kind.in_(kinds))
        .order_by(Proposal.proposal_id)
    ).all()


def find(session: Session, kind: str, subject: str, part: int | None = None) -> Proposal | None:
    """The proposal about a subject, or one part of it, that waits, if one does."""
    query = select(Proposal).where(
        Proposal.kind == kind, Proposal.subject == subject, Proposal.confirmed_by.is_(None)
    )
    if part is not None:
        query = query.where(Proposal.part == part)
    return session.scalars(query.with_for_update()).first()


def propose(session: Session, proposal: Proposal, *, file_sha256: str = "") -> Proposal:
    """Write a proposal and its audit row.

    Raises:
        AskFinanceError: The proposer is no person, gives no reason, or it is proposed already.
    """
    _require_person(proposal.proposed_by)
    if not proposal.reason.strip():
        raise AskFinanceError("say why: a write-off needs its reason")
    known = find(session, proposal.kind, proposal.subject, proposal.part)
    if known is not None:
        raise AskFinanceError(
            f"{proposal.subject}: {known.proposed_by} has proposed it already; another person "
            f"confirms proposal {known.proposal_id}"
        )
    session.add(proposal)
    session.flush()
    word = (proposal.proposed_by, proposal.proposed_at, file_sha256)
    _note(session, proposal, "propose", word)
    return proposal


def confirm(
    session: Session,
    proposal: Proposal,
    *,
    who: str,
    at: datetime,
    rules: Approval = _NO_RULES,
    file_sha256: str = "",
) -> None:
    """Confirm what another person proposed.

    Raises:
        AskFinanceError: It is confirmed already, the person is the one who proposed it, under
            whatever login, or it is above what the person may approve.
    """
    _require_person(who)
    if proposal.confirmed_by is not None:
        raise AskFinanceError(f"proposal {proposal.proposal_id}: is confirmed already")
    amount = Money(abs(proposal.amount_minor), proposal.currency)
    if told := not_second(rules, who, proposal.proposed_by, amount):
        raise AskFinanceError(f"proposal {proposal.proposal_id}: {told}")
    proposal.confirmed_by, proposal.confirmed_at = who, at
    session.flush()
    _note(session, proposal, "confirm", (who, at, file_sha256))


def not_second(rules: Approval, who: str, first: str, amount: Money) -> str:
    """Why a person may not confirm what another has proposed; empty when they may.

    Args:
        rules: People, roles and limits of the firm.
        who: Who would confirm.
        first: Who has proposed it.
        amount: What is let go of, without sign.
    """
    if rules.person(who) == rules.person(first):
        return f"{who} proposed it; another person must confirm"
    return rights.over_amount(rules, who, amount)


def decide(session: Session, proposal: Proposal, parts: Sequence[WriteOff]) -> None:
    """Write the decisions that follow from a confirmed proposal: two persons, by constraint."""
    for one in parts:
        session.add(
            Decision(
                kind="write_off",
                entry_id=one.entry_id,
                part=one.part,
                amount_minor=one.amount_minor,
                currency=one.currency,
                reason=proposal.reason,
                decided_by=proposal.proposed_by,
                seconded_by=str(proposal.confirmed_by),
                decided_at=proposal.confirmed_at,
            )
        )
    session.flush()


def _require_person(who: str) -> None:
    if not is_person(who):
        raise AskFinanceError(f"{who or 'nobody'!r} is not a person and cannot decide")


def _note(session: Session, proposal: Proposal, act: str, word: tuple[str, datetime, str]) -> None:
    by, at, file_sha256 = word
    detail = {
        "proposal_id": proposal.proposal_id,
        "part": proposal.part,
        "amount_minor": proposal.amount_minor,
        "currency": proposal.currency,
        "reason": proposal.reason,
        **({"until": proposal.until.isoformat()} if proposal.until else {}),
        **({"file_sha256": file_sha256} if file_sha256 else {}),
    }
    action = f"{act}_{proposal.kind}"
    audit.append(session, at=at, who=by, action=action, subject=proposal.subject, detail=detail)
