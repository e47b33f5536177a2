"""Extract: every system is read in parallel into page files; each stream lands by itself."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Final

from ps_integration.connectors.protocol import Ask, Connector
from ps_integration.domain.ports import Queries
from ps_integration.workflows.asks import asks, days
from ps_integration.workflows.night import CheckResult, Night, StepResult
from ps_integration.workflows.pagefiles import Fetched, clear, clear_system, fetch

MISSES_TO_TOMBSTONE: Final = 2
MASS_SHARE_PERCENT: Final = 5
MASS_COUNT: Final = 20
SHRUNK_SHARE_PERCENT: Final = 50
SHRUNK_COUNT: Final = 3
GIVE_UP_AFTER: Final = 2
"""Streams of one system in a row that stay out of reach, each after all its attempts."""

_COUNTS: Final = """
select
    count(*) filter (where is_changed) as changed,
    count(*) filter (where is_seen) as seen,
    count(*) filter (where is_expected) as expected,
    count(*) filter (where is_expected and not is_seen) as missing,
    count(*) filter (where is_expected and not is_seen and not is_nameless) as named_missing,
    count(*) filter (where is_seen and is_nameless) as nameless
from (select inc.*, inc.record_id like 'no-id-%' as is_nameless from land_incoming as inc)
"""


def extract(night: Night, warehouse: Queries, connectors: Mapping[str, Connector]) -> StepResult:
    """Read every stream of every system and land what is new.

    A stream that fails is recorded in `raw.reads`, keeps its watermark, and stops no other.

    Returns:
        Changed records, a line per system, and one check per system (warnings).
    """
    folder = clear(night)
    plan = asks(night, warehouse, connectors)
    with ThreadPoolExecutor(max_workers=max(len(plan), 1), thread_name_prefix="extract") as pool:
        jobs = [
            pool.submit(_fetch_system, night, folder, connectors[system], wanted)
            for system, wanted in plan.items()
        ]
        fetched = [read for job in jobs for read in job.result()]
    landed = [(_land(night, warehouse, read)) for read in fetched]
    shutil.rmtree(folder)
    return _result(landed)


def extract_system(
    night: Night, connector: Connector, opened: Callable[[], AbstractContextManager[Queries]]
) -> StepResult:
    """Read one system by itself, as a process of its own may do beside others.

    Args:
        night: The run.
        connector: Of the system.
        opened: Opens the warehouse. It is open to plan and to land, never while fetching.

    Returns:
        Changed records, a line per stream, and the check `read_<system>` (a warning).
    """
    folder = clear_system(night, connector.system)
    with opened() as warehouse:
        plan = asks(night, warehouse, {connector.system: connector})
    wanted = [ask for asked in plan.values() for ask in asked]
    fetched = _fetch_system(night, folder, connector, wanted)
    with opened() as warehouse:
        landed = [_land(night, warehouse, read) for read in fetched]
    shutil.rmtree(folder)
    result = _result(landed)
    waits = [read for read, _ in landed if read.error_kind == "retry_later"]
    streams = [_stream_line(read, changed) for read, changed in landed]
    metadata = {"streams": streams, "worth_retrying": [read.ask.stream.name for read in waits]}
    return replace(result, metadata=metadata)


def _stream_line(read: Fetched, changed: int) -> dict[str, object]:
    return {
        "stream": read.ask.stream.name,
        "mode": read.ask.mode,
        "status": read.status,
        "pages": read.pages,
        "records_read": read.records,
        "records_changed": changed,
        "message": read.error_message or "",
    }


def _fetch_system(
    night: Night, folder: Path, connector: Connector, wanted: Sequence[Ask]
) -> list[Fetched]:
    """Read a system's streams in order; one that stays out of reach is not asked to the end."""
    reads: list[Fetched] = []
    for ask in wanted:
        last = reads[-GIVE_UP_AFTER:]
        if len(last) == GIVE_UP_AFTER and all(one.error_kind == "retry_later" for one in last):
            break
        reads.append(fetch(night, folder, connector, ask))
    if not reads:
        return reads
    why = f"not asked, for {GIVE_UP_AFTER} streams before failed: {reads[-1].error_message}"
    given_up = replace(reads[-1], pages=0, records=0, newest=None, error_message=why)
    return [*reads, *(replace(given_up, ask=ask) for ask in wanted[len(reads) :])]


def _land(night: Night, warehouse: Queries, read: Fetched) -> tuple[Fetched, int]:
    """Land one stream in one transaction: records, misses, the read, the watermark."""
    changed = 0
    with warehouse.transaction():
        if read.status == "complete":
            changed, read = _land_records(night, warehouse, read)
        warehouse.insert("raw.reads", [_read_row(night, read, changed)])
    read.path.unlink(missing_ok=True)
    return read, changed


