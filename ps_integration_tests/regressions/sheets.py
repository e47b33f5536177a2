"""Workbooks as people have them: typed cells, look-ups that ended in an error, numbers as shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import xlsxwriter


@dataclass(frozen=True)
class Broken:
    """A cell whose formula came to an error: `#N/A`."""

    error: str = "#N/A"


@dataclass(frozen=True)
class Shown:
    """A number under a number format: 123 under `00000`."""

    value: float
    form: str


Value = str | float | date | Broken | Shown | None


def write_sheet(path: Path, rows: Sequence[Sequence[Value]]) -> None:
    """Write one sheet, replacing the file."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                match cell:
                    case Broken():
                        sheet.write_formula(at, column, "=NA()", None, cell.error)
                    case Shown():
                        form = book.add_format({"num_format": cell.form})
                        sheet.write_number(at, column, cell.value, form)
                    case date():
                        midnight = datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001
                        sheet.write_datetime(at, column, midnight, day)
                    case str():
                        sheet.write_string(at, column, cell)
                    case None:
                        pass
                    case _:
                        sheet.write_number(at, column, cell)
