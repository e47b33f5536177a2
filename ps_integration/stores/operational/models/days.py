"""Table of the days of work that people dated anew because a zone was wrong."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ps_integration.stores.operational.base import Base


class DayDecision(Base):
    """The zone that an entry was worked in, as a person says; append-only, the newest counts."""

    __tablename__ = "day_decisions"
    decision_id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    entry_id: Mapped[str] = mapped_column(String(512), index=True)
    zone: Mapped[str] = mapped_column(String(64))  # IANA name
    day_before: Mapped[date]
    day_after: Mapped[date]  # of the start as it was then
    decided_by: Mapped[str] = mapped_column(String(128))
    decided_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text)
