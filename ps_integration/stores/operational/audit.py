"""The audit trail: append-only, each row bound to the one before it by its hash."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from ps_integration.domain.seal import EMPTY_SHA256, digest
from ps_integration.stores.operational.models import Audit

_LOCK = 7_264_301  # advisory lock of the chain's end, on PostgreSQL


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """Whether the chain holds.

    Attributes:
        rows: How many rows were read.
        head_sha256: Hash of the last row; keep it elsewhere, so that a cut tail shows.
        first_bad_seq: Where the chain breaks, if it does.
        problem: What is wrong there.
    """

    rows: int
    head_sha256: str
    first_bad_seq: int | None = None
    problem: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing was edited, inserted, deleted or reordered."""
        return self.first_bad_seq is None


def append(
    session: Session,
    *,
    at: datetime,
    who: str,
    action: str,
    subject: str,
    detail: Mapping[str, object],
) -> str:
    """Add one row in the caller's transaction and return its hash."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))
    last = session.scalars(select(Audit).order_by(Audit.seq.desc()).limit(1)).first()
    row = Audit(
        seq=1 if last is None else last.seq + 1,
        at=at,
        who=who,
        action=action,
        subject=subject,
        detail=dict(detail),
        prev_sha256=EMPTY_SHA256 if last is None else last.sha256,
    )
    row.sha256 = _hash(row)
    session.add(row)
    session.flush()
    return row.sha256


def _hash(row: Audit) -> str:
    return digest([row.seq, row.at, row.who, row.action, row.subject, row.detail, row.prev_sha256])


def verify(session: Session, anchor_sha256: str | None = None) -> AuditVerdict:
    """Walk the chain from its start.

    Args:
        session: A transaction on the store.
        anchor_sha256: A head noted earlier outside the store; it must still be in the chain.
    """
    previous, count = EMPTY_SHA256, 0
    is_anchored = anchor_sha256 in {None, EMPTY_SHA256}
    for row in session.scalars(select(Audit).order_by(Audit.seq).execution_options(yield_per=1000)):
        count += 1
        problem = _problem(row, count, previous)
        if problem:
            return AuditVerdict(count, previous, row.seq, problem)
        previous = row.sha256
        is_anchored = is_anchored or previous == anchor_sha256
    if not is_anchored:
        return AuditVerdict(count, previous, count + 1, "the anchored head is gone: tail cut")
    return AuditVerdict(count, previous)


def _problem(row: Audit, expected_seq: int, previous: str) -> str:
    if row.seq != expected_seq:
        return f"row {expected_seq} is missing"
    if row.prev_sha256 != previous:
        return "does not follow the row before it"
    return "" if _hash(row) == row.sha256 else "was edited"
