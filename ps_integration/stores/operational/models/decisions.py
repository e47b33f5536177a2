"""Tables of what people decided: approvals, openings, write-offs and waivers."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ps_integration.stores.operational.base import Base
from ps_integration.stores.operational.types import Minor


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
