"""What is printed: tables as plain texts, laid out by Typst from data.

Texts reach the paper as JSON and never as markup, so that no text of a system can become one.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

import typst

from ps_integration.reports.columns import Column, Sheet
from ps_integration.reports.numbers import NOTHING, Formats
from ps_integration.reports.text import shortened
from ps_integration.reports.texts import say, say_n

ROWS_MAX: Final = 150
"""Rows of one table on paper and page; the workbook has all."""
_TEXT_MAX: Final = 300
_WIDE: Final = 30
"""Characters from which a column of text takes a share of what room there is."""
_NUMBERS: Final = ("integer", "hours", "money", "rate", "share")
_SUMMED: Final = ("integer", "hours", "money")
_WRONG: Final = {
    "Holds": ("no",),
    "Status": ("failed", "not whole", "stale", "never read", "could not run"),
}
"""Words that are marked, by the title of their column."""
_LABELS: Final = {
    "page": say("Page {page} of {pages}"),
    "none": say("None."),
    "sign_off": say("Sign-off"),
    "signature": say("Name and signature"),
    "date": say("Date"),
    "why": say("Why"),
    "checked": say("What was checked"),
    "good": say("As it should be"),
    "undersigned": say(
        "The undersigned have read this report, and the open breaks that the workbook lists in "
        "full."
    ),
    "remarks": say("Remarks"),
}
_LAYOUTS: Final = "templates"
_COMMON: Final = "paper.typ"
"""Stands before every layout."""


def typeset(layout: str, data: Mapping[str, Any]) -> bytes:
    """A layout of ours filled with data, as PDF; the same bytes for the same data."""
    folder = files("ps_integration.reports").joinpath(_LAYOUTS)
    source = b"".join(folder.joinpath(name).read_bytes() for name in (_COMMON, layout))
    return typst.compile(source, sys_inputs={"data": json.dumps(data)})


def labels(formats: Formats) -> Mapping[str, str]:
    """What the layouts say by themselves."""
    return {name: formats.say(label) for name, label in _LABELS.items()}


def section(
    sheet: Sheet[Any], formats: Formats, rows_max: int = ROWS_MAX, *, has_totals: bool = False
) -> Mapping[str, Any]:
    """One table: its first rows, and how many more the workbook has.

    Args:
        sheet: The table.
        formats: How its numbers and dates read.
        rows_max: Rows that are shown.
        has_totals: Whether sums stand under it, by currency: of all rows, and where some are
            left out of those shown as well.
    """
    lines = sheet.lines[:rows_max]
    left_out = len(sheet.lines) - len(lines)
    totals: list[Sequence[str]] = []
    if has_totals and left_out:
        totals += _totals(say("Shown"), sheet.columns, lines, sheet.no_totals, formats)
    if has_totals:
        name = say("All") if left_out else say("Total")
        totals += _totals(name, sheet.columns, sheet.lines, sheet.no_totals, formats)
    rows = [list(_cells(sheet.columns, line, formats)) for line in lines]
    return {
        "title": formats.say(sheet.title),
        "about": text(formats.say(sheet.purpose)),
        "heads": [formats.say(column.head) for column in sheet.columns],
        "numeric": [column.kind in _NUMBERS for column in sheet.columns],
        "wide": [_share(column, rows, at) for at, column in enumerate(sheet.columns)],
        "rows": rows,
        "wrong": [
            [row, at]
            for row, line in enumerate(lines)
            for at, column in enumerate(sheet.columns)
            if _is_wrong(column, line)
        ],
        "totals": totals,
        "more": _more(left_out, formats),
    }


def text(value: str) -> str:
    """A text as the paper can bear it."""
    return shortened(value, _TEXT_MAX)


def _more(left_out: int, formats: Formats) -> str:
    if not left_out:
        return ""
    return formats.say(
        say_n("{n} more row is in the workbook.", "{n} more rows are in the workbook.", left_out)
    )


def _share(column: Column[Any], rows: Sequence[Sequence[str]], at: int) -> int:
    """Its share of the room that is left; 0 where it is as wide as what it holds."""
    longest = max((len(row[at]) for row in rows), default=0)
    is_long = column.width >= _WIDE or longest > column.width
    return column.width if column.kind == "text" and is_long else 0


def _cells(columns: Sequence[Column[Any]], line: object, formats: Formats) -> Iterator[str]:
    for column in columns:
        value = column.value(line)
        currency = column.currency(line) if column.currency else None
        yield _cell(column, value, currency, formats)


def _cell(column: Column[Any], value: object, currency: str | None, formats: Formats) -> str:
    return NOTHING if value is None else text(_formatted(column, value, currency, formats))


def _formatted(column: Column[Any], value: Any, currency: str | None, formats: Formats) -> str:  # noqa: ANN401, PLR0911 - one return a kind
    match column.kind:
        case "money":
            return formats.amount(value, currency)
        case "hours":
            return formats.hours(value)
        case "day":
            return formats.day(value)
        case "instant":
            return formats.instant(value)
        case "integer":
            return formats.count(value)
        case _:
            if column.kind == "share":
                return formats.measure(value, "share")
            return formats.say(value) if isinstance(value, str) else str(value)


def _is_wrong(column: Column[Any], line: object) -> bool:
    value = column.value(line)
    if column.is_zero_good:
        return value not in (0, None)
    return value in _WRONG.get(column.title, ())


def _totals(
    name: str,
    columns: Sequence[Column[Any]],
    lines: Sequence[Any],
    excepted: frozenset[str],
    formats: Formats,
) -> Iterator[Sequence[str]]:
    """A row of sums for each currency, or one where the table has none."""
    summed = [
        at
        for at, column in enumerate(columns)
        if column.kind in _SUMMED and column.title not in excepted
    ]
    groups: dict[str, list[Any]] = {}
    of = next((column.value for column in columns if column.title == "Currency"), lambda _: "")
    for line in lines if summed else ():
        groups.setdefault(str(of(line) or ""), []).append(line)
    for currency, held in sorted(groups.items()):
        cells = [""] * len(columns)
        cells[0] = formats.say(name)
        for at, column in enumerate(columns):
            if column.title == "Currency":
                cells[at] = currency or NOTHING
            elif at in summed:
                cells[at] = _cell(column, _sum(column, held), currency, formats)
        yield [text(cell) for cell in cells]


def _sum(column: Column[Any], lines: Sequence[Any]) -> int | None:
    """Exact; None where no line has a value."""
    values = [value for line in lines if isinstance(value := column.value(line), int)]
    return sum(values) if values else None
