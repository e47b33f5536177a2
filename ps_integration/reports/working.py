"""The exception workbook: open breaks as rows that people decide in, and that can be read back.

What is not theirs to change is locked and sealed row by row: a change is found by its cell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any, Final

import xlsxwriter

from ps_integration.reports.cells import Pen, Styles
from ps_integration.reports.columns import FIRST_ROW, HEADER_ROW, Column, Sheet
from ps_integration.reports.lines import ExceptionLine
from ps_integration.reports.numbers import Formats
from ps_integration.reports.sealed import Seal, canonical
from ps_integration.reports.sheets import money
from ps_integration.reports.wording import cause

NAME: Final = "exceptions.xlsx"
SHEET: Final = "Exceptions"
LISTS: Final = "Lists"
EXPORT: Final = "Export"
DECISIONS: Final = ("accept", "confirm", "snooze", "wake")
COMMENT_MAX: Final = 2000
LANGUAGE: Final = "en"
_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}
_HELP: Final = (
    "Fill in the yellow columns, save as .xlsx, then: ps-integration breaks import FILE. "
    "Nothing is applied by halves. accept: live with it (comment, amount at risk, until when); "
    "confirm: second what another person proposed; snooze: look again on a date; wake: look now."
)
_HAND: Final = {"bg_color": "#FFF8DC", "locked": False, "border": 1, "border_color": "#D9D2B0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLine:
    """One open break, and how it is being worked."""

    line: ExceptionLine
    version: int
    assigned_to: str | None
    due_on: date | None
    age_business_days: int
    snoozed_until: date | None
    waiting: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Everything the workbook is drawn from.

    Attributes:
        today: The firm's calendar date; dates in decisions are after it.
        owners: Everybody a break can be given to.
        key: What seals the rows.
    """

    firm: str
    run_id: str
    as_of: datetime
    today: date
    time_zone: str
    lines: Sequence[WorkLine]
    owners: Sequence[str]
    key: bytes


def _hand(title: str, width: int, kind: Any = "text") -> Column[WorkLine]:  # noqa: ANN401 - a literal
    return Column(title, width, kind, lambda _: None)


HAND: Final[Sequence[Column[WorkLine]]] = (
    _hand("Decision", 11),
    _hand("Assign to", 18),
    _hand("Comment", 40),
    _hand("Snooze until", 13, "day"),
    _hand("Accept amount", 14, "money"),
    _hand("Accept until", 13, "day"),
)
"""The columns that people fill in."""
HAND_TITLES: Final = tuple(column.title for column in HAND)
SEALED: Final[Sequence[Column[WorkLine]]] = (
    Column("Rule", 8, "text", lambda x: x.line.rule),
    Column("What", 36, "text", lambda x: x.line.title),
    Column("Severity", 10, "text", lambda x: x.line.severity),
    money("At risk", lambda x: x.line.at_risk_minor, lambda x: x.line.currency),
    Column("Currency", 10, "text", lambda x: x.line.currency),
    Column("Due", 12, "day", lambda x: x.due_on),
    Column("Record", 30, "text", lambda x: x.line.record_key),
    Column("Assigned to", 18, "text", lambda x: x.assigned_to),
    Column("Age, business days", 10, "integer", lambda x: x.age_business_days),
    Column("Snoozed until", 13, "day", lambda x: x.snoozed_until),
    Column("Waits for", 40, "text", lambda x: x.waiting or None),
    Column("Remedy", 60, "text", lambda x: x.line.remedy),
    Column("Cause", 26, "text", lambda x: cause(x.line.cause)),
    Column("Detail", 60, "text", lambda x: x.line.detail),
    Column("Follows from", 27, "text", lambda x: x.line.root_break_id),
    Column("Period", 10, "text", lambda x: x.line.period),
    Column("Legal entity", 13, "text", lambda x: x.line.legal_entity),
    Column("Project", 14, "text", lambda x: x.line.project_id),
    Column("Customer", 16, "text", lambda x: x.line.customer_key),
    Column("Left value", 26, "text", lambda x: x.line.left.value),
    Column("Right value", 26, "text", lambda x: x.line.right.value),
    Column("Opened", 17, "instant", lambda x: x.line.opened_at.replace(microsecond=0)),
    Column("Break", 27, "text", lambda x: x.line.break_id),
    Column("Version", 9, "integer", lambda x: x.version),
)
"""What the program says of each break; the last two are hidden and name it."""
_BEFORE: Final = 6
SEAL_TITLE: Final = "Seal"
COLUMNS: Final = (*SEALED[:_BEFORE], *HAND, *SEALED[_BEFORE:])
TITLES: Final = (*(column.title for column in COLUMNS), SEAL_TITLE)
AT: Final[Mapping[str, int]] = {title: at for at, title in enumerate(TITLES)}
_HIDDEN: Final = ("Break", "Version", SEAL_TITLE)


