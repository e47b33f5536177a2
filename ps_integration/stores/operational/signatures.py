"""Decisions over batches, each bound to a row of the audit trail that says the same.

A decision signs every column of the batch but its status (which follows from its documents), its
makers, and every column of the decision itself. The digest stands in the audit trail, so a
decision that was written or edited past the program has no row there that agrees with it.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from ps_integration.domain.seal import digest
from ps_integration.stores.operational import audit, makers, taken_back
from ps_integration.stores.operational.models import Approval, Audit, Batch
from ps_integration.stores.operational.pending import Act

ACTIONS: Final = {
    "approved": "approve",
    "first_of_two": "approve_first",
    "rejected": "reject",
    "void": "void_approval",
}
"""Audit action by decision."""
UNSIGNED: Final = {
    Batch: {"status": "follows from the documents' states and is checked against them"},
    Approval: {
        "approval_id": "a row number; decisions are ordered by their audit rows",
        "audit_seq": "leads to the audit row, which must agree with the decision",
    },
}
"""Columns that the digest leaves out, and why."""


def decide(  # noqa: PLR0913 - the columns of a decision
    session: Session,
    batch: Batch,
    decision: str,
    *,
    by: str,
    at: datetime,
    note: str,
    is_break_glass: bool = False,
) -> None:
    """Write one decision over the batch as it stands, and its audit row."""
    made = Approval(
        batch_id=batch.batch_id,
        decision=decision,
        content_sha256=batch.content_sha256,
        merkle_root=batch.merkle_root,
        config_hash=batch.config_hash,
        maker=batch.maker,
        decided_by=by,
        decided_at=at,
        note=note,
        is_break_glass=is_break_glass,
    )
    detail = {
        "content_sha256": batch.content_sha256,
        "merkle_root": batch.merkle_root,
        "config_hash": batch.config_hash,
        "versions": batch.versions,
        "makers": sorted(makers.of_batch(session, batch.batch_id) | {batch.maker}),
        "amount_minor": batch.amount_minor,
        "currency": batch.currency,
        "takes_back": [asdict(one) for one in taken_back.of_batch(session, batch.batch_id)],
        "note": note,
        "is_break_glass": is_break_glass,
        "signed_sha256": _digest(session, batch, made),
    }
    act = Act(at, by, ACTIONS[decision], batch.batch_id, detail)
    made.audit_seq = audit.append_now(session, act)
    session.add(made)
    session.flush()


def holds(session: Session, batch: Batch, decision: Approval) -> bool:
    """Whether batch, makers and decision are what the decision's audit row says."""
    row = None if decision.audit_seq is None else session.get(Audit, decision.audit_seq)
    if row is None or ACTIONS.get(decision.decision) != row.action:
        return False
    said = (row.subject, row.who, row.at, row.detail.get("signed_sha256"))
    return said == (
        decision.batch_id,
        decision.decided_by,
        decision.decided_at,
        _digest(session, batch, decision),
    )


def _digest(session: Session, batch: Batch, decision: Approval) -> str:
    made_by = sorted(makers.of_batch(session, batch.batch_id))
    return digest([_columns(Batch, batch), made_by, _columns(Approval, decision)])


def _columns(model: type[Batch | Approval], row: Batch | Approval) -> dict[str, object]:
    left_out = UNSIGNED[model]
    names = [column.name for column in model.__table__.c if column.name not in left_out]
    return {name: getattr(row, name) for name in names}
