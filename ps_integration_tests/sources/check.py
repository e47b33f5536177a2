"""Sources that shrink or break: what is read, what is taken for deleted, and what ends at all."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from ps_integration.connectors.protocol import Ask, Stream
from ps_integration.connectors.registry import vendor
from ps_integration.connectors.setup import Setup
from ps_integration.domain.records import RawRecord
from ps_integration.settings.firm import Firm, System
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows.extract import extract
from ps_integration.workflows.night import Night

SIZES = (1, 5, 20, 1000)
KINDS = ("csv", "excel", "parquet")
HEADER = ("id", "who", "project", "day", "hours", "status")
_SUFFIX = {"csv": "csv", "excel": "xlsx", "parquet": "parquet"}
_FIRST = datetime(2026, 3, 10, 4, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Shrunk:
    """A stream of so many records that was listed with fewer on three nights."""

    known: int
    left: int
    deleted: int
    doubted: int

    @property
    def is_right(self) -> bool:
        """Nothing is deleted of a listing that is empty or lacks too much; else all it lacks is."""
        gone = self.known - self.left
        proves_nothing = (
            self.left == 0
            or (gone > 3 and 2 * gone > self.known)
            or (gone > 20 and 20 * gone > self.known)
        )
        return (self.deleted, self.doubted) == ((0, gone) if proves_nothing else (gone, 0))


class _Listed:
    """A system whose one stream lists the first records."""

    system = "source"

    def __init__(self, count: int) -> None:
        self.count = count

    def streams(self) -> Sequence[Stream]:
        return (Stream("things", "full", ()),)

    def pages(self, ask: Ask) -> Iterator[Sequence[RawRecord]]:
        yield [RawRecord(str(n), f'{{"id": {n}}}') for n in range(self.count)]

    def parse(self, stream: str, payload: object) -> Sequence[object]:
        return ()

    def probe(self) -> dict[str, object]:
        return {}


def shrink(folder: Path) -> Iterator[Shrunk]:
    """Every size, shrunk to nothing, one record and half."""
    for known in SIZES:
        for left in sorted({0, 1, known // 2} - {known}):
            with Warehouse(folder / f"{known}-{left}.duckdb") as warehouse:
                listed = _Listed(known)
                _play(folder, warehouse, listed, 0)
                listed.count = left
                for turn in (1, 2, 3):
                    _play(folder, warehouse, listed, turn)
                deleted = warehouse.value("select count(*) from raw.records where is_tombstone")
                doubted = warehouse.value("select count(*) from raw.doubted")
            yield Shrunk(known, left, int(str(deleted)), int(str(doubted)))


@dataclass(frozen=True)
class Fuzzed:
    """How reading one damaged file ended: `whole`, `failed` or `not whole`."""

    kind: str
    seed: int
    outcome: str
    deleted: int


def fuzz(folder: Path, kind: str, seeds: Sequence[int]) -> Iterator[Fuzzed]:
    """Damage a file, read it on two nights after a good one. An exception coming out is wrong."""
    drops = folder / f"drops-{kind}"
    drops.mkdir()
    path = drops / f"hours.{_SUFFIX[kind]}"
    _write(path, kind)
    good = path.read_bytes()
    files = _files(drops, kind)
    with Warehouse(folder / f"{kind}.duckdb") as warehouse:
        _play(folder, warehouse, files, 0)
        for turn, seed in enumerate(seeds, 1):
            path.write_bytes(damaged(good, seed))
            _play(folder, warehouse, files, 2 * turn)
            path.write_bytes(good)
            _play(folder, warehouse, files, 2 * turn + 1)
            [read] = warehouse.rows(
                "select status, error_kind from raw.reads where run_id = $run",
                {"run": f"run-{2 * turn}"},
            )
            is_whole = read["error_kind"] is None
            outcome = (
                "whole" if is_whole else "failed" if read["status"] == "failed" else "not whole"
            )
            # records that only a damaged file had are gone again, and rightly so
            deleted = warehouse.value(
                "select count(*) from raw.records where is_tombstone and record_id in"
                " (select record_id from raw.records where run_id = 'run-0')"
            )
            yield Fuzzed(kind, seed, outcome, int(str(deleted)))


def damaged(good: bytes, seed: int) -> bytes:
    """Some bytes changed, a piece cut out or put in, or the end cut off."""
    chance = random.Random(seed)
    data = bytearray(good)
    match chance.randrange(4):
        case 0:
            for _ in range(chance.choice((1, 3, 30))):
                data[chance.randrange(len(data))] = chance.randrange(256)
        case 1:
            del data[chance.randrange(len(data)) :]
        case 2:
            at = chance.randrange(len(data))
            del data[at : at + chance.randrange(1, 200)]
        case _:
            at = chance.randrange(len(data))
            data[at:at] = chance.randbytes(chance.randrange(1, 200))
    return bytes(data)


def _write(path: Path, kind: str) -> None:
    rows = [(str(n), f"w{n % 3}", "P1", "2026-03-02", "7.5", "DONE") for n in range(30)]
    if kind == "csv":
        lines = (",".join(row) for row in (HEADER, *rows))
        path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    elif kind == "excel":
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            for at, row in enumerate((HEADER, *rows)):
                sheet.write_row(at, 0, row)
    else:
        columns = dict(zip(HEADER, map(list, zip(*rows, strict=True)), strict=True))
        pq.write_table(pa.table(columns), path)


def _files(drops: Path, kind: str):
    stream = {
        "name": "time", "table": "time_entries", "path": f"*.{_SUFFIX[kind]}", "format": kind,
        "id": ["id"],
        "columns": {
            "resource_external_id": "who", "project_external_id": "project", "work_date": "day",
            "seconds": "hours", "is_billable": {"const": True},
            "approval_state": {"column": "status", "values": {"DONE": "approved"}},
        },
    }  # fmt: skip
    options = {"folder": str(drops), "streams": [stream]}
    system = {"id": "source", "vendor": "files", "roles": ["time"], "options": options}
    return vendor("files").build(Setup(System.model_validate(system), {}))


def _play(folder: Path, warehouse: Warehouse, connector: object, turn: int) -> None:
    firm = Firm.model_validate(
        {
            "firm": {
                "id": "f", "name": "F", "time_zone": "Europe/London", "reporting_currency": "GBP",
            },
            "legal_entities": [
                {"id": "UK", "name": "UK", "currency": "GBP", "time_zone": "Europe/London"}
            ],
            "systems": [{"id": "source", "vendor": "files", "roles": ["time"]}],
            "routing": {},
        }
    )  # fmt: skip
    as_of = _FIRST + timedelta(days=turn)
    night = Night(f"run-{turn}", as_of, firm, "hash", folder, "person", "tester")
    extract(night, warehouse, {"source": connector})
