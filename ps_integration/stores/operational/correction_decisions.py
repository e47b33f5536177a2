"""What people decide about posted work that changed master data would move: release or refuse.

Each decision is a row that never changes and a row of the audit trail. It is bound to the hash of
what was shown; what has changed since is undecided again. Releasing lets the next night plan the
correction, whose batch another person (or policy, within its limits) approves: who released is one
of its makers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from ps_integration.domain.days import said_at
from ps_integration.domain.identity import is_person
from ps_integration.domain.money import Money
from ps_integration.errors import AskFinanceError
from ps_integration.settings.approval import Approval
from ps_integration.stores.operational import audit, rights
from ps_integration.stores.operational.models import CorrectionDecision

TEXT_MAX: Final = 2000
_ACTIONS: Final = {
    "released": "release_correction",
    "refused": "refuse_correction",
    "withdrawn": "withdraw_correction",
}
_KEPT: Final = ("object_kind", "object_id", "content_sha256", "shown", "effect_minor", "currency")


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides, when, why, and who of the firm may."""

    who: str
    at: datetime
    note: str
    rules: Approval


@dataclass(frozen=True, slots=True)
class Change:
    """One posted object as it was shown.

    Attributes:
        content_sha256: Hash of everything shown.
        shown: What changed, from and to which value, and the money, as JSON values.
        effect_minor: Money that a release moves, without sign, in `currency`.
    """

    object_kind: str
    object_id: str
    content_sha256: str
    shown: Mapping[str, object]
    effect_minor: int
    currency: str


def standing(session: Session) -> Sequence[CorrectionDecision]:
    """Decisions that nobody has taken back, oldest first."""
    later = aliased(CorrectionDecision)
    withdrawn = select(later.withdraws).where(later.withdraws.is_not(None))
    query = select(CorrectionDecision).where(
        CorrectionDecision.decision != "withdrawn",
        CorrectionDecision.decision_id.not_in(withdrawn),
    )
    return session.scalars(query.order_by(CorrectionDecision.decision_id)).all()


def decide(
    session: Session,
    decision: Literal["released", "refused"],
    changes: Sequence[Change],
    by: Decider,
) -> Sequence[CorrectionDecision]:
    """Release or refuse changes, all or none.

    Raises:
        AskFinanceError: The decider may not, gives no reason, what would be released is together
            above their limit, or one is decided already.
    """
    _require(by)
    rights.one_at_a_time(session)
    if decision == "released":
        _within_limit(changes, by)
    before = {
        (one.object_kind, one.object_id, one.content_sha256): one for one in standing(session)
    }
    for change in changes:
        known = before.get((change.object_kind, change.object_id, change.content_sha256))
        if known is not None:
            raise AskFinanceError(
                f"{change.object_id}: {known.decided_by} has {known.decision} it on "
                f"{said_at(known.decided_at)}; ps-integration corrections withdraw "
                f"{known.decision_id} takes that back"
            )
    return [_write(session, _row(decision, change, by)) for change in changes]


def withdraw(session: Session, decision_id: int, by: Decider) -> CorrectionDecision:
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
    _write(
        session,
        CorrectionDecision(
            decision="withdrawn",
            withdraws=decision_id,
            decided_by=by.who,
            decided_at=by.at,
            note=by.note,
            **{name: getattr(found, name) for name in _KEPT},
        ),
    )
    return found


def _within_limit(changes: Sequence[Change], by: Decider) -> None:
    totals: dict[str, int] = {}
    for change in changes:
        totals[change.currency] = totals.get(change.currency, 0) + change.effect_minor
    for currency, minor in sorted(totals.items()):
        if told := rights.over_amount(by.rules, by.who, Money(minor, currency)):
            raise AskFinanceError(told)


def _require(by: Decider) -> None:
    if not is_person(by.who):
        raise AskFinanceError(f"{by.who or 'nobody'!r} is not a person and cannot decide")
    if stranger := rights.stranger(by.rules, by.who):
        raise AskFinanceError(stranger)
    if not by.note.strip():
        raise AskFinanceError("say why: a decision needs its note (--note)")
    if len(by.note) > TEXT_MAX:
        raise AskFinanceError(f"the note has over {TEXT_MAX:,} characters")


def _row(decision: str, change: Change, by: Decider) -> CorrectionDecision:
    return CorrectionDecision(
        decision=decision,
        object_kind=change.object_kind,
        object_id=change.object_id,
        content_sha256=change.content_sha256,
        shown=dict(change.shown),
        effect_minor=change.effect_minor,
        currency=change.currency,
        decided_by=by.who,
        decided_at=by.at,
        note=by.note,
        withdraws=None,
    )


def _write(session: Session, row: CorrectionDecision) -> CorrectionDecision:
    session.add(row)
    session.flush()
    audit.append(
        session,
        at=row.decided_at,
        who=row.decided_by,
        action=_ACTIONS[row.decision],
        subject=row.object_id,
        detail={
            "decision_id": row.decision_id,
            **{name: getattr(row, name) for name in _KEPT},
            "note": row.note,
            **({"withdraws": row.withdraws} if row.withdraws is not None else {}),
        },
    )
    return row
