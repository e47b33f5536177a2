"""Reads one Excel or Parquet file in a process of its own: a file that ends it ends nothing else.

Started by `connectors.tables`. Each row is one line of JSON on standard output: its number and its
cells. A text is told as it is, a number by type as a list of its text and, where the sheet shows it
otherwise, of what it shows. The last line says how many rows there were, or why the file cannot be
read; without one the process was ended by the file.
"""

import json
import resource
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types
from python_calamine import CalamineError, CalamineWorkbook

from ps_integration.connectors.sheet_marks import Marks, NotAWorkbookError, read_marks

_MAX_UNPACKED: Final = 1 << 30
_MAX_MEMORY: Final = 4 << 30
_MAX_CPU_SECONDS: Final = 300
_MAX_ROWS: Final = 5_000_000
_MAX_CELLS: Final = 20_000_000
_EXCEL_DIGITS: Final = 15
_PER_SECOND: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
Cell = str | list[str]
Rows = Iterator[tuple[int, list[Cell]]]


class UnreadableError(Exception):
    """Why the file cannot be read, in plain words."""


def excel_rows(path: Path, sheet: str) -> Rows:
    """The rows of one sheet with their numbers, empty ones left out.

    Dates are ISO text, durations hours, minutes and seconds, numbers what Excel keeps of them (15
    digits), errors their text (`#N/A`).

    Raises:
        UnreadableError: Not an .xlsx file, more than can be read, or no such sheet.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(item.file_size for item in archive.infolist()) > _MAX_UNPACKED:
                raise UnreadableError("unpacks to more than 1 GiB")
            book = CalamineWorkbook.from_path(path)
            name = sheet or next(iter(book.sheet_names), "")
            if name not in book.sheet_names:
                raise UnreadableError(f"there is no sheet {name!r}")
            marks = read_marks(archive, name)
        if marks.rows * marks.columns > _MAX_CELLS:
            raise UnreadableError(
                f"its sheet reaches to row {marks.rows:,} and column {marks.columns:,}; delete "
                "the empty rows and columns"
            )
        found = book.get_sheet_by_name(name)
        top, left = found.start or (0, 0)
        rows = found.to_python()
    except (CalamineError, zipfile.BadZipFile, NotAWorkbookError, NotImplementedError) as error:
        raise UnreadableError(f"not an Excel file of the form .xlsx ({error})") from None
    for at, row in enumerate(rows, top):
        cells = [_marked(marks, (at, left + beside), cell) for beside, cell in enumerate(row)]
        if any(cells):
            yield at + 1, cells


def _marked(marks: Marks, place: tuple[int, int], cell: object) -> Cell:
    if place in marks.errors:
        return marks.errors[place] or "#N/A"
    told = excel_cell(cell)
    shown = marks.shown.get(place)
    return [*told, shown] if shown is not None and isinstance(told, list) else told


def excel_cell(cell: object) -> Cell:
    """One typed cell; empty for none. Midnight instants of Excel are dates."""
    told: Cell
    match cell:
        case None:
            told = ""
        case bool():
            told = "true" if cell else "false"
        case float() if not cell.is_integer():
            told = [f"{Decimal(f'{cell:.{_EXCEL_DIGITS}g}'):f}"]
        case int() | float():
            told = [str(int(cell))]
        case datetime():
            told = _instant(cell)
        case date() | time():
            told = cell.isoformat()
        case timedelta():
            told = clock(cell // timedelta(microseconds=1), "us")
        case _:
            told = str(cell)
    return told


def clock(ticks: int, unit: str) -> str:
    """A duration as hours, minutes and seconds, with all of its fraction: `27:30:00`, `0:00:00.5`.

    Args:
        ticks: How long, in units.
        unit: `s`, `ms`, `us` or `ns`.
    """
    whole, rest = divmod(abs(ticks), _PER_SECOND[unit])
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    digits = len(str(_PER_SECOND[unit])) - 1
    fraction = f".{rest:0{digits}d}".rstrip("0") if rest else ""
    return f"{'-' if ticks < 0 else ''}{hours}:{minutes:02d}:{seconds:02d}{fraction}"


def _instant(cell: datetime) -> str:
    is_day = cell.tzinfo is None and cell.time() == time()
    return (cell.date() if is_day else cell).isoformat()


def parquet_rows(path: Path, needed: Sequence[str]) -> Rows:
    """The column names as row 1, then every row; columns that nobody needs may be of any type.

    Raises:
        UnreadableError: Not a Parquet file, or a needed column is of a type that does not say
            exactly what it holds.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            schema = file.schema_arrow
            readers = [_reader(field.type) for field in schema]
            for field, reader in zip(schema, readers, strict=True):
                if reader is None and field.name in needed:
                    raise UnreadableError(
                        f"column {field.name} is of the type {field.type}; write it as text, "
                        "integer, decimal, double, date, timestamp or duration"
                    )
            yield 1, [name for name, reader in zip(schema.names, readers, strict=True) if reader]
            number = 1
            for batch in file.iter_batches(5000):
                pairs = zip(readers, batch.columns, strict=True)
                columns = [reader(column) for reader, column in pairs if reader]
                for row in zip(*columns, strict=True):
                    number += 1
                    yield number, list(row)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableError(f"not a Parquet file ({error})") from None


