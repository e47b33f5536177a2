"""What a sheet of the workbook is made of: typed columns over the lines of the report."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Generic, Literal, TypeVar

from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.reports.texts import Said, ours

Line = TypeVar("Line")
Kind = Literal["text", "integer", "hours", "money", "day", "instant", "rate", "share"]
HEADER_ROW: Final = 2
"""Zero-based row of the column titles; a title and the totals are above, the data is below."""
FIRST_ROW: Final = HEADER_ROW + 1
ROWS_MAX: Final = 1_048_576 - FIRST_ROW
EXACT_DIGITS: Final = 15
"""A spreadsheet's numbers are exact to so many digits; longer amounts are written as text."""


@dataclass(frozen=True, slots=True)
class Computed:
    """A formula of one row and the value it must come to.

    `formula` is filled in with the letters of other columns by their titles: `{Approved}5`
    is written `{Approved}` followed by the row that the writer adds.
    """

    formula: str
    value: Callable[[Any], float]


@dataclass(frozen=True, slots=True)
class Column(Generic[Line]):
    """One column. Its title is a text of ours, in English; tables are looked up by it.

    Attributes:
        value: Minor units for `money`, seconds for `hours`, a part of one for `share`, else what
            it is.
        currency: Currency of a `money` column's amount.
        computed: For a column that is a formula over its row.
        link: The sheet and the key of the row there that the cell leads to.
        key: This column's text is what links from other sheets name.
        is_zero_good: A difference: zero is as it should be, all else is marked.
    """

    title: str
    width: int
    kind: Kind
    value: Callable[[Line], object]
    currency: Callable[[Line], str | None] | None = None
    computed: Computed | None = None
    link: Callable[[Line], tuple[str, str] | None] | None = None
    key: bool = False
    is_zero_good: bool = False

    @property
    def head(self) -> Said:
        """The title as a text of ours."""
        return ours(self.title)


@dataclass(frozen=True, slots=True)
class Sheet(Generic[Line]):
    """One sheet: a title, what it is for, and its rows. Both texts are ours, in English."""

    name: str
    about: str
    columns: Sequence[Column[Line]]
    lines: Sequence[Line]
    no_totals: frozenset[str] = field(default=frozenset())

    @property
    def title(self) -> Said:
        """The name as a text of ours."""
        return ours(self.name)

    @property
    def purpose(self) -> Said:
        """What it is for, as a text of ours."""
        return ours(self.about)

    @property
    def shown(self) -> Sequence[Line]:
        """The lines that fit."""
        return self.lines[:ROWS_MAX]

    @property
    def last_row(self) -> int:
        """One-based number of the last row that a range must cover."""
        return FIRST_ROW + max(1, len(self.shown))

    def letter(self, title: str) -> str:
        """The letters of a column, by its title."""
        index = next(i for i, column in enumerate(self.columns) if column.title == title)
        return letters(index)

    def area(self, title: str, name: str) -> str:
        """A column's data as an absolute reference from another sheet; `name` is what is drawn."""
        letter = self.letter(title)
        return f"{quoted(name)}!${letter}${FIRST_ROW + 1}:${letter}${self.last_row}"

    def rows_by_key(self) -> Mapping[str, int]:
        """One-based row of each key."""
        keys = [column for column in self.columns if column.key]
        return {
            str(column.value(line)): row
            for column in keys
            for row, line in enumerate(self.shown, start=FIRST_ROW + 1)
        }


def quoted(name: str) -> str:
    """A sheet's name as formulas and links write it."""
    return "'" + name.replace("'", "''") + "'"


def as_text(text: str) -> str:
    """A text as formulas write it."""
    return '"' + text.replace('"', '""') + '"'


def letters(index: int) -> str:
    """Column letters: 0 is A, 26 is AA."""
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def units(minor: int, currency: str) -> float | None:
    """An amount as a spreadsheet number; None when that could not be exact."""
    if abs(minor) >= 10**EXACT_DIGITS:
        return None
    return float(Decimal(minor).scaleb(-MINOR_UNITS.get(currency, 0)))


def in_hours(seconds: int) -> float:
    """Hours as a spreadsheet number."""
    return seconds / 3600
