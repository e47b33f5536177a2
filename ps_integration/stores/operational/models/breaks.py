"""Tables of breaks and their events."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ps_integration.stores.operational.base import Base
from ps_integration.stores.operational.types import Minor


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
