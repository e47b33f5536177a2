"""What people decide about records in quarantine: set aside, confirm, restore.

Each decision is a row that never changes and a row of the audit trail. It is bound to the hash of
what was shown; a record that has changed since is undecided again, which is its second look. Where
a record may hide approved time or money, one person proposes and another confirms with the same
command; until then nothing is set aside.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from ps_integration.domain.identity import is_person
from ps_integration.domain.money import Money
from ps_integration.errors import AskFinanceError
from ps_integration.stores.operational import audit, rights
from ps_integration.stores.operational.match_decisions import TEXT_MAX, Decider
from ps_integration.stores.operational.models import QuarantineDecision

_ACTIONS: Final = {
    "set_aside": "set_aside_record",
    "proposed": "propose_set_aside",
    "restored": "restore_record",
}
SUBJECT_MAX: Final = 255
Place = tuple[str, str, str, str]
"""System, stream, record and the hash of what it shows."""


@dataclass(frozen=True, slots=True)
class Held:
    """One record in quarantine as it is shown.

    Attributes:
        content_sha256: Hash of everything shown.
        shown: Where it stands, what is wrong with it and what it tells, as JSON values.
        needs_two: Whether it may hide approved time or money.
        amounts: Minor units that it tells, by currency.
    """

    system: str
    stream: str
    record_id: str
    content_sha256: str
    shown: Mapping[str, object]
    needs_two: bool
    amounts: Mapping[str, int] = field(default_factory=dict)

    @property
    def place(self) -> Place:
        """Which record, as it is now."""
        return self.system, self.stream, self.record_id, self.content_sha256

    @property
    def name(self) -> str:
        """How a person names it."""
        return f"{self.system} {self.stream} {self.record_id}"


def decisions(session: Session) -> Sequence[QuarantineDecision]:
    """Every decision, oldest first."""
    query = select(QuarantineDecision).order_by(QuarantineDecision.decision_id)
    return session.scalars(query).all()


def standing(session: Session) -> dict[Place, QuarantineDecision]:
    """The last decision about each record as it was shown, unless it was taken back."""
    last = {
        (one.system, one.stream, one.record_id, one.content_sha256): one
        for one in decisions(session)
    }
    return {place: one for place, one in last.items() if one.decision != "restored"}


def set_aside(session: Session, records: Sequence[Held], by: Decider) -> list[QuarantineDecision]:
    """Set records aside, all or none; what may hide money is proposed until another confirms.

    Raises:
        AskFinanceError: The decider may not, gives no reason, proposed one of them, what they tell
            is together above their limit, or one is set aside already.
    """
    _require(by)
    rights.one_at_a_time(session)
    _within_limit([one for one in records if one.needs_two], by)
    before = standing(session)
    made = []
    for one in records:
        known = before.get(one.place)
        if known is not None and known.decision == "set_aside":
            raise AskFinanceError(f"{one.name}: {known.decided_by} has set it aside already")
        if known is not None and by.rules.person(by.who) == by.rules.person(known.decided_by):
            raise AskFinanceError(
                f"{one.name}: {by.who} proposed it (decision {known.decision_id}); it may hide "
                "approved time or money, so another person confirms it with the same command"
            )
        confirms = known.decision_id if known is not None else None
        decision = "proposed" if one.needs_two and known is None else "set_aside"
        made.append(_put(session, decision, one, by, confirms=confirms))
    return made


def restore(session: Session, records: Iterable[Held], by: Decider) -> list[QuarantineDecision]:
    """Take back that records are set aside, or proposed to be; they count again at once.

    Raises:
        AskFinanceError: The decider may not or gives no reason, or one is not set aside.
    """
    _require(by)
    rights.one_at_a_time(session)
    before = standing(session)
    made = []
    for one in records:
        known = before.get(one.place)
        if known is None:
            raise AskFinanceError(f"{one.name}: nobody has set it aside as it stands")
        made.append(_put(session, "restored", one, by, withdraws=known.decision_id))
    return made


def _within_limit(records: Iterable[Held], by: Decider) -> None:
    totals: dict[str, int] = {}
    for one in records:
        for currency, minor in one.amounts.items():
            totals[currency] = totals.get(currency, 0) + abs(minor)
    for currency, minor in sorted(totals.items()):
        if told := rights.over_amount(by.rules, by.who, Money(minor, currency)):
            raise AskFinanceError(told)


def _require(by: Decider) -> None:
    if not is_person(by.who):
        raise AskFinanceError(f"{by.who or 'nobody'!r} is not a person and cannot decide")
    shared = {by.rules.person(login) for login in by.rules.service_accounts}
    if by.rules.person(by.who) in shared:
        raise AskFinanceError(f"{by.who} is a service account and cannot decide")
    if told := rights.stranger(by.rules, by.who):
        raise AskFinanceError(told)
    if not by.note.strip() or len(by.note) > TEXT_MAX:
        raise AskFinanceError(f"say why, in at most {TEXT_MAX} characters: --reason")


def _put(
    session: Session,
    decision: str,
    record: Held,
    by: Decider,
    *,
    confirms: int | None = None,
    withdraws: int | None = None,
) -> QuarantineDecision:
    row = QuarantineDecision(
        decision=decision,
        system=record.system,
        stream=record.stream,
        record_id=record.record_id,
        content_sha256=record.content_sha256,
        shown=dict(record.shown),
        decided_by=by.who,
        decided_at=by.at,
        note=by.note,
        confirms=confirms,
        withdraws=withdraws,
    )
    session.add(row)
    session.flush()
    detail = {
        "decision_id": row.decision_id,
        "record_id": row.record_id,
        "content_sha256": row.content_sha256,
        "shown": row.shown,
        "note": row.note,
        **({"confirms": confirms} if confirms is not None else {}),
        **({"withdraws": withdraws} if withdraws is not None else {}),
    }
    subject = f"{record.system}/{record.stream}/{record.record_id}"[:SUBJECT_MAX]
    audit.append(
        session, at=by.at, who=by.who, action=_ACTIONS[decision], subject=subject, detail=detail
    )
    return row
