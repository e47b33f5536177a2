"""Seals what a workbook says, cell by cell, so that what comes back can be told from what went out.

A seal is keyed: nobody without the firm's key can make one for other cells. Texts are compared
without regard to white space, and numbers to fifteen digits, as spreadsheet programs keep them.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.reports.columns import Column, in_hours, units
from ps_integration.reports.numbers import Formats
from ps_integration.reports.text import fitting

FORMAT: Final = 2
_FIRST_YEAR: Final = 1900
_CELL_DIGITS: Final = 8
_BLANKS: Final = str.maketrans(dict.fromkeys("\u200b\ufeff", ""))


@dataclass(frozen=True, slots=True)
class Seal:
    """The seal of one export.

    Attributes:
        header: Firm, run and instant of the export as JSON, and the hash of its rows' identities.
        signature: What proves the header.
        ids: What names the rows of each sheet, in their order.
    """

    key: bytes
    header: str
    signature: str
    ids: Mapping[str, Sequence[str]]

    @classmethod
    def of(
        cls,
        key: bytes,
        *,
        firm: str,
        run_id: str,
        as_of: datetime,
        rows: Mapping[str, Sequence[tuple[str, int]]],
    ) -> "Seal":
        """Seal an export of sheets with these rows, each with its version."""
        ids = {sheet: [row_id for row_id, _ in of_sheet] for sheet, of_sheet in rows.items()}
        about = {
            "format": FORMAT,
            "firm": firm,
            "run_id": run_id,
            "as_of": as_of.astimezone(UTC).isoformat(),
            "rows_sha256": hashlib.sha256(msgspec.json.encode(rows)).hexdigest(),
            "ids_sha256": ids_sha256(ids),
        }
        header = msgspec.json.encode(about, order="sorted").decode()
        signed = signature(key, header)
        return cls(key, header, signed, ids)

    @property
    def export_id(self) -> str:
        """Names the export."""
        return self.signature[:32]

    def row(self, row_id: str, version: int, said: Sequence[str]) -> str:
        """The seal of one row: the hash of each cell, and the proof of them all."""
        cells = ".".join(cell_hash(text) for text in said)
        return f"{cells}|{row_proof(self.key, self.export_id, row_id, version, cells)}"


def signature(key: bytes, header: str) -> str:
    """What proves a header."""
    return hmac.new(key, b"export" + header.encode(), hashlib.sha256).hexdigest()


def row_proof(key: bytes, export_id: str, row_id: str, version: int, cells: str) -> str:
    """What proves a row."""
    body = msgspec.json.encode([export_id, row_id, version, cells])
    return hmac.new(key, b"row" + body, hashlib.sha256).hexdigest()


def ids_sha256(ids: Mapping[str, Sequence[str]]) -> str:
    """Hash of which rows there are, by sheet."""
    return hashlib.sha256(msgspec.json.encode(ids, order="sorted")).hexdigest()


def cell_hash(text: str) -> str:
    """The short hash of what one cell says."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_CELL_DIGITS]


def canonical(column: Column[Any], line: object, formats: Formats) -> str:
    """What a cell will say when it is read back, by its column."""
    value = column.value(line)
    if isinstance(value, datetime):
        local = formats.local(value).replace(tzinfo=None)
        return said(local if local.year >= _FIRST_YEAR else local.isoformat(" "))
    if isinstance(value, date) and value.year < _FIRST_YEAR:
        return said(value.isoformat())
    if column.kind == "money" and isinstance(value, int):
        currency = (column.currency(line) if column.currency else None) or ""
        number, digits = units(value, currency), MINOR_UNITS.get(currency, 0)
        return said(str(Decimal(value).scaleb(-digits)) if number is None else number)
    if column.kind == "hours" and isinstance(value, int):
        return said(in_hours(value))
    return said(fitting(value) if isinstance(value, str) else value)


def said(value: object) -> str:
    """The same text for what a cell was given and what a spreadsheet program gives back."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float | Decimal):
        return f"{float(f'{float(value):.16G}'):.15g}"
    if isinstance(value, datetime):
        near = (value + timedelta(microseconds=500_000)).replace(microsecond=0)
        return near.date().isoformat() if near.time() == time() else near.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return " ".join(str(value).translate(_BLANKS).split())
