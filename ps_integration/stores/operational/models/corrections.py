"""Table of what people decided about posted work whose master data changed."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ps_integration.stores.operational.base import Base
from ps_integration.stores.operational.types import Minor

_Number = BigInteger().with_variant(Integer, "sqlite")


class CorrectionDecision(Base):
    """Whether a change of master data may move work that was posted; append-only.

    Bound to the hash of what was shown, so that a decision about what has changed since counts no
    longer. Taking one back is a row of its own.
    """

    __tablename__ = "correction_decisions"
    decision_id: Mapped[int] = mapped_column(_Number, primary_key=True, autoincrement=True)
    decision: Mapped[str] = mapped_column(String(16))  # released | refused | withdrawn
    object_kind: Mapped[str] = mapped_column(String(16))
    object_id: Mapped[str] = mapped_column(String(128), index=True)
    content_sha256: Mapped[str] = mapped_column(String(64))
    shown: Mapped[dict[str, Any]]  # what, from, to, cause, billed and today's money
    effect_minor: Mapped[int] = mapped_column(Minor)  # money that a release moves, without sign
    currency: Mapped[str] = mapped_column(String(3))
    decided_by: Mapped[str] = mapped_column(String(128))
    decided_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text)
    withdraws: Mapped[int | None] = mapped_column(_Number)
