"""Table of what people said was deleted, of records that a source stopped listing all at once."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ps_integration.stores.operational.base import Base

_Number = BigInteger().with_variant(Integer, "sqlite")


class DeletionDecision(Base):
    """A person says that records which a listing lacks were deleted; append-only.

    It names each record, so that it says nothing of what goes missing later.
    """

    __tablename__ = "deletion_decisions"
    decision_id: Mapped[int] = mapped_column(_Number, primary_key=True, autoincrement=True)
    # accepted | proposed (posted work rests on them: waits for a second person)
    decision: Mapped[str] = mapped_column(String(16))
    system: Mapped[str] = mapped_column(String(64))
    stream: Mapped[str] = mapped_column(String(64))
    records: Mapped[dict[str, Any]]  # by record id: since when it was missing
    amounts: Mapped[dict[str, Any]]  # by currency: minor units of posted work that rests on them
    decided_by: Mapped[str] = mapped_column(String(128))
    decided_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text, default="")
    confirms: Mapped[int | None] = mapped_column(_Number)  # the proposal that an acceptance seconds
