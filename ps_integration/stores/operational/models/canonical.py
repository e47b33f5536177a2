"""Tables of what is the same: canonical ids, and which record of which system is which of them."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ps_integration.stores.operational.base import Base


class CanonicalId(Base):
    """One canonical object; append-only. Its id never changes, whatever its records are called."""

    __tablename__ = "canonical_ids"
    object_kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    canonical_id: Mapped[str] = mapped_column(Text, primary_key=True)
    born_key: Mapped[str] = mapped_column(Text)  # the match key that it was made from
    made_at: Mapped[datetime]
    run_id: Mapped[str | None] = mapped_column(String(64))


class RecordLink(Base):
    """A record of a system and the canonical object it is; append-only.

    The newest row of a record counts. A further one says that it has another key or external id.
    """

    __tablename__ = "record_links"
    __table_args__ = (Index("ix_record_links_record", "object_kind", "system", "external_id"),)
    link_id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    object_kind: Mapped[str] = mapped_column(String(16))  # project | customer | resource | task
    system: Mapped[str] = mapped_column(String(64))
    stream: Mapped[str] = mapped_column(Text)
    record_id: Mapped[str] = mapped_column(Text)
    external_id: Mapped[str] = mapped_column(Text)
    match_key: Mapped[str | None] = mapped_column(Text)  # at that time
    canonical_id: Mapped[str] = mapped_column(Text)
    how: Mapped[str] = mapped_column(String(16))  # seeded | match_key | configured | followed
    seen_at: Mapped[datetime]
    run_id: Mapped[str | None] = mapped_column(String(64))
