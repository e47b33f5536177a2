"""Writes typed cells: text stays text, whatever it begins with; every formula is ours."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.reports.columns import Column, in_hours, letters, quoted, units
from ps_integration.reports.numbers import Formats
from ps_integration.reports.text import fitting
from ps_integration.reports.texts import ours

LINKS_MAX: Final = 60_000
"""Links per sheet; a spreadsheet program refuses more than 65,530."""
_TITLE: Final = re.compile(r"\{([^}]+)\}")
_FIRST_YEAR: Final = 1900
_ACCENT: Final = "#0B6159"
_SHAPES: Final[Mapping[str, dict[str, object]]] = {
    "text": {"num_format": "@"},
    "integer": {"num_format": "#,##0"},
    "hours": {"num_format": "#,##0.00"},
    "day": {"num_format": "yyyy-mm-dd", "align": "left"},
    "instant": {"num_format": "yyyy-mm-dd hh:mm", "align": "left"},
    "rate": {"num_format": "0.00####"},
    "share": {"num_format": "0.0%"},
}


@dataclass(frozen=True, slots=True)
class Styles:
    """Cell formats, made once per workbook."""

    book: Any
    made: dict[tuple[tuple[str, object], ...], Any] = field(default_factory=dict)
    named: dict[str, Any] = field(default_factory=dict)

    def get(self, **properties: object) -> Any:  # noqa: ANN401 - xlsxwriter has no types
        """The format of those properties."""
        wanted = {"font_name": "Calibri", "font_size": 10, "valign": "top", **properties}
        key = tuple(sorted(wanted.items()))
        if key not in self.made:
            self.made[key] = self.book.add_format(wanted)
        return self.made[key]

    def money(self, currency: str | None) -> Any:  # noqa: ANN401 - xlsxwriter has no types
        """Amounts of a currency, with its minor units."""
        name = f"money {currency}"
        if name not in self.named:
            digits = MINOR_UNITS.get(currency or "", 0)
            shown = f"#,##0.{'0' * digits}" if digits else "#,##0"
            self.named[name] = self.get(num_format=f"{shown};[Red]-{shown}")
        return self.named[name]

    def kind(self, kind: str) -> Any:  # noqa: ANN401 - xlsxwriter has no types
        """The format of a kind of column."""
        if kind not in self.named:
            self.named[kind] = self.get(**_SHAPES[kind])
        return self.named[kind]

    @property
    def title(self) -> Any:  # noqa: ANN401 - xlsxwriter has no types
        """The name of a sheet."""
        return self.get(bold=True, font_size=14)

    @property
    def header(self) -> Any:  # noqa: ANN401 - xlsxwriter has no types
        """Column titles."""
        return self.get(bold=True, bottom=1, bottom_color=_ACCENT, text_wrap=True, valign="bottom")

    @property
    def link(self) -> Any:  # noqa: ANN401 - xlsxwriter has no types
        """Text that leads to another place in the workbook."""
        if "link" not in self.named:
            self.named["link"] = self.get(font_color=_ACCENT, underline=1, num_format="@")
        return self.named["link"]


@dataclass(slots=True)
class Pen:
    """Writes the cells of one worksheet."""

    worksheet: Any
    styles: Styles
    formats: Formats
    places: Mapping[str, Mapping[str, int]]
    links: int = 0

    def text(self, row: int, at: int, text: str, style: Any = None) -> None:  # noqa: ANN401 - as above
        """Write text as text."""
        shown = self.styles.kind("text") if style is None else style
        self.worksheet.write_string(row, at, fitting(self.formats.say(text)), shown)

    def lead(self, row: int, at: int, text: str, place: tuple[str, int] | None) -> None:
        """Write text that leads to a row of a sheet of ours, when that row is there."""
        if place is None or self.links >= LINKS_MAX:
            self.text(row, at, text)
            return
        self.links += 1
        url = f"internal:{quoted(self.formats.say(ours(place[0])))}!A{place[1]}"
        self.worksheet.write_url(row, at, url, self.styles.link, fitting(self.formats.say(text)))

    def formula(self, row: int, at: int, formula: str, style: Any, value: float) -> None:  # noqa: ANN401 - as above
        """Write a formula of ours with the value it comes to."""
        self.worksheet.write_formula(row, at, formula, style, value)

    def money(self, row: int, at: int, minor: int, currency: str) -> None:
        """Write an amount; as exact text where a number could not be exact."""
        number = units(minor, currency)
        if number is None:
            digits = MINOR_UNITS.get(currency, 0)
            self.text(row, at, str(Decimal(minor).scaleb(-digits)))
        else:
            self.worksheet.write_number(row, at, number, self.styles.money(currency))

    def instant(self, row: int, at: int, instant: datetime) -> None:
        """Write an instant in the firm's time zone."""
        local = self.formats.local(instant).replace(tzinfo=None)
        if local.year < _FIRST_YEAR:
            self.text(row, at, local.isoformat(" "))
        else:
            self.worksheet.write_datetime(row, at, local, self.styles.kind("instant"))

    def day(self, row: int, at: int, day: date) -> None:
        """Write a calendar date."""
        if day.year < _FIRST_YEAR:
            self.text(row, at, day.isoformat())
        else:
            self.worksheet.write_datetime(row, at, day, self.styles.kind("day"))

    def cell(
        self, row: int, at: int, column: Column[Any], line: object, letter: Callable[[str], str]
    ) -> None:
        """Write one cell of a table."""
        if column.computed is not None:
            currency = column.currency(line) if column.currency else None
            is_money = column.kind == "money"
            style = self.styles.money(currency) if is_money else self.styles.kind(column.kind)
            formula = _TITLE.sub(lambda m: f"{letter(m[1])}{row + 1}", column.computed.formula)
            self.formula(row, at, formula, style, column.computed.value(line))
            return
        value = column.value(line)
        if value is None:
            return
        self._typed(row, at, column, line, value)

    def _typed(self, row: int, at: int, column: Column[Any], line: object, value: object) -> None:
        place = column.link(line) if column.link else None
        if place is not None:
            target = self.places.get(place[0], {}).get(place[1])
            self.lead(
                row,
                at,
                value if isinstance(value, str) else str(value),
                (place[0], target) if target else None,
            )
        elif isinstance(value, datetime):
            self.instant(row, at, value)
        elif isinstance(value, date):
            self.day(row, at, value)
        elif column.kind == "money" and isinstance(value, int):
            self.money(row, at, value, (column.currency(line) if column.currency else None) or "")
        elif isinstance(value, int | Decimal):
            number = in_hours(int(value)) if column.kind == "hours" else float(value)
            self.worksheet.write_number(row, at, number, self.styles.kind(column.kind))
        else:
            self.text(row, at, value if isinstance(value, str) else str(value))


def area(letter_index: int, first: int, last: int) -> str:
    """A column's data as a reference inside its own sheet."""
    letter = letters(letter_index)
    return f"{letter}{first}:{letter}{last}"
