"""Table of what people decided about records in quarantine."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ps_integration.stores.operational.base import Base

_Number = BigInteger().with_variant(Integer, "sqlite")


class QuarantineDecision(Base):
    """Whether a record in quarantine is set aside; append-only.

    Bound to the hash of what was shown, so that a record that has changed since is looked at again.
    Taking one back is a row of its own.
    """

    __tablename__ = "quarantine_decisions"
    decision_id: Mapped[int] = mapped_column(_Number, primary_key=True, autoincrement=True)
    # set_aside | proposed (may hide approved time or money: waits for a second person) | restored
    decision: Mapped[str] = mapped_column(String(16))
    system: Mapped[str] = mapped_column(String(64))
    stream: Mapped[str] = mapped_column(String(64))
    record_id: Mapped[str] = mapped_column(Text)
    content_sha256: Mapped[str] = mapped_column(String(64))
    shown: Mapped[dict[str, Any]]  # where it stands, what is wrong, hours and money it tells
    decided_by: Mapped[str] = mapped_column(String(128))
    decided_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text)
    confirms: Mapped[int | None] = mapped_column(
        _Number
    )  # the proposal that a second person seconds
    withdraws: Mapped[int | None] = mapped_column(_Number)  # what a restoring row takes back
