"""One night from beginning to end: every step in order, stopped posting when a balance fails."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from ps_integration import __version__
from ps_integration.errors import CouldNotRunError, PsIntegrationError
from ps_integration.settings.load import FirmFile
from ps_integration.stores.operational import runs
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.stores.warehouse.snapshot import SNAPSHOT_NAME, publish
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows import connect
from ps_integration.workflows.dryrun import copies, keep_report
from ps_integration.workflows.night import Night, StepResult, store_url
from ps_integration.workflows.outcome import Outcome, outcome
from ps_integration.workflows.steps import STEPS, Step, Workbench

POSTING_STEPS = (
    "configuration",
    "recovery",
    "ledger_copy",
    "posting_ledger",
    "billing_feedback",
    "settled_equations",
)
"""What is done again when people have approved batches since the night."""
_log = logging.getLogger(__name__)

Progress = Callable[[Step, StepResult | None], None]
"""Called before a step with None, and after it with its result."""


def state_folder(file: FirmFile, data: Path = Path("data")) -> Path:
    """Where the firm's state lives: `stores.folder`, else `data/<firm id>`."""
    stores = file.firm.stores
    return Path(stores.folder) if stores.folder else data / file.firm.firm.id


def instant_of(day: date | datetime, time_zone: str) -> datetime:
    """The as-of instant of a night: an instant as it is, a date as the end of that day."""
    if isinstance(day, datetime):
        return day.astimezone(UTC)
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(time_zone))
    return midnight.astimezone(UTC) - timedelta(seconds=1)


def new_night(
    file: FirmFile,
    as_of: datetime,
    *,
    trigger: Literal["schedule", "person"],
    maker: str,
    run_id: str | None = None,
    is_dry: bool = False,
) -> Night:
    """The night of a firm file at one instant; its id names the instant and the attempt."""
    return Night(
        run_id=run_id or f"{as_of:%Y%m%dT%H%M%S}-{os.urandom(3).hex()}",
        as_of=as_of,
        firm=file.firm,
        config_hash=file.config_hash,
        folder=state_folder(file),
        trigger=trigger,
        maker=maker,
        is_dry=is_dry,
    )


@contextmanager
def operational_store(file: FirmFile) -> Iterator[OperationalStore]:
    """The firm's operational store, migrated and open."""
    folder = state_folder(file)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = OperationalStore(store_url(file.firm, folder))
    try:
        store.migrate()
        yield store
    finally:
        store.close()


@contextmanager
def snapshot(file: FirmFile) -> Iterator[Warehouse]:
    """The warehouse as the last finished night published it, read-only.

    Raises:
        CouldNotRunError: No night has finished yet.
    """
    path = state_folder(file) / SNAPSHOT_NAME
    if not path.exists():
        raise CouldNotRunError(f"{path}: no night has finished yet; run `ps-integration nightly`")
    with Warehouse(path, read_only=True) as warehouse:
        yield warehouse


@contextmanager
def workbench(night: Night, environ: Mapping[str, str]) -> Iterator[Workbench]:
    """Open both stores and the connected systems for one run, and close them after it."""
    night.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = OperationalStore(night.operational_url)
    store.migrate()
    try:
        with Warehouse(night.warehouse_path) as warehouse:
            yield Workbench(
                night,
                warehouse,
                store,
                connect.connectors(night.firm, environ),
                connect.erp_writers(night.firm, environ),
                connect.feedback_writers(night.firm, environ),
            )
    finally:
        store.close()


def nightly(night: Night, environ: Mapping[str, str], progress: Progress) -> Outcome:
    """Run every step of one night.

    A step whose blocking check fails stops planning and posting, never the report. A dry run
    works on copies of both stores and leaves out the steps that write outside.

    Raises:
        PsIntegrationError: The night could not run; the message says what to do.
    """
    if night.is_dry:
        with copies(night) as copied:
            return keep_report(night, copied, _play(copied, environ, progress))
    result = _play(night, environ, progress)
    publish(night.warehouse_path)
    return result


def post_approved(night: Night, environ: Mapping[str, str], progress: Progress) -> Outcome:
    """Post what people have approved since the night, tell the PSA, and account again.

    Raises:
        PsIntegrationError: It could not run; the message says what to do.
    """
    steps = [step for step in STEPS if step.name in POSTING_STEPS]
    result = _play(night, environ, progress, "post_approved_batches", steps)
    publish(night.warehouse_path)
    return result


def _play(
    night: Night,
    environ: Mapping[str, str],
    progress: Progress,
    job: str = "nightly_sync",
    steps: Sequence[Step] = STEPS,
) -> Outcome:
    with workbench(night, environ) as bench:
        with bench.store.session() as session:
            runs.begin(session, _start(night, job))
        try:
            failed = walk(bench, progress, steps)
            result = outcome(bench, failed)
        except PsIntegrationError:
            with bench.store.session() as session:
                runs.finish(session, night.run_id, "failed", None)
            raise
        with bench.store.session() as session:
            runs.finish(session, night.run_id, "done", result.data)
        return result


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


def walk(bench: Workbench, progress: Progress, steps: Sequence[Step] = STEPS) -> list[str]:
    """Run the steps; the names of the blocking checks that failed come back."""
    failed: list[str] = []
    for step in steps:
        if (step.writes_outside and bench.night.is_dry) or (step.needs_balance and failed):
            continue
        progress(step, None)
        result = step.run(bench)
        progress(step, result)
        for check in result.checks:
            if check.is_blocking and not check.passed:
                _log.info("%s: %s failed: %s", step.name, check.name, check.description)
                failed.append(check.name)
    return failed
