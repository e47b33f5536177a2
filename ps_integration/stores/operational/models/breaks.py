"""Tables of breaks, their events, the files they were decided by, and closed periods."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
)
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
    # Grows with everything that a decision could depend on; a workbook repeats it.
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    # An episode is from opened or reopened to closed; it has one due date and one alert.
    episode_at: Mapped[datetime | None]
    assigned_to: Mapped[str | None] = mapped_column(String(128))
    is_assigned_by_hand: Mapped[bool] = mapped_column(default=False, server_default=false())
    due_on: Mapped[date | None]
    snoozed_until: Mapped[date | None]
    accepted_minor: Mapped[int | None] = mapped_column(Minor)
    accepted_until: Mapped[date | None]
    alerts: Mapped[str] = mapped_column(String(32), default="", server_default="")
    alerted_minor: Mapped[int | None] = mapped_column(Minor)


class BreakEvent(Base):
    """One event in the life of a break; append-only."""

    __tablename__ = "break_events"
    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    break_id: Mapped[str] = mapped_column(ForeignKey("breaks.break_id"), index=True)
    at: Mapped[datetime]
    run_id: Mapped[str | None] = mapped_column(String(64))
    # opened | seen | worse | better | resolved | reopened (the rules), assigned | woke | alerted
    # (the custodian of the night), assigned | commented | snoozed | proposed | accepted (people)
    event: Mapped[str] = mapped_column(String(16))
    by: Mapped[str] = mapped_column(String(128))
    note: Mapped[str] = mapped_column(Text, default="")
    facts: Mapped[dict[str, Any]]
    detail: Mapped[dict[str, Any] | None]  # both values of a change, or what was decided


class BreakImport(Base):
    """A workbook of decisions that was carried out; the same one again changes nothing."""

    __tablename__ = "break_imports"
    decisions_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    file_sha256: Mapped[str] = mapped_column(String(64))
    export_id: Mapped[str] = mapped_column(String(64), index=True)
    decisions: Mapped[dict[str, Any]]  # hash of what was decided, by break
    imported_by: Mapped[str] = mapped_column(String(128))
    imported_at: Mapped[datetime]


class PeriodEvent(Base):
    """Who closed, or opened again, one period of one legal entity, under which answer."""

    __tablename__ = "period_events"
    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    legal_entity: Mapped[str] = mapped_column(String(64), index=True)
    period: Mapped[str] = mapped_column(String(7))
    act: Mapped[str] = mapped_column(String(16))  # closed | reopened
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(128))
    answer: Mapped[str] = mapped_column(String(16))  # clean | not clean | could not say
    reasons: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(Text, default="")
    run_id: Mapped[str] = mapped_column(String(64))  # the night the answer rests on
