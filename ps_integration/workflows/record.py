"""The run's own record in the operational store: begun, joined by later steps, closed.

The command line begins and closes a run in one process. Dagster may give every step a process of
its own; the first one begins the run and the others join it.
"""

from collections.abc import Sequence

from ps_integration import __version__
from ps_integration.errors import CouldNotRunError
from ps_integration.stores.operational import runs
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import mend
from ps_integration.workflows.configure import configure
from ps_integration.workflows.night import Night
from ps_integration.workflows.outcome import Outcome, outcome
from ps_integration.workflows.steps import Workbench


def begin(bench: Workbench, job: str) -> None:
    """Record the run as running, on a warehouse that is as the last one left it."""
    with bench.store.session() as session:
        runs.begin(session, _start(bench.night, job))
    mend.mend_kept(bench.night, bench.warehouse)


def join(bench: Workbench, job: str) -> None:
    """Go on with a run that an earlier step began, or begin it with its configuration.

    Raises:
        CouldNotRunError: Another run has begun in between and the warehouse is now its own.
    """
    night = bench.night
    with bench.store.session() as session:
        is_new = runs.find(session, night.run_id) is None
    if is_new:
        begin(bench, job)
        configure(night, bench.warehouse)
        return
    owner = bench.warehouse.value("select run_id from config.run")
    if owner != night.run_id:
        raise CouldNotRunError(
            f"run {night.run_id}: run {owner} has begun since and works on the same warehouse; "
            "start this one again when that has ended"
        )


def close(bench: Workbench, failed_checks: Sequence[str]) -> Outcome:
    """Gather what the run came to and record it as done."""
    result = outcome(bench, failed_checks)
    mend.seal_kept(bench.night, bench.warehouse)
    with bench.store.session() as session:
        runs.finish(session, bench.night.run_id, "done", result.data)
    return result


def give_up(store: OperationalStore, run_id: str) -> None:
    """Record a run that could not end as failed; one that never began leaves no record."""
    with store.session() as session:
        if runs.find(session, run_id) is not None:
            runs.finish(session, run_id, "failed", None)


def _start(night: Night, job: str) -> runs.RunStart:
    return runs.RunStart(
        run_id=night.run_id,
        job=job,
        as_of=night.as_of,
        trigger=night.trigger,
        maker=night.maker,
        config_hash=night.config_hash,
        code_version=__version__,
    )
