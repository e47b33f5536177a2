"""One row of a file as a canonical row: every form is declared, nothing is guessed."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from ps_integration.connectors.fields import Fields, refuse
from ps_integration.connectors.glimpse import attempt, is_forgiving
from ps_integration.connectors.rows import STANDING, row
from ps_integration.connectors.vendors.files.options import FileStream, Source
from ps_integration.domain.records import CanonicalRow, JsonObject

_UNITS: Final = {"hours": 3600, "minutes": 60, "seconds": 1}
_FLAGS: Final = {"true": True, "false": False}
_STATES: Final = {word: word for word in ("draft", "submitted", "approved", "rejected")}
_NEEDED: Final = frozenset({"seconds", "approval_state", "work_date"})
_PRICES: Final = frozenset({"unit_price"})
_NUMBERS: Final = frozenset({"quantity", "rate"})
_TIMES: Final = frozenset({"seconds", "seconds_per_day"})
_MARKS: Final = {" ": "[ \u00a0\u202f]", "'": "['\u2019]"}
_OR_ELSE: Final = "correct the cell, or declare `decimal` and `grouping` as they are"
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
    identity = [str(cells.get(name) or "").strip() for name in stream.id]
    if not all(identity):
        refuse("/".join(stream.id), "/".join(identity), "id_missing", "every row needs its id")
    sources = {name: stream.source(name).chosen(cells) for name in stream.columns}
    if is_forgiving():
        return row(stream.table, "/".join(identity), **_readable(sources, cells))
    texts = {name: _text(source, name, cells) for name, source in sources.items()}
    values = {name: _value(source, name, texts) for name, source in sources.items()}
    if stream.table == "erp_documents" and "is_standing" not in values:
        is_posted = values.get("is_posted")
        values["is_standing"] = is_posted and values.get("status") in STANDING
    return row(stream.table, "/".join(identity), **values)


def _readable(sources: Mapping[str, Source], cells: JsonObject) -> dict[str, object]:
    """Each column that can be read by itself, for a look at a row that is refused."""
    texts = {name: attempt(_text, source, name, cells) for name, source in sources.items()}
    return {name: attempt(_value, source, name, texts) for name, source in sources.items()}


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
    if source.join:
        parts = [str(cells.get(name) or "") for name in source.join]
        told = source.separator.join(parts) if all(parts) else ""
    else:
        told = str(cells.get(source.column) or "")
    if told in source.values:
        told = source.values[told]
    elif _is_number(column) and told.strip():
        return _plain(source, column, told)
    return told if told.strip() else None


def _is_number(column: str) -> bool:
    return column.endswith("_minor") or column in _PRICES | _NUMBERS | _TIMES | {"line_no"}


def _plain(source: Source, column: str, told: str) -> str:
    """A number in the declared form, as plain text; in any other form it is refused."""
    if not _form(source.decimal, source.grouping).fullmatch(told):
        form = f"a number with the decimal mark {source.decimal!r}"
        by = f" and groups of three set off by {source.grouping!r}" if source.grouping else ""
        refuse(column, told, "not_a_number", f"{form}{by}, as the firm file declares; {_OR_ELSE}")
    digits = re.sub(r"[^0-9.,-]", "", told).replace(source.grouping.strip(), "")
    return digits.replace(source.decimal, ".")


@cache
def _form(decimal: str, grouping: str) -> re.Pattern[str]:
    whole = "[0-9]{1,15}"
    if grouping:
        mark = _MARKS.get(grouping, re.escape(grouping))
        whole = f"(?:{whole}|[0-9]{{1,3}}(?:{mark}[0-9]{{3}}){{1,4}})"
    return re.compile(rf"-?{whole}(?:{re.escape(decimal)}[0-9]{{1,10}})?")


def _value(source: Source, column: str, texts: Mapping[str, object]) -> object:
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
    if column in _NUMBERS:
        return fields.number(column)
    if column.endswith("_at"):
        return fields.instant(column)
    return fields.text(column)


def _currency(texts: Mapping[str, object], column: str) -> dict[str, object]:
    return {} if column == "currency" else {"currency": texts.get("currency")}
