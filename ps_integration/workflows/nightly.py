"""One night from beginning to end: every step in order, stopped posting when a balance fails."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from ps_integration.connectors.limits import Meter, Paces
from ps_integration.domain.identity import owner_of
from ps_integration.errors import (
    CouldNotRunError,
    PsIntegrationError,
    RetryLaterError,
    WarehouseDamagedError,
)
from ps_integration.settings.load import FirmFile
from ps_integration.stores.operational.journal import Journal
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.stores.warehouse.snapshot import SNAPSHOT_NAME, publish
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows import balance, connect, lost, mend, record
from ps_integration.workflows.anchors import note_head
from ps_integration.workflows.audit_keys import keys_of
from ps_integration.workflows.dryrun import copies, keep_report
from ps_integration.workflows.jobs import JOBS
from ps_integration.workflows.night import Night, StepResult, journal_path, store_url
from ps_integration.workflows.outcome import Outcome
from ps_integration.workflows.steps import STEPS, Step, Workbench, play

_log = logging.getLogger(__name__)
_LOOK_AGAIN_SECONDS = 0.2
Done = TypeVar("Done")

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
        config_owner=owner_of(file.source.path),
    )


@contextmanager
def operational_store(file: FirmFile, *, is_noted: bool = True) -> Iterator[OperationalStore]:
    """The firm's operational store, migrated and open.

    Args:
        file: The firm file.
        is_noted: Whether the head of its trail is noted outside when this is left; not by those
            who only look whether the trail holds.
    """
    folder = state_folder(file)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    journal = Journal(journal_path(file.firm, folder))
    keys = keys_of(file.firm, folder)
    store = OperationalStore(store_url(file.firm, folder), journal, keys=keys)
    try:
        store.migrate()
        yield store
        if is_noted:
            note_head(store, file.firm, folder)
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
    memory_gb = file.firm.stores.memory_gb
    try:
        published = Warehouse(path, read_only=True, memory_gb=memory_gb)
    except WarehouseDamagedError as error:
        raise CouldNotRunError(
            f"{path}: the published copy is damaged ({error}); the next night publishes it anew"
        ) from error
    with published as warehouse:
        yield warehouse


@contextmanager
def workbench(
    night: Night,
    environ: Mapping[str, str],
    patience_seconds: float = 0,
    paces: Paces | None = None,
) -> Iterator[Workbench]:
    """Open both stores and the connected systems for one run, and close them after it.

    Args:
        night: The run.
        environ: Where addresses and secrets are.
        patience_seconds: How long to wait for a process that has the warehouse.
        paces: Those of this process, where it opens more than one workbench.

    Raises:
        RetryLaterError: Another process is still writing the warehouse.
    """
    night.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = None if night.is_dry else keys_of(night.firm, night.folder, environ)
    store = OperationalStore(night.operational_url, Journal(night.journal_path), keys=keys)
    store.migrate()
    try:
        found = _found_again(night, patience_seconds)
        with open_warehouse(night, patience_seconds) as warehouse:
            if found:
                mend.say(night, warehouse, found)
            meter, shared = Meter(), paces or Paces()
            yield Workbench(
                night,
                warehouse,
                store,
                connect.connectors(night.firm, environ, meter=meter, paces=shared),
                connect.erp_writers(night.firm, environ, meter, shared),
                connect.feedback_writers(night.firm, environ, meter, shared),
                environ,
                meter,
            )
            note_head(store, night.firm, night.folder)
    finally:
        store.close()


def open_warehouse(night: Night, patience_seconds: float = 0) -> Warehouse:
    """Open the warehouse for writing, waiting for a process that has it.

    Raises:
        RetryLaterError: That process still had it when patience ran out.
    """
    night.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    memory_gb = night.firm.stores.memory_gb
    return _patiently(
        lambda: Warehouse(night.warehouse_path, memory_gb=memory_gb), patience_seconds
    )


def _found_again(night: Night, patience_seconds: float) -> tuple[str, ...]:
    """What was done about a warehouse that was lost; a dry run works on copies."""
    if night.is_dry:
        return ()
    return _patiently(lambda: lost.find_again(night), patience_seconds)


def _patiently(act: Callable[[], Done], patience_seconds: float) -> Done:
    deadline = monotonic() + patience_seconds
    while monotonic() < deadline:
        try:
            return act()
        except RetryLaterError:
            sleep(_LOOK_AGAIN_SECONDS)
    return act()


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
    result = _play(night, environ, progress, "post_approved_batches")
    publish(night.warehouse_path)
    return result


def carry_on(
    night: Night,
    environ: Mapping[str, str],
    job: str,
    after: str,
    progress: Progress,
    paces: Paces | None = None,
) -> Outcome:
    """Bring a run to its end that a failed blocking check stopped after one step.

    Everything that follows is done but planning and posting, so that the morning has its report.

    Args:
        night: The run.
        environ: Where addresses and secrets are.
        job: The job it is a run of.
        after: Name of the step whose check failed.
        progress: Told of every step.
        paces: Those of this process.
    """
    steps = JOBS[job]
    names = [step.name for step in steps]
    with workbench(night, environ, paces=paces) as bench:
        failed = list(balance.broken(bench.warehouse))
        later = steps[names.index(after) + 1 :]
        failed += walk(bench, progress, later, failed)
        result = record.close(bench, tuple(dict.fromkeys(failed)))
    publish(night.warehouse_path)
    return result


def end(night: Night, environ: Mapping[str, str]) -> Outcome:
    """Close a run whose steps have all been done, and publish its warehouse to readers."""
    with workbench(night, environ) as bench:
        result = record.close(bench, balance.broken(bench.warehouse))
    publish(night.warehouse_path)
    return result


def _play(
    night: Night, environ: Mapping[str, str], progress: Progress, job: str = "nightly_sync"
) -> Outcome:
    try:
        with workbench(night, environ) as bench:
            try:
                record.begin(bench, job)
                failed = walk(bench, progress, JOBS[job])
                return record.close(bench, failed)
            except PsIntegrationError:
                record.give_up(bench.store, night.run_id)
                raise
    except WarehouseDamagedError as error:
        raise lost.set_aside(night, error) from error


def walk(
    bench: Workbench,
    progress: Progress,
    steps: Sequence[Step] = STEPS,
    failed_before: Sequence[str] = (),
) -> list[str]:
    """Run the steps; the names of the blocking checks that failed come back.

    While one of them does not hold, here or in what an earlier run left, nothing is planned or
    posted.
    """
    failed: list[str] = []
    for step in steps:
        if step.writes_outside and bench.night.is_dry:
            continue
        if step.needs_balance and (failed or failed_before or balance.broken(bench.warehouse)):
            continue
        progress(step, None)
        result = play(bench, step)
        progress(step, result)
        for check in result.checks:
            if check.is_blocking and not check.passed:
                _log.info("%s: %s failed: %s", step.name, check.name, check.description)
                failed.append(check.name)
    return failed