def _reader(kind: pa.DataType) -> Callable[[pa.Array], list[Cell]] | None:
    """How cells of a type are read exactly; None for a type that is not."""
    if types.is_dictionary(kind):
        inner = _reader(kind.value_type)
        return (lambda column: inner(column.dictionary_decode())) if inner else None
    if types.is_duration(kind):
        return lambda column: [
            "" if ticks is None else clock(ticks, kind.unit)
            for ticks in column.cast(pa.int64()).to_pylist()
        ]
    told = next((how for is_kind, how in _CELLS.items() if is_kind(kind)), None)
    if told is None:
        return None
    return lambda column: ["" if cell is None else told(cell) for cell in column.to_pylist()]


def _float(cell: float) -> Cell:
    if not isfinite(cell):
        return "#NUM!"
    return [str(int(cell)) if cell.is_integer() else f"{Decimal(repr(cell)):f}"]


_CELLS: Final[Mapping[Callable[[pa.DataType], bool], Callable[..., Cell]]] = {
    types.is_null: str,
    types.is_string: str,
    types.is_large_string: str,
    types.is_string_view: str,
    types.is_boolean: lambda cell: "true" if cell else "false",
    types.is_integer: lambda cell: [str(cell)],
    types.is_float64: _float,
    types.is_decimal: lambda cell: [f"{cell:f}"],
    types.is_date: lambda cell: cell.isoformat(),
    types.is_time: lambda cell: cell.isoformat(),
    types.is_timestamp: _instant,
}


def main(kind: str, path: str, sheet: str, needed: str) -> None:
    """Tell a file within bounds of memory and time."""
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY, _MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_MAX_CPU_SECONDS, _MAX_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in told(kind, Path(path), sheet, json.loads(needed)):
        sys.stdout.write(json.dumps(line) + "\n")


def told(
    kind: str, path: Path, sheet: str, needed: Sequence[str]
) -> Iterator[tuple[int, list[Cell]] | dict[str, object]]:
    """The rows of a file, then how it ended."""
    count = 0
    try:
        for row in excel_rows(path, sheet) if kind == "excel" else parquet_rows(path, needed):
            count += 1
            if count > _MAX_ROWS:
                raise UnreadableError(f"it has more than {_MAX_ROWS:,} rows")  # noqa: TRY301
            yield row
    except UnreadableError as error:
        yield {"error": str(error)}
    except GeneratorExit:
        raise
    except BaseException as error:  # noqa: BLE001 - a panic of a library is no Exception
        yield {"error": f"not a {kind.title()} file that can be read ({error!r:.200})"}
    else:
        yield {"rows": count}


if __name__ == "__main__":
    main(*sys.argv[1:])
