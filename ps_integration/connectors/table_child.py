"""Reads one Excel or Parquet file in a process of its own: a file that ends it ends nothing else.

Started by `connectors.tables`. Each row is one line of JSON on standard output: its number and its
cells, a text as it is and a number by type as a list of its text. The last line says how many rows
there were, or why the file cannot be read; without one the process was ended by the file.
"""

import json
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineWorkbook

_MAX_UNPACKED: Final = 1 << 30
_MAX_MEMORY: Final = 4 << 30
_MAX_CPU_SECONDS: Final = 600
_MAX_ROWS: Final = 5_000_000
Cell = str | list[str]


class UnreadableError(Exception):
    """Why the file cannot be read, in plain words."""


def excel_rows(path: Path, sheet: str) -> Iterator[tuple[int, list[Cell]]]:
    """The rows of one sheet with their numbers; dates as ISO text, numbers as their shortest text.

    Raises:
        UnreadableError: Not an Excel file, too large once unpacked, or no such sheet.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                if sum(item.file_size for item in archive.infolist()) > _MAX_UNPACKED:
                    raise UnreadableError("unpacks to more than 1 GiB")
        book = CalamineWorkbook.from_path(path)
        name = sheet or next(iter(book.sheet_names), "")
        if name not in book.sheet_names:
            raise UnreadableError(f"there is no sheet {name!r}")
        found = book.get_sheet_by_name(name)
        first = found.start[0] + 1 if found.start else 1
        rows = found.to_python()
    except (CalamineError, zipfile.BadZipFile) as error:
        raise UnreadableError(f"not an Excel file ({error})") from None
    for number, row in enumerate(rows, first):
        cells = [cell_of(cell) for cell in row]
        if any(cells):
            yield number, cells


def parquet_rows(path: Path) -> Iterator[tuple[int, list[Cell]]]:
    """The column names as row 1, then every row.

    Raises:
        UnreadableError: Not a Parquet file.
    """
    try:
        with pq.ParquetFile(path) as file:
            yield 1, list(file.schema_arrow.names)
            number = 1
            for batch in file.iter_batches(5000):
                columns = [column.to_pylist() for column in batch.columns]
                for row in zip(*columns, strict=True):
                    number += 1
                    yield number, [cell_of(cell) for cell in row]
    except (pa.ArrowException, OSError) as error:
        raise UnreadableError(f"not a Parquet file ({error})") from None


def cell_of(cell: object) -> Cell:
    """One typed cell; empty for none. Midnight instants of Excel are dates."""
    told: Cell
    match cell:
        case None:
            told = ""
        case bool():
            told = "true" if cell else "false"
        case float():
            told = [str(int(cell)) if cell.is_integer() else repr(cell)]
        case datetime():
            is_day = cell.tzinfo is None and cell.time() == time()
            told = (cell.date() if is_day else cell).isoformat()
        case date() | time():
            told = cell.isoformat()
        case timedelta():
            told = str(int(cell.total_seconds()))
        case Decimal():
            told = [f"{cell:f}"]
        case _:
            told = str(cell)
    return told


def main(kind: str, path: str, sheet: str) -> None:
    """Write the rows of a file, then one line that says how it ended."""
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY, _MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_MAX_CPU_SECONDS, _MAX_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    count = 0
    rows = excel_rows(Path(path), sheet) if kind == "excel" else parquet_rows(Path(path))
    try:
        for row in rows:
            count += 1
            if count > _MAX_ROWS:
                raise UnreadableError(f"it has more than {_MAX_ROWS:,} rows")  # noqa: TRY301
            sys.stdout.write(json.dumps(row) + "\n")
        last: dict[str, object] = {"rows": count}
    except UnreadableError as error:
        last = {"error": str(error)}
    except BaseException as error:  # noqa: BLE001 - a panic of a library is no Exception
        last = {"error": f"not a {kind.title()} file that can be read ({error!r:.200})"}
    sys.stdout.write(json.dumps(last) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