def _land_records(night: Night, warehouse: Queries, read: Fetched) -> tuple[int, Fetched]:
    place = {"system": read.system, "stream": read.ask.stream.name}
    stamp = {**place, "run_id": night.run_id, "as_of": night.as_of}
    day_from, day_to = days(read.ask)
    incoming = {**place, "path": str(read.path), "day_from": day_from, "day_to": day_to}
    warehouse.execute(_sql("land_incoming"), incoming)
    counts = warehouse.rows(_COUNTS)[0]
    changed, seen, expected, missing, named_missing, nameless = (
        int(str(counts[key])) for key in counts
    )
    warehouse.execute(_sql("land_changes"), stamp)
    if read.ask.mode == "incremental":
        _move_watermark(night, warehouse, read)
        return changed, read
    if missing:
        _run(warehouse, "land_accepted", stamp)
        accepted = int(str(warehouse.value("select count(*) from land_accepted")))
        missing, expected = missing - accepted, expected - accepted
    if proves_nothing(seen, expected, missing) or (named_missing and nameless):
        _run(warehouse, "land_doubted", stamp)
        message = _doubt(seen, expected, missing, nameless if named_missing else 0)
        return changed, replace(read, error_kind="mass_disappearance", error_message=message)
    _run(warehouse, "land_missing", {**stamp, "misses_to_tombstone": MISSES_TO_TOMBSTONE})
    _move_watermark(night, warehouse, read)
    return changed, read


def proves_nothing(seen: int, expected: int, missing: int) -> bool:
    """Whether a listing lacks so much that the listing is in doubt, not the records.

    Args:
        seen: Records in the listing.
        expected: Records known before that it should have.
        missing: Those of them that it lacks.
    """
    is_empty = not seen and bool(expected)
    is_shrunk = missing > SHRUNK_COUNT and missing * 100 > expected * SHRUNK_SHARE_PERCENT
    is_mass = missing > MASS_COUNT and missing * 100 > expected * MASS_SHARE_PERCENT
    return is_empty or is_shrunk or is_mass


def _doubt(seen: int, expected: int, missing: int, nameless: int) -> str:
    what = f"{missing} of {expected} records are gone at once"
    if nameless:
        what = f"{missing} records are gone, and {nameless} are there whose id cannot be read"
    if not seen:
        what = f"the listing is empty, and {expected} records were known"
    return f"{what}; none counts as deleted until a person says so (ps-integration deletions list)"


def _run(warehouse: Queries, name: str, params: Mapping[str, object]) -> None:
    """Run a file's statements, each with those parameters it names (others are refused)."""
    for statement in _sql(name).split(";"):
        if statement.strip():
            used = {key: value for key, value in params.items() if f"${key}" in statement}
            warehouse.execute(statement, used)


def _move_watermark(night: Night, warehouse: Queries, read: Fetched) -> None:
    """Move to the newest time of change the source itself gave, never past the run's instant."""
    if read.newest is None or read.ask.stream.mode != "incremental":
        return
    place = {"system": read.system, "stream": read.ask.stream.name}
    where = "where system = $system and stream = $stream"
    old = warehouse.value(f"select watermark from raw.watermarks {where}", place)
    known = datetime.fromisoformat(str(old)) if old else None
    newest = min(read.newest.astimezone(UTC), night.as_of)
    watermark = max(known, newest) if known else newest
    warehouse.execute(f"delete from raw.watermarks {where}", place)
    moved = {"watermark": watermark.isoformat(), "moved_at": night.as_of, "run_id": night.run_id}
    warehouse.insert("raw.watermarks", [{**place, **moved}])


def _read_row(night: Night, read: Fetched, changed: int) -> dict[str, object]:
    day_from, day_to = days(read.ask)
    since = read.ask.since.isoformat() if read.ask.since else None
    return {
        "run_id": night.run_id,
        "system": read.system,
        "stream": read.ask.stream.name,
        "mode": read.ask.mode,
        "window_from": day_from or since,
        "window_to": day_to,
        "status": read.status if read.error_kind != "mass_disappearance" else "complete",
        "pages": read.pages,
        "records_read": read.records,
        "records_changed": changed,
        "started_at": read.started_at,
        "finished_at": read.finished_at,
        "error_kind": read.error_kind,
        "error_message": read.error_message,
        "source_at": read.source_at,
    }


def _sql(name: str) -> str:
    return files("ps_integration.workflows").joinpath("sql", f"{name}.sql").read_text("utf-8")


def _result(landed: list[tuple[Fetched, int]]) -> StepResult:
    checks: list[CheckResult] = []
    metadata: dict[str, object] = {}
    for system, group in groupby(landed, key=lambda item: item[0].system):
        reads = list(group)
        wrong = [read for read, _ in reads if read.error_kind and read.status != "absent"]
        changed = sum(count for _, count in reads)
        seen = sum(read.records for read, _ in reads)
        metadata[system] = f"{seen} records read, {changed} changed, {len(wrong)} streams failed"
        checks.append(
            CheckResult(
                f"read_{system}",
                passed=not wrong,
                severity="warn",
                is_blocking=False,
                description="; ".join(
                    f"{read.ask.stream.name}: {read.error_message}" for read in wrong
                )
                or "every stream was read completely",
            )
        )
    return StepResult(sum(changed for _, changed in landed), metadata, tuple(checks))
