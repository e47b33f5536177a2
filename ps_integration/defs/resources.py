"""The one resource of the code location: which firm file a run reads, and as of when."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep

import dagster as dg
from pydantic import PrivateAttr

from ps_integration.connectors.limits import Paces
from ps_integration.domain.identity import SCHEDULE, current_user
from ps_integration.errors import FixConfigError
from ps_integration.settings.load import FirmFile
from ps_integration.workflows.config_check import load_checked
from ps_integration.workflows.jobs import JOBS
from ps_integration.workflows.night import Night
from ps_integration.workflows.nightly import new_night

AS_OF_TAG = "ps/as_of"
"""Run tag with the instant of the night, ISO 8601 with a zone."""
TICK_SECONDS = 5.0
"""How long the daemon may take to write down the tick that started a run."""
_SCHEDULE_TAG = "dagster/schedule_name"
_LOOK_AGAIN_SECONDS = 0.2
_TICKS_MAX = 200


class FirmResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # generic only for I/O managers
    """The firm a run works for. Secrets are never here; they stay in the environment.

    Attributes:
        firm_file: Path of the firm file.
    """

    firm_file: str
    _paces: Paces = PrivateAttr(default_factory=Paces)

    @property
    def paces(self) -> Paces:
        """The paces of the vendor accounts, for every step of a run in this process."""
        return self._paces

    def load(self) -> FirmFile:
        """Read and check the firm file.

        Raises:
            FixConfigError: The file has mistakes; all are listed.
        """
        return load_checked(Path(self.firm_file))

    def night(self, instance: dg.DagsterInstance, run_id: str) -> Night:
        """The same night for every step of one run.

        Its instant is the run's tag `ps/as_of`, else when the run started. Its maker is the
        operating system's user of this process, unless the daemon's own record says that a tick
        of the schedule started it; a tag says nothing, because whoever launches a run writes it.

        Raises:
            FixConfigError: The firm file has mistakes, or the tag is not an instant.
        """
        record = instance.get_run_record_by_id(run_id)
        tags = record.dagster_run.tags if record is not None else {}
        begun = record.start_time if record is not None else None
        is_scheduled = was_scheduled(instance, run_id, tags.get(_SCHEDULE_TAG, ""))
        return new_night(
            self.load(),
            _as_of(tags.get(AS_OF_TAG, ""), begun),
            trigger="schedule" if is_scheduled else "person",
            maker=SCHEDULE if is_scheduled else current_user(),
            run_id=run_id,
        )


def was_scheduled(instance: dg.DagsterInstance, run_id: str, schedule: str) -> bool:
    """Whether a tick of that schedule started the run, by the ticks that the daemon keeps.

    The daemon writes its tick down just after it has submitted the run, so a first look may come
    too early.
    """
    deadline = monotonic() + (TICK_SECONDS if schedule else 0)
    while not (found := schedule != "" and _has_tick(instance, run_id, schedule)):
        if monotonic() >= deadline:
            break
        sleep(_LOOK_AGAIN_SECONDS)
    return found


def _has_tick(instance: dg.DagsterInstance, run_id: str, schedule: str) -> bool:
    for state in instance.all_instigator_state():
        if state.instigator_type.name == "SCHEDULE" and state.instigator_name == schedule:
            ticks = instance.get_ticks(
                state.instigator_origin_id, state.selector_id, limit=_TICKS_MAX
            )
            if any(run_id in tick.run_ids for tick in ticks):
                return True
    return False


def _as_of(told: str, begun: float | None) -> datetime:
    if not told:
        return datetime.now(UTC) if begun is None else datetime.fromtimestamp(begun, UTC)
    try:
        instant = datetime.fromisoformat(told)
    except ValueError as error:
        raise FixConfigError(f"tag {AS_OF_TAG} {told!r}: write an ISO instant") from error
    if instant.tzinfo is None:
        raise FixConfigError(f"tag {AS_OF_TAG} {told!r}: an instant needs its zone, e.g. +00:00")
    return instant.astimezone(UTC)


def environ() -> Mapping[str, str]:
    """The environment that secrets and addresses are read from."""
    return os.environ


def job_name(dagster_job: str) -> str:
    """The job a run is recorded under: its own, or the night's for assets picked by hand."""
    return dagster_job if dagster_job in JOBS else "nightly_sync"
