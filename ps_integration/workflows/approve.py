"""Approval: a policy signs small clean batches, a second person signs the rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ps_integration.domain.identity import is_person
from ps_integration.errors import AskFinanceError
from ps_integration.settings.approval import Approval
from ps_integration.settings.load import FirmFile
from ps_integration.stores.operational import approvals, audit, ledger, rights
from ps_integration.stores.operational.models import Batch, Opening
from ps_integration.stores.operational.sealing import proves
from ps_integration.stores.operational.signatures import decide, holds
from ps_integration.stores.operational.store import OperationalStore, Session
from ps_integration.workflows.batches import (
    BatchSummary,
    DocumentSummary,
    list_batches,
    show_batch,
)
from ps_integration.workflows.policy import by_policy
from ps_integration.workflows.signing import sign

__all__ = [
    "BatchSummary",
    "DocumentSummary",
    "Signer",
    "approve",
    "by_policy",
    "list_batches",
    "reject",
    "show_batch",
    "sign_opening",
]


@dataclass(frozen=True, slots=True)
class Signer:
    """A person at a decision.

    Attributes:
        who: The operating system's user (`domain.identity.current_user`), never a flag.
        at: The instant of the decision.
        note: What the signer wants remembered.
        breaks_glass: Exceed the limit in an emergency; the note says why.
    """

    who: str
    at: datetime
    note: str = ""
    breaks_glass: bool = False


def approve(  # noqa: PLR0913 - a decision and what it is held against
    store: OperationalStore,
    batch_id: str,
    who: str,
    now: datetime,
    note: str,
    file: FirmFile | None = None,
    *,
    breaks_glass: bool = False,
) -> str:
    """Sign a planned batch as it stands. Any later change voids the signature.

    Args:
        store: The operational store.
        batch_id: The batch.
        who: The operating system's user (`domain.identity.current_user`).
        now: The instant of signing.
        note: What the signer wants remembered.
        file: The firm file, with people, roles and limits; without it only the makers are asked
            about here, and the limits when a document is claimed for sending.
        breaks_glass: Exceed the limit, with the note as the reason. It never lets a maker sign.

    Returns:
        `approved`, or `first_of_two` when one more person must approve.

    Raises:
        AskFinanceError: The batch is unknown, not waiting, not what was planned, or the signer
            is one of its makers or above their limit. A refusal of a person is in the audit trail.
    """
    signer = Signer(who, now, note, breaks_glass)
    try:
        with store.session() as session:
            return approve_in(session, batch_id, signer, file)
    except AskFinanceError as error:
        note_refusals(store, {batch_id: str(error)}, signer)
        raise


def approve_in(session: Session, batch_id: str, signer: Signer, file: FirmFile | None) -> str:
    """The same in the caller's transaction, which must end without a commit when it raises.

    Raises:
        AskFinanceError: As for `approve`.
    """
    rights.one_at_a_time(session)
    batch = _waiting(session, batch_id, signer)
    refused = _refusal(session, batch, signer, file) or _other_content(session, batch)
    if refused:
        raise AskFinanceError(f"batch {batch_id}: {refused}")
    return _sign(session, batch, signer, _rules(file))


def reject(
    store: OperationalStore,
    batch_id: str,
    who: str,
    now: datetime,
    note: str,
    file: FirmFile | None = None,
) -> None:
    """Refuse a planned batch; its lines are planned anew, and policy will not approve them.

    Raises:
        AskFinanceError: As for `approve`; a limit keeps nobody from refusing.
    """
    signer = Signer(who, now, note)
    try:
        with store.session() as session:
            reject_in(session, batch_id, signer, file)
    except AskFinanceError as error:
        note_refusals(store, {batch_id: str(error)}, signer)
        raise


def reject_in(session: Session, batch_id: str, signer: Signer, file: FirmFile | None) -> str:
    """The same in the caller's transaction, which must end without a commit when it raises.

    Raises:
        AskFinanceError: As for `reject`.
    """
    batch = _waiting(session, batch_id, signer)
    if refused := _as_maker(session, batch, signer, _rules(file)):
        raise AskFinanceError(f"batch {batch_id}: {refused}")
    decide(session, batch, "rejected", by=signer.who, at=signer.at, note=signer.note)
    step = ledger.Step(signer.at, None, {"rejected_by": signer.who})
    for document in approvals.documents(session, batch.batch_id, "planned"):
        ledger.transition(session, document, "superseded", step)
    batch.status = "rejected"
    return "rejected"


def _sign(session: Session, batch: Batch, signer: Signer, rules: Approval) -> str:
    is_second = bool(first_by(session, batch, rules, signer.at))
    is_glass = signer.breaks_glass
    if rights.needs_two(session, batch, rules) and not is_second:
        decide(
            session, batch, "first_of_two", by=signer.who, at=signer.at, note=signer.note,
            is_break_glass=is_glass,
        )  # fmt: skip
        return "first_of_two"
    sign(session, batch, by=signer.who, at=signer.at, note=signer.note, is_break_glass=is_glass)
    return "approved"


def first_by(session: Session, batch: Batch, rules: Approval, now: datetime) -> str:
    """Who approved a batch as the first of two, while that holds; empty when nobody did."""
    first = approvals.latest(session, batch.batch_id)
    if first is None or first.decision != "first_of_two":
        return ""
    is_fresh = first.decided_at + timedelta(days=rules.expires_after_days) >= now
    return first.decided_by if is_fresh and holds(session, batch, first) else ""


def _refusal(session: Session, batch: Batch, signer: Signer, file: FirmFile | None) -> str:
    rules = _rules(file)
    barred = _as_maker(session, batch, signer, rules) or _as_unknown(session, batch, rules)
    if barred or file is None:
        return barred
    if file.config_hash != batch.config_hash:
        return "made under another configuration; the next night makes it anew under this one"
    first = first_by(session, batch, rules, signer.at)
    if first and rules.person(first) == rules.person(signer.who):
        return f"{signer.who} approved it already; a second person must, too"
    if signer.breaks_glass:
        return _glass(signer, rules)
    local = signer.at.astimezone(ZoneInfo(file.firm.firm.time_zone))
    day = local.replace(hour=0, minute=0, second=0, microsecond=0)
    asking = rights.Asking(signer.who, signer.at, day)
    return rights.over_limit(session, batch, rules, signer.who) or rights.over_together(
        session, batch, rules, asking
    )


def _glass(signer: Signer, rules: Approval) -> str:
    if not rights.may_break_glass(rules, signer.who):
        return f"{signer.who} does not have the role break_glass"
    return "" if signer.note.strip() else "breaking the glass needs a reason (--reason)"


def _as_maker(session: Session, batch: Batch, signer: Signer, rules: Approval) -> str:
    if not rights.is_maker(session, batch, rules, signer.who):
        return ""
    return (
        f"{signer.who} is one of its makers (started a run of it, changed its configuration or "
        "decided an override in it); another person must decide"
    )


def _as_unknown(session: Session, batch: Batch, rules: Approval) -> str:
    shared = rights.unknown_maker(session, batch, rules)
    return f"its run was started under {shared}, by nobody knows whom; reject it" if shared else ""


def _other_content(session: Session, batch: Batch) -> str:
    for document in approvals.documents(session, batch.batch_id, "planned"):
        if not proves(session, batch, document):
            return f"{document.document_ref} is not what was planned; somebody edited the store"
    return ""


def note_refusals(store: OperationalStore, reasons: Mapping[str, str], signer: Signer) -> None:
    """Put into the audit trail that somebody wanted to decide on batches and could not."""
    with store.session() as session:
        for batch_id, reason in reasons.items():
            if is_person(signer.who) and approvals.exists(session, batch_id):
                audit.append(
                    session, at=signer.at, who=signer.who, action="refuse_decision",
                    subject=batch_id, detail={"reason": reason, "note": signer.note},
                )  # fmt: skip


def _rules(file: FirmFile | None) -> Approval:
    return Approval() if file is None else file.firm.approval


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


def _waiting(session: Session, batch_id: str, signer: Signer) -> Batch:
    _require_person(signer.who)
    batch = approvals.batch(session, batch_id)
    if batch.status != "planned":
        raise AskFinanceError(f"batch {batch_id}: is {batch.status}, only planned ones are decided")
    return batch


def _require_person(who: str) -> None:
    if not is_person(who):
        raise AskFinanceError(f"{who or 'nobody'!r} is not a person and cannot sign")
