"""Table of what people decided about lines that were typed into an ERP by hand."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ps_integration.stores.operational.base import Base
from ps_integration.stores.operational.types import Minor

_Number = BigInteger().with_variant(Integer, "sqlite")


class MatchDecision(Base):
    """Which entries lines of the ERP bill, or do not, as a person decided; append-only.

    Both sides are kept as they were, so that a decision about what has changed since counts no
    longer. Taking one back is a row of its own.
    """

    __tablename__ = "match_decisions"
    decision_id: Mapped[int] = mapped_column(_Number, primary_key=True, autoincrement=True)
    # accepted | proposed (waits for a second person) | rejected | withdrawn
    decision: Mapped[str] = mapped_column(String(16))
    record_key: Mapped[str] = mapped_column(String(255), index=True)  # the first of the lines
    # by record key: number, line_no, seconds, amount_minor
    lines: Mapped[dict[str, Any]]
    # by entry id: version_sha256, seconds, amount_minor
    entries: Mapped[dict[str, Any]]
    project_id: Mapped[str] = mapped_column(String(128))
    currency: Mapped[str] = mapped_column(String(3))
    difference_minor: Mapped[int | None] = mapped_column(
        Minor
    )  # lines less entries; null = no price
    decided_by: Mapped[str] = mapped_column(String(128))
    decided_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text, default="")
    # what a withdrawal takes back, or the proposal that an acceptance confirms
    withdraws: Mapped[int | None] = mapped_column(_Number)
