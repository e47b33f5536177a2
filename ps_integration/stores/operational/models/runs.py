"""Tables of runs."""

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from ps_integration.stores.operational.base import Base


class Run(Base):
    """One execution of a job, with its as-of time, configuration hash and result."""

    __tablename__ = "runs"
    run_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    job: Mapped[str] = mapped_column(String(64))
    as_of: Mapped[datetime]
    trigger: Mapped[str] = mapped_column(String(32))  # schedule | person
    maker: Mapped[str] = mapped_column(String(128))  # operating system's user, or 'schedule'
    config_hash: Mapped[str] = mapped_column(String(64))
    code_version: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(16))  # running | done | failed
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any] | None]
    inputs: Mapped[dict[str, Any] | None]  # high-water marks of what its plan was made from
