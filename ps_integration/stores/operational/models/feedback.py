"""Table of what a PSA or time system is owed about billing."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ps_integration.stores.operational.base import Base


class Feedback(Base):
    """What we owe a PSA or time system about an invoice, and whether it has been told."""

    __tablename__ = "feedback"
    system: Mapped[str] = mapped_column(String(64), primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    subject_external_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    reference: Mapped[str] = mapped_column(String(128), primary_key=True)
    status: Mapped[str] = mapped_column(String(16))  # see `InvoiceStatus`
    message: Mapped[str] = mapped_column(Text)
    payload_sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))  # pending | told | refused
    changed_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
