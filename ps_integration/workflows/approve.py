"""Approval: a policy signs small clean batches, a second person signs the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ps_integration.domain.identity import NOT_A_PERSON
from ps_integration.errors import AskFinanceError
from ps_integration.stores.operational import approvals, audit, ledger
from ps_integration.stores.operational.models import Batch, Document, Opening
from ps_integration.stores.operational.sealing import proves
from ps_integration.stores.operational.store import OperationalStore, Session
from ps_integration.workflows.policy import by_policy
from ps_integration.workflows.signing import note_decision, sign

__all__ = [
    "BatchSummary",
    "DocumentSummary",
    "approve",
    "by_policy",
    "list_batches",
    "reject",
    "show_batch",
    "sign_opening",
]


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """One document of a batch, for people; amounts in minor units of the batch's currency."""

    document_ref: str
    kind: str
    project_id: str
    customer_key: str
    period: str
    posting_date: date
    amount_minor: int
    state: str
    erp_number: str | None
    hold_reason: str | None
    line_count: int


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """One batch, for people."""

    batch_id: str
    system: str
    company: str
    legal_entity: str
    period: str
    currency: str
    document_count: int
    line_count: int
    amount_minor: int
    status: str
    planned_at: datetime
    maker: str
    decided_by: str | None
    documents: tuple[DocumentSummary, ...] = ()


def approve(store: OperationalStore, batch_id: str, who: str, now: datetime, note: str) -> None:
    """Sign a planned batch as it stands. Any later change voids the signature.

    Args:
        store: The operational store.
        batch_id: The batch.
        who: The operating system's user (`domain.identity.current_user`).
        now: The instant of signing.
        note: What the signer wants remembered.

    Raises:
        AskFinanceError: The batch is unknown, not waiting, not what was planned, or the signer
            is one of its makers.
    """
    with store.session() as session:
        batch = _decidable(session, batch_id, who)
        for document in approvals.documents(session, batch_id, "planned"):
            if not proves(session, batch, document):
                raise AskFinanceError(
                    f"batch {batch_id}: {document.document_ref} is not what was planned; "
                    "somebody edited the store"
                )
        sign(session, batch, by=who, at=now, note=note)


def reject(store: OperationalStore, batch_id: str, who: str, now: datetime, note: str) -> None:
    """Refuse a planned batch; its lines are planned anew, and policy will not approve them.

    Raises:
        AskFinanceError: As for `approve`.
    """
    with store.session() as session:
        batch = _decidable(session, batch_id, who)
        approvals.decide(session, batch, "rejected", by=who, at=now, note=note)
        step = ledger.Step(now, None, {"rejected_by": who})
        for document in approvals.documents(session, batch_id, "planned"):
            ledger.transition(session, document, "superseded", step)
        batch.status = "rejected"
        note_decision(session, batch, "reject", by=who, at=now, note=note)


def sign_opening(store: OperationalStore, opening: Opening) -> None:
    """Open unattended posting for one legal entity and time system.

    Raises:
        AskFinanceError: The signer is not a person.
    """
    _require_person(opening.signed_by)
    with store.session() as session:
        approvals.put_opening(session, opening)
        audit.append(
            session,
            at=opening.signed_at,
            who=opening.signed_by,
            action="sign_opening",
            subject=f"{opening.legal_entity}/{opening.time_system}",
            detail={
                "bill_from": opening.bill_from.isoformat(),
                "list_sha256": opening.list_sha256,
            },
        )


def list_batches(store: OperationalStore, statuses: Sequence[str] = ()) -> tuple[BatchSummary, ...]:
    """Batches without their documents, oldest first."""
    with store.snapshot() as session:
        found = approvals.batches(session, statuses)
        return tuple(_summary(session, batch, ()) for batch in found)


def show_batch(store: OperationalStore, batch_id: str) -> BatchSummary:
    """One batch with its documents.

    Raises:
        AskFinanceError: There is none of that id.
    """
    with store.snapshot() as session:
        batch = approvals.get(session, batch_id)
        documents = approvals.documents(session, batch_id)
        return _summary(session, batch, tuple(_document(session, one) for one in documents))


def _decidable(session: Session, batch_id: str, who: str) -> Batch:
    _require_person(who)
    batch = approvals.batch(session, batch_id)
    if batch.status != "planned":
        raise AskFinanceError(f"batch {batch_id}: is {batch.status}, only planned ones are decided")
    if who in approvals.makers(session, batch_id) | {batch.maker}:
        raise AskFinanceError(
            f"batch {batch_id}: {who} started the run that made it; another person must decide"
        )
    return batch


def _require_person(who: str) -> None:
    if who in NOT_A_PERSON:
        raise AskFinanceError(f"{who or 'nobody'!r} is not a person and cannot sign")


def _summary(
    session: Session, batch: Batch, documents: tuple[DocumentSummary, ...]
) -> BatchSummary:
    decision = approvals.latest(session, batch.batch_id)
    return BatchSummary(
        batch_id=batch.batch_id,
        system=batch.system,
        company=batch.company,
        legal_entity=batch.legal_entity,
        period=batch.period,
        currency=batch.currency,
        document_count=batch.document_count,
        line_count=batch.line_count,
        amount_minor=batch.amount_minor,
        status=batch.status,
        planned_at=batch.planned_at,
        maker=batch.maker,
        decided_by=None if decision is None else decision.decided_by,
        documents=documents,
    )


def _document(session: Session, document: Document) -> DocumentSummary:
    return DocumentSummary(
        document_ref=document.document_ref,
        kind=document.kind,
        project_id=document.project_id,
        customer_key=document.customer_key,
        period=document.period,
        posting_date=document.posting_date,
        amount_minor=document.amount_minor,
        state=document.state,
        erp_number=document.erp_number,
        hold_reason=document.hold_reason,
        line_count=len(approvals.lines(session, document.document_ref)),
    )
