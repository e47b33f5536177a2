"""Approval by policy: small clean batches within ceilings, and the reason for each that waits."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.domain.identity import POLICY
from ps_integration.domain.money import Money, exact_minor
from ps_integration.stores.operational import (
    approvals,
    installed,
    match_documents,
    rebills,
    rights,
    taken_back,
)
from ps_integration.stores.operational.blocks import blocking_breaks
from ps_integration.stores.operational.models import Batch, Document
from ps_integration.stores.operational.sealing import proves
from ps_integration.stores.operational.store import OperationalStore, Session
from ps_integration.workflows import credit_limits
from ps_integration.workflows.night import Night, StepResult
from ps_integration.workflows.signing import sign


def by_policy(night: Night, store: OperationalStore) -> StepResult:
    """Sign every planned batch that the firm's policy lets pass without a person.

    A ceiling that the firm file does not state for a currency is zero. The result's metadata
    names the approved batches and, for each of the others, why it waits.
    """
    if night.is_dry:
        return StepResult(0, {"skipped": "dry run"})
    approved: list[str] = []
    waiting: dict[str, str] = {}
    with store.session() as session:
        rights.one_at_a_time(session)
        planned = _reversals_first(session)
        held = credit_limits.waiting(session, night, planned)
        for batch in planned:
            reason = _why_not(session, night, batch) or held.get(batch.batch_id, "")
            if reason:
                waiting[batch.batch_id] = reason
                continue
            sign(
                session,
                batch,
                by=POLICY,
                at=night.as_of,
                note=_within(session, night, batch),
                run_id=night.run_id,
            )
            approved.append(batch.batch_id)
    return StepResult(len(approved), {"approved": tuple(approved), "waiting": waiting})


def _reversals_first(session: Session) -> list[Batch]:
    """The planned batches, those with re-bills after all others."""
    batches = approvals.batches(session, ("planned",))
    return sorted(batches, key=lambda batch: bool(_awaited(session, batch)))


def _awaited(session: Session, batch: Batch) -> list[str]:
    """Planned documents of other batches that take back what this one bills again."""
    own = approvals.documents(session, batch.batch_id, "planned")
    refs = {document.document_ref for document in own}
    return [
        one.document_ref
        for document in own
        for one in rebills.reversals_of(session, document)
        if one.state == "planned" and one.document_ref not in refs
    ]


def _why_not(session: Session, night: Night, batch: Batch) -> str:
    """Why a person must decide; empty when the policy may."""
    if batch.config_hash != night.config_hash:
        return "made under another configuration"
    if batch.currency not in MINOR_UNITS:
        return f"its currency {batch.currency!r} is none that is known"
    if installed.was_ever_accepted(session) and not installed.is_accepted(
        session, batch.config_hash
    ):
        return "no second person accepted the configuration since it changed"
    return (
        _over_ceiling(session, night, batch)
        or _not_opened(session, night, batch)
        or _before_reversal(session, batch)
        or _not_clean(session, night, batch)
    )


@dataclass(frozen=True, slots=True)
class _Ceiling:
    """One ceiling in minor units, and what policy has approved under it so far."""

    name: str
    ceiling: int
    used: int


def _ceilings(session: Session, night: Night, batch: Batch) -> tuple[_Ceiling, ...]:
    policy = night.firm.approval.automatic
    local = night.as_of.astimezone(ZoneInfo(night.firm.firm.time_zone))
    day = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return tuple(
        _Ceiling(
            name,
            _minor(ceilings.get(batch.currency, "0"), batch.currency),
            0 if since is None else rights.approved(session, batch, [POLICY], since),
        )
        for name, ceilings, since in (
            ("batch", policy.max_amount_per_batch, None),
            ("day", policy.max_amount_per_day, day),
            ("month", policy.max_amount_per_month, day.replace(day=1)),
        )
    )


def _within(session: Session, night: Night, batch: Batch) -> str:
    """What the trail says about the ceilings a batch stayed under."""
    amount = rights.total(session, batch)
    said = [
        f"{Money(amount + one.used, batch.currency)} of {Money(one.ceiling, batch.currency)} "
        f"per {one.name}"
        for one in _ceilings(session, night, batch)
    ]
    taken = taken_back.said(taken_back.of_batch(session, batch.batch_id), batch.currency)
    within = f"within the ceilings of {batch.legal_entity}: {', '.join(said)}"
    return f"{within}; {taken}" if taken else within


def _over_ceiling(session: Session, night: Night, batch: Batch) -> str:
    policy = night.firm.approval.automatic
    amount = rights.total(session, batch)
    if batch.line_count > policy.max_lines_per_batch:
        return f"{batch.line_count} lines, policy allows {policy.max_lines_per_batch}"
    for one in _ceilings(session, night, batch):
        if amount + one.used > one.ceiling:
            return f"above the ceiling per {one.name} in {batch.currency}"
    rules = night.firm.approval
    if rights.needs_two(session, batch, rules):
        return "two people must approve so much"
    if not rules.split_days:
        return ""
    ceiling = _minor(policy.max_amount_per_batch.get(batch.currency, "0"), batch.currency)
    since = night.as_of - timedelta(days=rules.split_days)
    return rights.split(session, batch, [POLICY], since, ceiling)


def _minor(amount: str, currency: str) -> int:
    return exact_minor(Decimal(amount), currency)


def _not_opened(session: Session, night: Night, batch: Batch) -> str:
    """Whether every opening list that the batch's time falls under was signed."""
    signed = approvals.openings(session)
    wanted = {(row.legal_entity, row.time_system): row.bill_from for row in night.firm.going_live}
    for system in sorted(approvals.time_systems(session, batch.batch_id)):
        own = (batch.legal_entity, system)
        pairs = [own] if own in wanted else [pair for pair in wanted if pair[1] == system]
        if not pairs:
            return f"no bill_from is configured for {system}"
        for pair in pairs:
            if signed.get(pair) != wanted[pair]:
                return f"the opening list of {pair[0]} and {pair[1]} is not signed"
    return ""


def _before_reversal(session: Session, batch: Batch) -> str:
    awaited = _awaited(session, batch)
    return f"{awaited[0]} takes back what it bills again and is not approved" if awaited else ""


def _not_clean(session: Session, night: Night, batch: Batch) -> str:
    if approvals.was_rejected(session, batch.batch_id):
        return "a person rejected one of its lines before"
    for document in approvals.documents(session, batch.batch_id, "planned"):
        if document.amount_minor < 0 and _corrects_nothing(session, document):
            return f"{document.document_ref} credits and corrects nothing; a person decides"
        breaks = blocking_breaks(session, document, night.firm.suppliers)
        if breaks:
            return f"{document.document_ref}: open break {breaks[0].rule} {breaks[0].break_id}"
        if not proves(session, batch, document):
            return f"{document.document_ref} is not what was planned"
        if told := match_documents.taken(session, document):
            return f"{document.document_ref}: {told}, which may count no longer"
    return ""


def _corrects_nothing(session: Session, document: Document) -> bool:
    lines = approvals.lines(session, document.document_ref)
    return all(line.correction is None for line in lines)