def render(work: Work) -> bytes:
    """The workbook's bytes, the same for the same work.

    It is in English whatever the firm's locale: it is a form that is read back by its titles and
    by the seals of its cells.
    """
    file, formats = BytesIO(), Formats(LANGUAGE, work.time_zone)
    rows = [(one.line.break_id, one.version) for one in work.lines]
    seal = Seal.of(work.key, firm=work.firm, run_id=work.run_id, as_of=work.as_of, rows=rows)
    with xlsxwriter.Workbook(file, _OPTIONS) as book:
        book.set_properties({"title": f"Exceptions {work.today}", "created": datetime(2000, 1, 1)})  # noqa: DTZ001 - Excel's own
        styles = Styles(book)
        pages = [book.add_worksheet(name) for name in (SHEET, LISTS, EXPORT)]
        _exceptions(Pen(pages[0], styles, formats, {}), work, seal)
        _lists(pages[1], work.owners)
        _export(pages[2], seal)
    return file.getvalue()


def _exceptions(pen: Pen, work: Work, seal: Seal) -> None:
    page, styles = pen.worksheet, pen.styles
    for at, title in enumerate(TITLES):
        width = COLUMNS[at].width if at < len(COLUMNS) else 9
        page.set_column(at, at, width, None, {"hidden": title in _HIDDEN})
    page.freeze_panes(FIRST_ROW, 2)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(HEADER_ROW)
    page.set_row(HEADER_ROW, 30)
    page.protect("", {"autofilter": True, "format_columns": True, "format_rows": True})
    pen.text(0, 0, SHEET, styles.title)
    pen.text(1, 0, _HELP, styles.get(font_color="#4A535E"))
    for at, title in enumerate(TITLES):
        pen.text(HEADER_ROW, at, title, styles.header)
    sheet = Sheet(SHEET, "", COLUMNS, work.lines)
    for row, one in enumerate(sheet.shown, start=FIRST_ROW):
        _row(pen, row, one, seal)
    last = max(FIRST_ROW, HEADER_ROW + len(sheet.shown))
    page.autofilter(HEADER_ROW, 0, last, len(COLUMNS) - 1)
    _validate(page, last, work)


def _row(pen: Pen, row: int, one: WorkLine, seal: Seal) -> None:
    for at, column in enumerate(COLUMNS):
        if column.title in HAND_TITLES:
            style = pen.styles.get(**_HAND, num_format=_shape(pen, column, one))
            pen.worksheet.write_blank(row, at, None, style)
        else:
            pen.cell(row, at, column, one, str)
    said = [canonical(column, one, pen.formats) for column in SEALED]
    pen.text(row, AT[SEAL_TITLE], seal.row(one.line.break_id, one.version, said))


def _shape(pen: Pen, column: Column[WorkLine], one: WorkLine) -> str:
    if column.kind == "money":
        return str(pen.styles.money(one.line.currency).num_format)
    return str(pen.styles.kind(column.kind).num_format)


def _validate(page: Any, last: int, work: Work) -> None:  # noqa: ANN401 - xlsxwriter has no types
    """Drop-downs and limits, so that most mistakes cannot be typed; the import checks all again."""
    tomorrow, owners = work.today + timedelta(days=1), max(1, len(work.owners))
    rules: Mapping[str, dict[str, object]] = {
        "Decision": {"validate": "list", "source": list(DECISIONS)},
        "Assign to": {"validate": "list", "source": f"={LISTS}!$A$1:$A${owners}"},
        "Comment": {"validate": "length", "criteria": "<=", "value": COMMENT_MAX},
        "Snooze until": {"validate": "date", "criteria": ">=", "value": tomorrow},
        "Accept amount": {"validate": "decimal", "criteria": ">=", "value": 0},
        "Accept until": {"validate": "date", "criteria": ">=", "value": work.today},
    }
    for title, rule in rules.items():
        page.data_validation(FIRST_ROW, AT[title], last, AT[title], rule)


def _lists(page: Any, owners: Sequence[str]) -> None:  # noqa: ANN401 - xlsxwriter has no types
    page.hide()
    page.protect()
    for row, owner in enumerate(owners):
        page.write_string(row, 0, owner)


def _export(page: Any, seal: Seal) -> None:  # noqa: ANN401 - xlsxwriter has no types
    page.very_hidden()
    page.protect()
    page.write_string(0, 0, seal.header)
    page.write_string(1, 0, seal.signature)
    for row, break_id in enumerate(seal.break_ids, start=FIRST_ROW):
        page.write_string(row, 0, break_id)
