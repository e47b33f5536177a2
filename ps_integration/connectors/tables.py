"""Rows of file drops as text cells: CSV, Excel (values, never formulas) and Parquet."""

import csv
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineWorkbook

from ps_integration.errors import BadAnswerError

_MAX_UNPACKED: Final = 1 << 30
Cells = list[str]


class TypedNumber(str):
    """The text of a cell that is a number by its type: its decimal mark is always a point."""

    __slots__ = ()


def csv_rows(path: Path, encoding: str, delimiter: str) -> Iterator[Cells]:
    """Yield the header and every row of a CSV file.

    Raises:
        BadAnswerError: Not in that encoding, or broken quoting; says where.
    """
    known = "utf-8-sig" if encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else encoding
    with path.open(encoding=known, errors="strict", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            yield from (row for row in reader if row)
        except (csv.Error, UnicodeDecodeError) as error:
            reason = error.reason if isinstance(error, UnicodeDecodeError) else str(error)
            raise BadAnswerError(
                f"file {path.name}: not {encoding} CSV after line {reader.line_num} ({reason})"
            ) from None


def excel_rows(path: Path, sheet: str) -> Iterator[Cells]:
    """Yield the rows of one sheet; dates come as ISO text, numbers as their shortest text.

    Raises:
        BadAnswerError: Not an Excel file, too large once unpacked, or no such sheet.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                if sum(item.file_size for item in archive.infolist()) > _MAX_UNPACKED:
                    raise BadAnswerError(f"file {path.name}: unpacks to more than 1 GiB")
        book = CalamineWorkbook.from_path(path)
        name = sheet or book.sheet_names[0]
        if name not in book.sheet_names:
            raise BadAnswerError(f"file {path.name}: there is no sheet {name!r}")
        rows = book.get_sheet_by_name(name).to_python()
    except (CalamineError, zipfile.BadZipFile) as error:
        raise BadAnswerError(f"file {path.name}: not an Excel file ({error})") from None
    for row in rows:
        cells = [cell_text(cell) for cell in row]
        if any(cells):
            yield cells


def parquet_rows(path: Path) -> Iterator[Cells]:
    """Yield the column names and every row of a Parquet file.

    Raises:
        BadAnswerError: Not a Parquet file.
    """
    try:
        with pq.ParquetFile(path) as file:
            yield list(file.schema_arrow.names)
            for batch in file.iter_batches(5000):
                columns = [column.to_pylist() for column in batch.columns]
                for row in zip(*columns, strict=True):
                    yield [cell_text(cell) for cell in row]
    except pa.ArrowException as error:
        raise BadAnswerError(f"file {path.name}: not a Parquet file ({error})") from None


def cell_text(cell: object) -> str:
    """The text of one typed cell; empty for none. Midnight instants of Excel are dates."""
    match cell:
        case None:
            text = ""
        case bool():
            text = "true" if cell else "false"
        case float():
            text = TypedNumber(int(cell) if cell.is_integer() else repr(cell))
        case datetime():
            is_day = cell.tzinfo is None and cell.time() == time()
            text = (cell.date() if is_day else cell).isoformat()
        case date() | time():
            text = cell.isoformat()
        case timedelta():
            text = str(int(cell.total_seconds()))
        case Decimal():
            text = TypedNumber(f"{cell:f}")
        case _:
            text = str(cell)
    return text
