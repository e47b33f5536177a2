"""Table of what one person proposed and another must confirm."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ps_integration.stores.operational.base import Base
from ps_integration.stores.operational.types import Minor


class Proposal(Base):
    """What one person would give up, waiting for a second; the decision is a row of its own."""

    __tablename__ = "proposals"
    __table_args__ = (CheckConstraint("confirmed_by <> proposed_by", name="second_person"),)
    proposal_id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    # write_off (of a part) | discard (a document) | accept_break
    kind: Mapped[str] = mapped_column(String(16))
    # entry id, document reference, break id
    subject: Mapped[str] = mapped_column(String(128), index=True)
    part: Mapped[int | None]  # of the entry; of a break, how often its money had changed
    amount_minor: Mapped[int] = mapped_column(Minor)
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[str] = mapped_column(String(128))
    proposed_at: Mapped[datetime]
    confirmed_by: Mapped[str | None] = mapped_column(String(128))
    confirmed_at: Mapped[datetime | None]
    until: Mapped[date | None]  # how long a break is to be accepted
