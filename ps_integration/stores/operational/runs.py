"""Runs: what was started, by whom, on which configuration, and how it ended."""

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Protocol

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ps_integration.stores.operational.models import Run


class Started(Protocol):
    """What a run's record needs to know of a night."""

    @property
    def as_of(self) -> datetime:
        """The run's as-of instant."""

    @property
    def trigger(self) -> str:
        """What started it."""

    @property
    def maker(self) -> str:
        """Who started it."""

    @property
    def config_hash(self) -> str:
        """The configuration it read."""


def start(session: Session, run_id: str, job: str, night: Started) -> None:
    """Record a run as running; runs that a crash left running are marked as failed."""
    session.execute(update(Run).where(Run.status == "running").values(status="failed"))
    known = session.get(Run, run_id)
    if known is not None:
        known.status = "running"
        return
    session.add(
        Run(
            run_id=run_id,
            job=job,
            as_of=night.as_of,
            trigger=night.trigger,
            maker=night.maker,
            config_hash=night.config_hash,
            code_version=version("ps-integration"),
            status="running",
            started_at=datetime.now(UTC),
            finished_at=None,
            result=None,
        )
    )


def finish(
    session: Session, run_id: str, status: str, result: Mapping[str, Any] | None
) -> None:
    """Record how a run ended."""
    run = session.get_one(Run, run_id)
    run.status = status
    run.finished_at = datetime.now(UTC)
    run.result = None if result is None else dict(result)


def latest(session: Session, job: str = "nightly_sync") -> Run | None:
    """The run of a job that finished last with success."""
    query = select(Run).where(Run.job == job, Run.status == "done").order_by(Run.as_of.desc())
    return session.scalars(query).first()


def previous(session: Session, run_id: str, job: str = "nightly_sync") -> Run | None:
    """The successful run before this one, by as-of time."""
    run = session.get_one(Run, run_id)
    query = (
        select(Run)
        .where(Run.job == job, Run.status == "done", Run.run_id != run_id, Run.as_of <= run.as_of)
        .order_by(Run.as_of.desc(), Run.started_at.desc())
    )
    return session.scalars(query).first()
