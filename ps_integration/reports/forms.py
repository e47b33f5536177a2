"""A sheet that people fill in and that is read back: our cells sealed and locked, theirs yellow.

A form is in English whatever the firm's locale: it is read back by its titles and by the seals of
its cells.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from ps_integration.reports.cells import Pen
from ps_integration.reports.columns import FIRST_ROW, HEADER_ROW, Column, Sheet
from ps_integration.reports.sealed import Seal, canonical

SEAL_TITLE: Final = "Seal"
COMMENT_MAX: Final = 2000
_HAND: Final = {"bg_color": "#FFF8DC", "locked": False, "border": 1, "border_color": "#D9D2B0"}
Line = TypeVar("Line")
Identity = tuple[str, int]
"""What names a row, and the version of what it is about."""


@dataclass(frozen=True, slots=True)
class Form(Generic[Line]):
    """What a sheet to be filled in consists of.

    Attributes:
        name: Of the sheet.
        noun: What a row is about, in a word.
        about: How it is filled in.
        before: Sealed columns on the left.
        hand: The columns that people fill in.
        after: Sealed columns on the right; the last two are hidden: what names the row, and its
            version.
        identity: The two of a line.
    """

    name: str
    noun: str
    about: str
    before: Sequence[Column[Line]]
    hand: Sequence[Column[Line]]
    after: Sequence[Column[Line]]
    identity: Callable[[Line], Identity]

    @property
    def sealed(self) -> Sequence[Column[Line]]:
        """What the program says of each line."""
        return (*self.before, *self.after)

    @property
    def columns(self) -> Sequence[Column[Line]]:
        """Every column but the seal's."""
        return (*self.before, *self.hand, *self.after)

    @property
    def titles(self) -> tuple[str, ...]:
        """The headings."""
        return (*(column.title for column in self.columns), SEAL_TITLE)

    @property
    def remark(self) -> str:
        """The column in which people say why."""
        return next(one.title for one in self.hand if one.title in ("Comment", "Note"))

    @property
    def hidden(self) -> tuple[str, str, str]:
        """Headings of what names a row, its version, and its seal."""
        return self.after[-2].title, self.after[-1].title, SEAL_TITLE

    def at(self, title: str) -> int:
        """The zero-based place of a column, by its heading."""
        return self.titles.index(title)


def by_hand(title: str, width: int, kind: Any = "text") -> Column[Any]:  # noqa: ANN401 - a literal
    """A column that people fill in."""
    return Column(title, width, kind, lambda _: None)


def identities(form: Form[Line], lines: Sequence[Line]) -> list[Identity]:
    """What names each row of a form."""
    return [form.identity(line) for line in lines]


def draw(pen: Pen, form: Form[Line], lines: Sequence[Line], seal: Seal) -> int:
    """Draw a form.

    Returns:
        The zero-based last row that may be filled in.
    """
    page, styles, titles, columns = pen.worksheet, pen.styles, form.titles, form.columns
    for at, title in enumerate(titles):
        width = columns[at].width if at < len(columns) else 9
        page.set_column(at, at, width, None, {"hidden": title in form.hidden})
    page.freeze_panes(FIRST_ROW, 2)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(HEADER_ROW)
    page.set_row(HEADER_ROW, 30)
    page.protect("", {"autofilter": True, "format_columns": True, "format_rows": True})
    pen.text(0, 0, form.name, styles.title)
    pen.text(1, 0, form.about, styles.get(font_color="#4A535E"))
    for at, title in enumerate(titles):
        pen.text(HEADER_ROW, at, title, styles.header)
    sheet = Sheet(form.name, "", columns, lines)
    for row, one in enumerate(sheet.shown, start=FIRST_ROW):
        _row(pen, row, form, one, seal)
    last = max(FIRST_ROW, HEADER_ROW + len(sheet.shown))
    page.autofilter(HEADER_ROW, 0, last, len(columns) - 1)
    return last


def _row(pen: Pen, row: int, form: Form[Line], one: Line, seal: Seal) -> None:
    first = len(form.before)
    for at, column in enumerate(form.columns):
        if first <= at < first + len(form.hand):
            style = pen.styles.get(**_HAND, num_format=_shape(pen, form, column, one))
            pen.worksheet.write_blank(row, at, None, style)
        else:
            pen.cell(row, at, column, one, str)
    said = [canonical(column, one, pen.formats) for column in form.sealed]
    pen.text(row, len(form.columns), seal.row(*form.identity(one), said))


def _shape(pen: Pen, form: Form[Line], column: Column[Line], one: Line) -> str:
    """How a cell to be filled in shows what it is given; money as the row's other money."""
    if column.kind == "money":
        money = next(other for other in form.before if other.kind == "money")
        currency = money.currency(one) if money.currency else None
        return str(pen.styles.money(currency).num_format)
    return str(pen.styles.kind(column.kind).num_format)
