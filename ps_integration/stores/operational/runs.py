"""The runs the store knows."""

from dataclasses import asdict, dataclass
from datetime import datetime

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
    run = Run(**asdict(start), status="running", started_at=start.as_of)
    session.add(run)
    session.flush()
    return run
