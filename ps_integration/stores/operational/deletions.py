"""What people say about records that a source stopped listing all at once: they were deleted.

One person says so; where posted work rests on the records, another confirms it before it counts.
The credits that follow are approved like any other document, and neither of the two approves them
alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from ps_integration.domain.identity import is_person
from ps_integration.domain.money import Money
from ps_integration.errors import AskFinanceError
from ps_integration.stores.operational import audit, rights
from ps_integration.stores.operational.match_decisions import TEXT_MAX, Decider
from ps_integration.stores.operational.models import DeletionDecision

_ACTIONS: Final = {"proposed": "propose_deletion", "accepted": "accept_deletion"}


@dataclass(frozen=True, slots=True)
class Missing:
    """Records of one stream as the last night missed them.

    Attributes:
        records: Since when each is missing, by record id.
        amounts: Minor units of posted work that rests on them, by currency, without sign.
    """

    system: str
    stream: str
    records: Mapping[str, str]
    amounts: Mapping[str, int]

    @property
    def name(self) -> str:
        """How a person names the stream."""
        return f"{self.system} {self.stream}"


def accept(session: Session, missing: Missing, by: Decider) -> DeletionDecision:
    """Say that these records were deleted; of posted work it is a proposal until another confirms.

    Raises:
        AskFinanceError: The decider is no person, gives no reason, is above their limit, is the one
            who proposed it, or it is accepted already.
    """
    _require(by, missing)
    rights.one_at_a_time(session)
    before = _same(session, missing)
    if any(one.decision == "accepted" for one in before):
        raise AskFinanceError(
            f"{missing.name}: {before[-1].decided_by} has accepted it; the next night follows"
        )
    proposal = before[-1] if before else None
    if not any(missing.amounts.values()):
        return _put(session, "accepted", missing, by)
    for currency, minor in missing.amounts.items():
        if told := rights.over_amount(by.rules, by.who, Money(minor, currency)):
            raise AskFinanceError(f"{missing.name}: {told}")
    if proposal is None:
        return _put(session, "proposed", missing, by)
    if by.rules.person(by.who) == by.rules.person(proposal.decided_by):
        raise AskFinanceError(
            f"{missing.name}: {by.who} proposed it (decision {proposal.decision_id}), for posted "
            "work rests on it; another person accepts it with the same command"
        )
    return _put(session, "accepted", missing, by, confirms=proposal.decision_id)


def decisions(session: Session) -> Sequence[DeletionDecision]:
    """Every decision, oldest first."""
    query = select(DeletionDecision).order_by(DeletionDecision.decision_id)
    return session.scalars(query).all()


def _same(session: Session, missing: Missing) -> list[DeletionDecision]:
    """Decisions about exactly these records, with this much posted work."""
    return [
        one
        for one in decisions(session)
        if (one.system, one.stream) == (missing.system, missing.stream)
        and one.records == dict(missing.records)
        and one.amounts == dict(missing.amounts)
    ]


def _require(by: Decider, missing: Missing) -> None:
    if not is_person(by.who):
        raise AskFinanceError(f"{by.who or 'nobody'!r} is not a person and cannot decide")
    if told := rights.stranger(by.rules, by.who):
        raise AskFinanceError(told)
    if not by.note.strip() or len(by.note) > TEXT_MAX:
        raise AskFinanceError(f"say why, in at most {TEXT_MAX} characters: --note")
    if not missing.records:
        raise AskFinanceError(
            f"{missing.name}: the last night missed nothing of it that needs a person; see "
            "ps-integration deletions list"
        )


def _put(
    session: Session,
    decision: str,
    missing: Missing,
    by: Decider,
    confirms: int | None = None,
) -> DeletionDecision:
    row = DeletionDecision(
        decision=decision,
        system=missing.system,
        stream=missing.stream,
        records=dict(missing.records),
        amounts=dict(missing.amounts),
        decided_by=by.who,
        decided_at=by.at,
        note=by.note,
        confirms=confirms,
    )
    session.add(row)
    session.flush()
    detail = {
        "decision_id": row.decision_id,
        "records": row.records,
        "amounts": row.amounts,
        "note": row.note,
        **({"confirms": confirms} if confirms is not None else {}),
    }
    subject = f"{missing.system}/{missing.stream}"
    audit.append(
        session, at=by.at, who=by.who, action=_ACTIONS[decision], subject=subject, detail=detail
    )
    return row
