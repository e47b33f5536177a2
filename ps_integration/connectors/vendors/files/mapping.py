"""One row of a file as a canonical row: every form is declared, nothing is guessed."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache, partial
from typing import Final

from ps_integration.connectors.fields import PRICE_DECIMALS, QUANTITY_DECIMALS, Fields, refuse
from ps_integration.connectors.glimpse import attempt, is_forgiving
from ps_integration.connectors.rows import STANDING, row
from ps_integration.connectors.vendors.files.conditions import is_error
from ps_integration.connectors.vendors.files.options import FileStream, Source
from ps_integration.domain.records import CanonicalRow, JsonObject
from ps_integration.domain.text import key_text

_UNITS: Final = {"hours": 3600, "minutes": 60, "seconds": 1, "clock": 1}
_FLAGS: Final = {"true": True, "false": False}
_FX_DECIMALS: Final = 12
_STATES: Final = {word: word for word in ("draft", "submitted", "approved", "rejected")}
_NEEDED: Final = frozenset({"seconds", "approval_state", "work_date"})
_PRICES: Final = frozenset({"unit_price"})
_ROUNDED: Final = {"quantity": QUANTITY_DECIMALS, "rate": _FX_DECIMALS}
_TIMES: Final = frozenset({"seconds", "seconds_per_day"})
_MARKS: Final = {" ": "[ \u00a0\u202f]", "'": "['\u2019]"}
_OR_ELSE: Final = "correct the cell, or declare `decimal` and `grouping` as they are"
_CLOCK: Final = re.compile(r"(-?)([0-9]{1,5}):([0-5][0-9])(?::([0-5][0-9](?:\.[0-9]{1,9})?))?")
_CLOCK_REMEDY: Final = "hours and minutes, with seconds or without: 7:30, 07:30:00, 27:30"
_ERROR_REMEDY: Final = (
    "mend the formula; the value before stands until then. Where it means an empty cell, say so "
    "under `values`"
)
_DAYS: Final = ("_on", "_date", "valid_from", "valid_to")


def canonical(stream: FileStream, payload: JsonObject) -> CanonicalRow:
    """Map one row.

    Raises:
        RecordRefusedError: A cell is not in the declared form, or the id is empty. (Of rows read by
            an older product also what is now said beside the payload, as the record's flaw.)
    """
    if "wrong_width" in payload:
        refuse("row", payload["wrong_width"], "row_width_differs_from_header")
    if "again" in payload:
        remedy = "name more id columns, or correct the file"
        refuse("/".join(stream.id), payload["again"], "id_stands_twice", remedy)
    if "lookup_twice" in payload:
        refuse("lookup", payload["lookup_twice"], "lookup_rows_differ", "leave one row per key")
    cells = _cells(payload)
    for name in stream.id:
        _refuse_error(name, str(cells.get(name) or ""))
    identity = [key_text(str(cells.get(name) or "")) for name in stream.id]
    if not all(identity):
        refuse("/".join(stream.id), "/".join(identity), "id_missing", "every row needs its id")
    sources = {name: stream.source(name).chosen(cells) for name in stream.columns}
    is_line = stream.table == "erp_lines"
    if is_forgiving():
        found = _readable(sources, cells, is_line=is_line)
        return row(stream.table, "/".join(identity), **found)
    texts = {name: _text(source, name, cells) for name, source in sources.items()}
    values = {
        name: _value(source, name, texts, is_line=is_line) for name, source in sources.items()
    }
    if stream.table == "erp_documents" and "is_standing" not in values:
        is_posted = values.get("is_posted")
        values["is_standing"] = is_posted and values.get("status") in STANDING
    return row(stream.table, "/".join(identity), **values)


def _refuse_error(column: str, cell: str) -> None:
    if is_error(cell):
        refuse(column, cell, "error_cell", _ERROR_REMEDY)


def _readable(
    sources: Mapping[str, Source], cells: JsonObject, *, is_line: bool
) -> dict[str, object]:
    """Each column that can be read by itself, for a look at a row that is refused."""
    texts = {name: attempt(_text, source, name, cells) for name, source in sources.items()}
    return {
        name: attempt(partial(_value, source, name, texts, is_line=is_line))
        for name, source in sources.items()
    }


def _cells(payload: JsonObject) -> dict[str, object]:
    parts = (payload.get("cells"), payload.get("lookup"))
    return {
        str(name): text
        for part in parts
        if isinstance(part, Mapping)
        for name, text in part.items()
    }


def _text(source: Source, column: str, cells: JsonObject) -> object:
    """The cell's text under the value map, a number's with a point; None when it is empty."""
    if source.const is not None:
        return source.const
    parts = [key_text(str(cells.get(name) or "")) for name in source.join]
    parts = parts or [str(cells.get(source.column) or "")]
    told = source.separator.join(parts) if all(parts) else ""
    if told in source.values:
        return source.values[told] if source.values[told].strip() else None
    for part in parts:
        _refuse_error(column, part)
    if _is_number(column) and told.strip():
        return _plain(source, column, told)
    return told if told.strip() else None


def _is_number(column: str) -> bool:
    return column.endswith("_minor") or column in _PRICES | _ROUNDED.keys() | _TIMES | {"line_no"}


def _plain(source: Source, column: str, told: str) -> str:
    """A number in the declared form, as plain text; in any other form it is refused."""
    told = told.strip()
    if column in _TIMES and source.unit == "clock":
        return _clock(column, told)
    if column in _TIMES and ":" in told:
        refuse(column, told, "not_a_number", f"{source.unit} as a number, or declare `unit: clock`")
    if not _form(source.decimal, source.grouping).fullmatch(told):
        form = f"a number with the decimal mark {source.decimal!r}"
        by = f" and groups of three set off by {source.grouping!r}" if source.grouping else ""
        refuse(column, told, "not_a_number", f"{form}{by}, as the firm file declares; {_OR_ELSE}")
    digits = re.sub(r"[^0-9.,eE+-]", "", told).replace(source.grouping.strip(), "")
    return digits.replace(source.decimal, ".")


@cache
def _form(decimal: str, grouping: str) -> re.Pattern[str]:
    whole, part = "[0-9]{1,15}", rf"{re.escape(decimal)}[0-9]{{1,30}}"
    if grouping:
        mark = _MARKS.get(grouping, re.escape(grouping))
        whole = f"(?:{whole}|[0-9]{{1,3}}(?:{mark}[0-9]{{3}}){{1,4}})"
    return re.compile(rf"-?(?:{whole}(?:{part})?|{part})(?:[eE][+-]?[0-9]{{1,2}})?")


def _clock(column: str, told: str) -> str:
    """A duration of hours, minutes and seconds as plain seconds."""
    matched = _CLOCK.fullmatch(told)
    if matched is None:
        refuse(column, told, "not_a_duration", _CLOCK_REMEDY)
    sign, hours, minutes, seconds = matched.groups(default="0")
    return (
        f"{sign if sign == '-' else ''}{int(hours) * 3600 + int(minutes) * 60 + Decimal(seconds)}"
    )


def _value(source: Source, column: str, texts: Mapping[str, object], *, is_line: bool) -> object:
    fields = Fields({column: texts[column], **_currency(texts, column)})
    if fields.raw(column) is None and column not in _NEEDED:
        return None
    if column.endswith(_DAYS):
        return fields.day(column, source.format)
    if column.startswith(("is_", "has_")):
        told = fields.raw(column)
        return told if isinstance(told, bool) else fields.choice(column, _FLAGS)
    if column.endswith("_minor"):
        return fields.money(column, fields.currency("currency"))
    if is_line and column in _PRICES:
        return fields.rounded(column, PRICE_DECIMALS)
    return _reader(fields, source, column)


def _reader(fields: Fields, source: Source, column: str) -> object:
    readers: Mapping[str, Callable[[], object]] = {
        "seconds": lambda: fields.seconds(column, _UNITS[source.unit]),
        "seconds_per_day": lambda: fields.seconds(column, _UNITS[source.unit]),
        "approval_state": lambda: fields.choice(column, _STATES),
        "currency": lambda: fields.currency(column),
        "match_key": lambda: fields.key(column, source.pattern),
        "customer_key": lambda: fields.key(column, source.pattern),
        "project_key": lambda: fields.key(column, source.pattern),
        "line_no": lambda: fields.whole(column),
    }
    if column in readers:
        return readers[column]()
    if column in _PRICES:
        return fields.price(column)
    if column in _ROUNDED:
        return fields.rounded(column, _ROUNDED[column])
    if column.endswith("_at"):
        return fields.instant(column)
    return fields.text(column)


def _currency(texts: Mapping[str, object], column: str) -> dict[str, object]:
    return {} if column == "currency" else {"currency": texts.get("currency")}
