"""Tables of the operational store: what people decided and what was written to an ERP.

Money is minor units beside a currency; instants are aware UTC; decimals exact text. Triggers keep
what happened append-only, and what an approval signs as it is (see `migrations`).
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from ps_integration.stores.operational.base import Base
from ps_integration.stores.operational.types import Minor


class Run(Base):
    """One execution of a job, with its as-of time, configuration hash and result."""

    __tablename__ = "runs"
    run_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    job: Mapped[str] = mapped_column(String(64))
    as_of: Mapped[datetime]
    trigger: Mapped[str] = mapped_column(String(32))  # schedule | person
    maker: Mapped[str] = mapped_column(String(128))  # operating system's user, or 'schedule'
    config_hash: Mapped[str] = mapped_column(String(64))
    code_version: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(16))  # running | done | failed
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any] | None]
    inputs: Mapped[dict[str, Any] | None]  # high-water marks of what its plan was made from


class Batch(Base):
    """The documents that finance approves together, addressed by the hash of their content."""

    __tablename__ = "batches"
    batch_id: Mapped[str] = mapped_column(String(64), primary_key=True)  # first 16 of content hash
    content_sha256: Mapped[str] = mapped_column(String(64))
    # over the header and the documents as stored; this is what an approval signs (see `sealing`)
    merkle_root: Mapped[str] = mapped_column(String(64))
    config_hash: Mapped[str] = mapped_column(String(64))
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.run_id"))
    maker: Mapped[str] = mapped_column(String(128))
    system: Mapped[str] = mapped_column(String(64))
    company: Mapped[str] = mapped_column(String(128))
    legal_entity: Mapped[str] = mapped_column(String(64))
    period: Mapped[str] = mapped_column(String(7))
    currency: Mapped[str] = mapped_column(String(3))
    document_count: Mapped[int]
    line_count: Mapped[int]
    amount_minor: Mapped[int] = mapped_column(Minor)
    # planned | approved | rejected | superseded | posting | posted | partly_posted
    status: Mapped[str] = mapped_column(String(16), index=True)
    planned_at: Mapped[datetime]


class BatchMaker(Base):
    """Everyone whose run made the batch as it stands; none of them may approve it."""

    __tablename__ = "batch_makers"
    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.batch_id"), primary_key=True)
    maker: Mapped[str] = mapped_column(String(128), primary_key=True)


class Document(Base):
    """One ERP document: an invoice or a credit memo made of posting lines."""

    __tablename__ = "documents"
    document_ref: Mapped[str] = mapped_column(String(35), primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.batch_id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))  # invoice | credit_memo
    system: Mapped[str] = mapped_column(String(64))
    company: Mapped[str] = mapped_column(String(128))
    legal_entity: Mapped[str] = mapped_column(String(64))
    project_id: Mapped[str] = mapped_column(String(128), index=True)
    customer_key: Mapped[str] = mapped_column(String(128))
    currency: Mapped[str] = mapped_column(String(3))
    period: Mapped[str] = mapped_column(String(7))
    posting_date: Mapped[date]
    amount_minor: Mapped[int] = mapped_column(Minor)
    # planned | approved | sending | draft | posted | refused | unknown | held | dead | superseded
    state: Mapped[str] = mapped_column(String(16), index=True)
    content: Mapped[dict[str, Any]]  # what the ERP also needs of the header, as approved
    content_sha256: Mapped[str] = mapped_column(String(64))
    merkle_proof: Mapped[dict[str, Any]]
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    sent_at: Mapped[datetime | None]  # the night's time
    # Wall clock: when the last call was about to leave, and when its answer was given up.
    sent_clock_at: Mapped[datetime | None]
    doubtful_clock_at: Mapped[datetime | None]
    erp_id: Mapped[str | None] = mapped_column(String(128))
    erp_number: Mapped[str | None] = mapped_column(String(64))
    readback_minor: Mapped[int | None] = mapped_column(Minor)
    readback: Mapped[dict[str, Any] | None]
    confirmed_at: Mapped[datetime | None]
    hold_reason: Mapped[str | None] = mapped_column(Text)


class PostingLine(Base):
    """One part, or one milestone, expense or adjustment, priced and ready; immutable."""

    __tablename__ = "posting_lines"
    __table_args__ = (
        UniqueConstraint("document_ref", "line_no"),
        Index("ix_posting_lines_object", "object_kind", "object_id"),
        Index("ix_posting_lines_key", "line_key"),
    )
    line_id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    # identity: target|source system|object kind|object id|part|correction number
    line_key: Mapped[str] = mapped_column(String(255))
    document_ref: Mapped[str] = mapped_column(ForeignKey("documents.document_ref"))
    line_no: Mapped[int]
    object_kind: Mapped[str] = mapped_column(String(16))
    object_id: Mapped[str] = mapped_column(String(128))
    part: Mapped[int]
    correction_no: Mapped[int]
    version_sha256: Mapped[str] = mapped_column(String(64))
    project_id: Mapped[str] = mapped_column(String(128))
    legal_entity: Mapped[str] = mapped_column(String(64))
    period: Mapped[str] = mapped_column(String(7))
    work_date: Mapped[date]
    seconds: Mapped[int] = mapped_column(BigInteger)
    quantity: Mapped[Decimal]
    unit_price: Mapped[Decimal]
    amount_minor: Mapped[int] = mapped_column(Minor)
    currency: Mapped[str] = mapped_column(String(3))
    description: Mapped[str] = mapped_column(Text)


class LiveLine(Base):
    """At most one live or posted line per identity: the structural guard against doubling."""

    __tablename__ = "live_lines"
    line_key: Mapped[str] = mapped_column(String(255), primary_key=True)
    document_ref: Mapped[str] = mapped_column(ForeignKey("documents.document_ref"), index=True)


class LedgerEntry(Base):
    """One transition of one document; append-only."""

    __tablename__ = "ledger"
    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    at: Mapped[datetime]
    document_ref: Mapped[str] = mapped_column(String(35), index=True)
    from_state: Mapped[str | None] = mapped_column(String(16))
    to_state: Mapped[str] = mapped_column(String(16))
    attempt: Mapped[int]
    payload_sha256: Mapped[str | None] = mapped_column(String(64))
    run_id: Mapped[str | None] = mapped_column(String(64))
    evidence: Mapped[dict[str, Any]]


class Approval(Base):
    """A signature, or a refusal, over the content hash of one batch."""

    __tablename__ = "approvals"
    __table_args__ = (CheckConstraint("decided_by <> maker", name="maker_is_not_checker"),)
    approval_id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.batch_id"), index=True)
    decision: Mapped[str] = mapped_column(String(16))  # approved | rejected | void
    content_sha256: Mapped[str] = mapped_column(String(64))
    merkle_root: Mapped[str] = mapped_column(String(64))
    config_hash: Mapped[str] = mapped_column(String(64))
    maker: Mapped[str] = mapped_column(String(128))
    decided_by: Mapped[str] = mapped_column(String(128))  # a person, or 'policy'
    decided_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text, default="")


class Opening(Base):
    """The signed opening list of one legal entity and time system: posting may start."""

    __tablename__ = "openings"
    legal_entity: Mapped[str] = mapped_column(String(64), primary_key=True)
    time_system: Mapped[str] = mapped_column(String(64), primary_key=True)
    bill_from: Mapped[date]
    list_sha256: Mapped[str] = mapped_column(String(64))
    signed_by: Mapped[str] = mapped_column(String(128))
    signed_at: Mapped[datetime]


class Decision(Base):
    """A write-off or waiver of one part, made by one person and seconded by another."""

    __tablename__ = "decisions"
    __table_args__ = (CheckConstraint("decided_by <> seconded_by", name="two_persons"),)
    decision_id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    kind: Mapped[str] = mapped_column(String(16))  # write_off | waiver
    entry_id: Mapped[str] = mapped_column(String(128), index=True)
    part: Mapped[int]
    amount_minor: Mapped[int | None] = mapped_column(Minor)
    currency: Mapped[str | None] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[str] = mapped_column(String(128))
    seconded_by: Mapped[str] = mapped_column(String(128))
    decided_at: Mapped[datetime]


class Break(Base):
    """A mismatch one rule found, identified by (rule, record, period), with a life over nights."""

    __tablename__ = "breaks"
    __table_args__ = (UniqueConstraint("rule", "record_key", "period"),)
    break_id: Mapped[str] = mapped_column(String(24), primary_key=True)  # hash of the identity
    rule: Mapped[str] = mapped_column(String(8), index=True)
    record_key: Mapped[str] = mapped_column(String(255))
    period: Mapped[str] = mapped_column(String(7), default="")  # '' = no period (master data)
    state: Mapped[str] = mapped_column(String(16), index=True)  # open | resolved | accepted
    severity: Mapped[str] = mapped_column(String(8))
    owner: Mapped[str] = mapped_column(String(64))
    blocked_kind: Mapped[str | None] = mapped_column(String(16))
    blocked_id: Mapped[str | None] = mapped_column(String(255), index=True)
    root_break_id: Mapped[str | None] = mapped_column(String(24))
    opened_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    times_seen: Mapped[int]
    times_opened: Mapped[int]
    facts: Mapped[dict[str, Any]]  # the row of reconciliation.found, as last seen
    at_risk_minor: Mapped[int | None] = mapped_column(Minor)
    currency: Mapped[str | None] = mapped_column(String(3))


class BreakEvent(Base):
    """One event in the life of a break; append-only."""

    __tablename__ = "break_events"
    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    break_id: Mapped[str] = mapped_column(ForeignKey("breaks.break_id"), index=True)
    at: Mapped[datetime]
    run_id: Mapped[str | None] = mapped_column(String(64))
    event: Mapped[str] = mapped_column(String(16))  # opened | seen | worse | better | ...
    by: Mapped[str] = mapped_column(String(128))
    note: Mapped[str] = mapped_column(Text, default="")
    facts: Mapped[dict[str, Any]]


class Feedback(Base):
    """What we owe a PSA or time system about an invoice, and whether it has been told."""

    __tablename__ = "feedback"
    system: Mapped[str] = mapped_column(String(64), primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    subject_external_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    reference: Mapped[str] = mapped_column(String(128), primary_key=True)
    status: Mapped[str] = mapped_column(String(16))  # draft open part_paid paid cancelled invoiced
    message: Mapped[str] = mapped_column(Text)
    payload_sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))  # pending | told | refused
    changed_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)


class Lease(Base):
    """Who may write to an ERP now, with a fencing token that only grows."""

    __tablename__ = "leases"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[str] = mapped_column(String(128))
    token: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[datetime]


class Audit(Base):
    """Append-only trail of sensitive actions, hash-chained."""

    __tablename__ = "audit"
    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(128))
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(255))
    detail: Mapped[dict[str, Any]]
    prev_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
