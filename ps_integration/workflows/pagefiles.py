"""Page files: what was fetched waits on disk, whole and synced, until it is landed."""

import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from ps_integration.connectors.answers import NotThereError
from ps_integration.connectors.protocol import Ask, Connector, Exports
from ps_integration.domain.records import RawRecord
from ps_integration.errors import (
    BadAnswerError,
    ColumnsMissingError,
    FixConfigError,
    PsIntegrationError,
    RetryLaterError,
)
from ps_integration.workflows.night import Night

_LOG: Final = logging.getLogger(__name__)
_SCHEMA: Final = pa.schema(
    [
        ("position", pa.int64()),
        ("record_id", pa.string()),
        ("payload", pa.string()),
        ("payload_sha256", pa.string()),
        ("source_updated_at", pa.timestamp("us", tz="UTC")),
        ("source_day", pa.string()),
        ("source_place", pa.string()),
        ("flaw", pa.string()),
    ]
)
_ROWS_PER_GROUP: Final = 20_000
ERROR_KINDS: Final = (
    (NotThereError, "not_there"),
    (ColumnsMissingError, "columns_missing"),
    (BadAnswerError, "bad_answer"),
    (FixConfigError, "fix_config"),
    (RetryLaterError, "retry_later"),
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """One stream's read: its page file, or why there is none."""

    system: str
    ask: Ask
    path: Path
    pages: int
    records: int
    newest: datetime | None
    started_at: datetime
    finished_at: datetime
    error_kind: str | None = None
    error_message: str | None = None
    source_at: datetime | None = None

    @property
    def status(self) -> str:
        """`complete`, `failed`, or `absent` (an optional stream the system does not have)."""
        if self.error_kind is None:
            return "complete"
        is_absent = self.error_kind == "not_there" and self.ask.stream.is_optional
        return "absent" if is_absent else "failed"


def clear(night: Night) -> Path:
    """Remove what a killed run left, and make this run's folder."""
    pages = night.folder / "pages"
    shutil.rmtree(pages, ignore_errors=True)
    folder = pages / night.run_id
    folder.mkdir(parents=True)
    return folder


def clear_system(night: Night, system: str) -> Path:
    """The same for one system that is read by itself."""
    folder = night.folder / "pages" / f"of-{system}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def fetch(night: Night, folder: Path, connector: Connector, ask: Ask) -> Fetched:
    """Read one stream to its page file. Failures of the far side are recorded, not raised.

    Whatever a connector raises over what it was sent is the far side's failure as well: one stream
    that cannot be read never ends the night.
    """
    path = folder / f"{connector.system}.{ask.stream.name}.parquet"
    begun = time.monotonic()
    count = _Count()
    problem: PsIntegrationError | None = None
    try:
        _write(path, _guarded(connector.system, ask, count.watch(connector.pages(ask))))
    except PsIntegrationError as error:
        problem = error
    # The run's clock goes on from `as_of` by the time that really passed.
    finished = night.as_of + timedelta(seconds=time.monotonic() - begun)
    kind = next((name for type_, name in ERROR_KINDS if isinstance(problem, type_)), "failed")
    return Fetched(
        connector.system,
        ask,
        path,
        count.pages,
        count.records,
        count.newest,
        night.as_of,
        finished,
        kind if problem else None,
        str(problem).encode("utf-8", "backslashreplace").decode() if problem else None,
        _exported_at(connector, ask.stream.name),
    )


def _exported_at(connector: Connector, stream: str) -> datetime | None:
    """The time of an export; none where what cannot be read has none."""
    try:
        return connector.exported_at(stream) if isinstance(connector, Exports) else None
    except (PsIntegrationError, OSError):
        return None


def _guarded(
    system: str, ask: Ask, rows: Iterator[dict[str, object]]
) -> Iterator[dict[str, object]]:
    try:
        yield from rows
    except PsIntegrationError:
        raise
    except Exception as error:
        _LOG.exception("system %s, stream %s: could not be read", system, ask.stream.name)
        said = f"system {system}, stream {ask.stream.name}: what it sent cannot be read"
        raise BadAnswerError(f"{said} ({type(error).__name__}: {error!s:.200})") from error


class _Count:
    def __init__(self) -> None:
        self.pages = 0
        self.records = 0
        self.newest: datetime | None = None

    def watch(self, pages: Iterator[Sequence[RawRecord]]) -> Iterator[dict[str, object]]:
        for page in pages:
            self.pages += 1
            for record in page:
                if record.updated_at is not None:
                    self.newest = max(self.newest or record.updated_at, record.updated_at)
                yield _row(self.records, record)
                self.records += 1


def _row(position: int, record: RawRecord) -> dict[str, object]:
    return {
        "position": position,
        "record_id": record.record_id,
        "payload": record.payload,
        "payload_sha256": hashlib.sha256(record.payload.encode()).hexdigest(),
        "source_updated_at": record.updated_at,
        "source_day": record.day,
        "source_place": record.place,
        "flaw": json.dumps(asdict(record.flaw), sort_keys=True) if record.flaw else None,
    }


def _write(path: Path, rows: Iterator[dict[str, object]]) -> None:
    with path.open("wb") as file:
        with pq.ParquetWriter(file, _SCHEMA, compression="zstd") as writer:
            group: list[dict[str, object]] = []
            for row in rows:
                group.append(row)
                if len(group) >= _ROWS_PER_GROUP:
                    writer.write_table(pa.Table.from_pylist(group, schema=_SCHEMA))
                    group.clear()
            writer.write_table(pa.Table.from_pylist(group, schema=_SCHEMA))
        file.flush()
        os.fsync(file.fileno())
