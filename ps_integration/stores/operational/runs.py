"""Runs: what was started, by whom, on which configuration, and how it ended."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from ps_integration.stores.operational.models import Run


@dataclass(frozen=True, slots=True)
class RunStart:
    """What is known of a run when it starts."""

    run_id: str
    job: str
    as_of: datetime
    trigger: str
    maker: str
    config_hash: str
    code_version: str = ""


def ensure(session: Session, start: RunStart) -> Run:
    """The row of a run, written when it is not there yet."""
    known = session.get(Run, start.run_id)
    if known is not None:
        return known
    run = Run(**asdict(start), status="running", started_at=datetime.now(UTC))
    session.add(run)
    session.flush()
    return run


def begin(session: Session, start: RunStart) -> None:
    """Record a run as running; what a crash left running is marked as failed."""
    for left in session.scalars(select(Run).where(Run.status == "running")):
        left.status = "failed"
    ensure(session, start).status = "running"


def finish(session: Session, run_id: str, status: str, result: Mapping[str, Any] | None) -> None:
    """Record how a run ended."""
    run = session.get_one(Run, run_id)
    run.status = status
    run.finished_at = datetime.now(UTC)
    run.result = None if result is None else msgspec.to_builtins(dict(result))


def find(session: Session, run_id: str) -> Run | None:
    """One run, or None."""
    return session.get(Run, run_id)


def later(session: Session, run: Run) -> list[str]:
    """Ids of the runs that were started after one."""
    query = select(Run.run_id).where(Run.started_at > run.started_at, Run.run_id != run.run_id)
    return list(session.scalars(query.order_by(Run.started_at)))


def latest(session: Session, job: str = "nightly_sync") -> Run | None:
    """The run of a job that is the latest by as-of time among those that ended well."""
    query = (
        select(Run)
        .where(Run.job == job, Run.status == "done")
        .order_by(Run.as_of.desc(), Run.started_at.desc())
    )
    return session.scalars(query).first()
