"""Tables of what people decided: approvals, openings, write-offs, waivers, configuration."""

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
    decision: Mapped[str] = mapped_column(String(16))  # approved | first_of_two | rejected | void
    content_sha256: Mapped[str] = mapped_column(String(64))
    merkle_root: Mapped[str] = mapped_column(String(64))
    config_hash: Mapped[str] = mapped_column(String(64))
    maker: Mapped[str] = mapped_column(String(128))
    decided_by: Mapped[str] = mapped_column(String(128))  # a person, or 'policy'
    decided_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text, default="")
    is_break_glass: Mapped[bool] = mapped_column(default=False)  # above the limit, and alerted
    # row of the audit trail that says the same; without it a decision does not count
    audit_seq: Mapped[int | None] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))


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


class ConfigChange(Base):
    """A configuration that a run met for the first time, or that a second person accepted."""

    __tablename__ = "config_changes"
    change_id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    config_hash: Mapped[str] = mapped_column(String(64))
    act: Mapped[str] = mapped_column(String(16))  # installed | accepted
    who: Mapped[str] = mapped_column(String(128))
    how: Mapped[str] = mapped_column(String(64))  # owns the file | ran it first | ...
    at: Mapped[datetime]
