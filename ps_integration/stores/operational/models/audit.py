"""Table of the audit trail."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from ps_integration.stores.operational.base import Base


class Audit(Base):
    """Append-only trail of sensitive actions and of every row written for posting, chained."""

    __tablename__ = "audit"
    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(128))
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(255))
    detail: Mapped[dict[str, Any]]
    prev_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
    # 1: written before there were keys, 2: hashed as in `domain.trail` and coded by a key
    form: Mapped[int] = mapped_column(Integer, server_default="1")
    key_id: Mapped[str | None] = mapped_column(String(16))
    code: Mapped[str | None] = mapped_column(String(64))
