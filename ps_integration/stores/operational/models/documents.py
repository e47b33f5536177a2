"""Tables of batches, documents, their lines and the posting ledger."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ps_integration.stores.operational.base import Base
from ps_integration.stores.operational.types import Minor


class Batch(Base):
    """The documents that finance approves together, addressed by the hash of their content."""

    __tablename__ = "batches"
    batch_id: Mapped[str] = mapped_column(String(64), primary_key=True)  # first 16 of content hash
    content_sha256: Mapped[str] = mapped_column(String(64))
    # over the header and the documents as stored; this is what an approval signs (see `sealing`)
    merkle_root: Mapped[str] = mapped_column(String(64))
    config_hash: Mapped[str] = mapped_column(String(64))
    versions: Mapped[dict[str, Any] | None]  # program, mapping and rates it was made with
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
    """Everyone who made the batch as it stands, by run, configuration or override; see `makers`."""

    __tablename__ = "batch_makers"
    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.batch_id"), primary_key=True)
    maker: Mapped[str] = mapped_column(String(128), primary_key=True)


class Document(Base):
    """One ERP document: an invoice or a credit memo made of posting lines."""

    __tablename__ = "documents"
    __table_args__ = (
        Index("ix_documents_batch_state", "batch_id", "state"),
        Index("ix_documents_work", "state", "system", "company", "posting_date"),
        # Work to be done is found without looking at what is done; both stay small.
        Index(
            "ix_documents_unconfirmed",
            "document_ref",
            sqlite_where=text("state = 'posted' and confirmed_at is null"),
            postgresql_where=text("state = 'posted' and confirmed_at is null"),
        ),
    )
    document_ref: Mapped[str] = mapped_column(String(35), primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.batch_id"))
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
    state: Mapped[str] = mapped_column(String(16))
    content: Mapped[dict[str, Any]]  # what the ERP also needs of the header, as approved
    content_sha256: Mapped[str] = mapped_column(String(64))
    merkle_proof: Mapped[dict[str, Any]]
    # the day on the paper: fixed by the first claim, repeated by every resend
    invoice_date: Mapped[date | None]
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    sent_at: Mapped[datetime | None]  # the night's time
    # Wall clock: when the last call was about to leave, and when its answer was given up.
    sent_clock_at: Mapped[datetime | None]
    doubtful_clock_at: Mapped[datetime | None]
    # Wall clock: not sent before this; and how often in a row it was put off.
    next_try_at: Mapped[datetime | None]
    put_off: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    unknown_until: Mapped[datetime | None]  # the night's time from which not knowing is a break
    # Who works on it now, on a store that several workers share (see `work`).
    lease_holder: Mapped[str | None] = mapped_column(String(128))
    lease_token: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    lease_until: Mapped[datetime | None]
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
    correction: Mapped[str | None] = mapped_column(String(16))  # reversal | rebill | delta
    corrects_document_ref: Mapped[str | None] = mapped_column(String(35))
    corrects_line_key: Mapped[str | None] = mapped_column(String(255))
    corrects_reason: Mapped[str | None] = mapped_column(String(32))


class ErpReversal(Base):
    """A posted document of ours that the ERP cancelled since; append-only, `posted` stays."""

    __tablename__ = "erp_reversals"
    document_ref: Mapped[str] = mapped_column(
        ForeignKey("documents.document_ref"), primary_key=True
    )
    amount_minor: Mapped[int] = mapped_column(Minor)  # the whole document's, with its sign
    currency: Mapped[str] = mapped_column(String(3))
    erp_number: Mapped[str | None] = mapped_column(String(64))
    found_at: Mapped[datetime]
    run_id: Mapped[str | None] = mapped_column(String(64))
    policy: Mapped[str] = mapped_column(String(8))  # hold | rebill | leave, when it was found


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
    run_id: Mapped[str | None] = mapped_column(String(64), index=True)
    evidence: Mapped[dict[str, Any]]
