"""Draws the report as an Excel workbook: typed cells, filters, totals that tie, our own links."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final

import xlsxwriter

from ps_integration.reports import close_said, close_sheets, sheets, summary, worksheets
from ps_integration.reports.business import sheets as business
from ps_integration.reports.business.page import title_of
from ps_integration.reports.business.value import BusinessReport
from ps_integration.reports.cells import Pen, Styles, area
from ps_integration.reports.close import ClosePack
from ps_integration.reports.columns import FIRST_ROW, HEADER_ROW, Sheet, as_text, in_hours
from ps_integration.reports.numbers import Formats
from ps_integration.reports.parts import in_its_place
from ps_integration.reports.retold import retold
from ps_integration.reports.texts import Said, say, say_n
from ps_integration.reports.value import NightReport
from ps_integration.reports.wording import NO, words

NAME: Final = "report.xlsx"
_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}
SUMMARY: Final = say("Summary")
_BAD: Final = {"bg_color": "#FDE3E1", "font_color": "#8F1D13"}
_GOOD: Final = {"font_color": "#0B6159"}


def tables(report: NightReport) -> tuple[Sheet[Any], ...]:
    """The sheets after the summary, in order."""
    drawn = (
        sheets.completeness(report),
        sheets.ledger(report),
        sheets.posted_months(report),
        sheets.corrections(report),
        sheets.records(report),
        sheets.batches(report),
        sheets.documents(report),
        worksheets.exceptions(report),
        worksheets.blocked_projects(report),
        worksheets.quarantine(report),
        sheets.dispositions(report),
        worksheets.changes(report),
        worksheets.sources(report),
        worksheets.rules(report),
        worksheets.metrics(report),
        worksheets.nights(report),
    )
    return tuple(in_its_place(sheet, report.failed_parts) for sheet in drawn)


def render_xlsx(report: NightReport, locale: str = "en") -> bytes:
    """The workbook's bytes, the same for the same value."""
    formats = Formats(locale, report.time_zone)
    report = retold(report, formats.language)
    drawn = tables(report)
    return _render(
        (say("Reconciliation {day}", day=str(report.as_of_date)), report.as_of),
        formats,
        drawn,
        lambda pen: summary.draw(pen, report, drawn),
    )


def render_close(pack: ClosePack, locale: str = "en") -> bytes:
    """The close pack's workbook, the same bytes for the same value."""
    formats = Formats(locale, pack.time_zone)
    pack = close_said.retold(pack, formats.language)
    return _render(
        (close_said.title_of(pack), pack.as_of),
        formats,
        close_sheets.tables(pack),
        lambda pen: _draw_answer(pen, pack),
    )


def render_business(report: BusinessReport, locale: str = "en") -> bytes:
    """The business report's workbook, the same bytes for the same value."""
    formats = Formats(locale, report.time_zone)
    title = title_of(report, formats)
    drawn = business.tables(report)
    return _render(
        (title, report.as_of),
        formats,
        drawn,
        lambda pen: _draw_contents(pen, report, title, drawn),
    )


def _draw_contents(
    pen: Pen, report: BusinessReport, title: Said, drawn: Sequence[Sheet[Any]]
) -> None:
    pen.worksheet.set_column(0, 0, 24)
    pen.worksheet.set_column(1, 1, 110)
    pen.text(0, 0, title, pen.styles.title)
    run = say("{firm}, run {run}", firm=report.firm, run=report.run_id)
    pen.text(1, 0, run, pen.styles.get(font_color="#4A535E"))
    for row, sheet in enumerate(drawn, start=3):
        pen.lead(row, 0, sheet.title, (sheet.title, 1))
        pen.text(row, 1, sheet.purpose, pen.styles.get(text_wrap=True))


def _draw_answer(pen: Pen, pack: ClosePack) -> None:
    pen.worksheet.set_column(0, 0, 18)
    pen.worksheet.set_column(1, 1, 110)
    pen.text(0, 0, close_said.title_of(pack), pen.styles.title)
    facts = [
        (say("Firm"), pack.firm),
        (say("Answer"), pack.asked.sentence),
        (say("Closed"), pack.asked.standing or close_said.NOT_CLOSED),
        (say("Books of"), pack.run_id),
        *((words(weight), said) for weight, said in pack.asked.reasons),
    ]
    for row, (name, said) in enumerate(facts, start=2):
        pen.text(row, 0, name, pen.styles.header)
        pen.text(row, 1, said, pen.styles.get(text_wrap=True))


def _render(
    named: tuple[Said, datetime],
    formats: Formats,
    drawn: Sequence[Sheet[Any]],
    draw_summary: Callable[[Pen], None],
) -> bytes:
    file = BytesIO()
    title, as_of = named
    with xlsxwriter.Workbook(file, _OPTIONS) as book:
        created = as_of.astimezone(UTC).replace(tzinfo=None)
        book.set_properties({"title": formats.say(title), "created": created})
        styles = Styles(book)
        places = {sheet.name: sheet.rows_by_key() for sheet in drawn}
        names = (SUMMARY, *(sheet.title for sheet in drawn))
        pages = [book.add_worksheet(formats.say(name)) for name in names]
        draw_summary(Pen(pages[0], styles, formats, {}))
        for page, sheet in zip(pages[1:], drawn, strict=True):
            _draw(Pen(page, styles, formats, places), sheet)
            _mark(page, sheet, formats.say(NO), book.add_format(_BAD), book.add_format(_GOOD))
    return file.getvalue()


def _draw(pen: Pen, sheet: Sheet[Any]) -> None:
    page, last = pen.worksheet, max(0, len(sheet.columns) - 1)
    for at, column in enumerate(sheet.columns):
        page.set_column(at, at, column.width)
    page.freeze_panes(FIRST_ROW, 1)
    page.autofilter(HEADER_ROW, 0, HEADER_ROW + len(sheet.shown), last)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(HEADER_ROW)
    page.set_row(0, 22)
    page.set_row(HEADER_ROW, 30)
    pen.text(0, 0, sheet.title, pen.styles.title)
    pen.text(0, 2, _about(sheet), pen.styles.get(font_color="#4A535E"))
    pen.lead(1, 0, say("\N{LEFTWARDS ARROW} {sheet}", sheet=SUMMARY), (SUMMARY, 1))
    _totals(pen, sheet)
    for at, column in enumerate(sheet.columns):
        is_text = column.kind in ("text", "day", "instant")
        style = pen.styles.header if is_text else _right(pen.styles)
        pen.text(HEADER_ROW, at, column.head, style)
    for row, line in enumerate(sheet.shown, start=FIRST_ROW):
        for at, column in enumerate(sheet.columns):
            pen.cell(row, at, column, line, sheet.letter)


def _right(styles: Styles) -> Any:  # noqa: ANN401 - xlsxwriter has no types
    return styles.get(
        bold=True, bottom=1, bottom_color="#0B6159", text_wrap=True, valign="bottom", align="right"
    )


def _about(sheet: Sheet[Any]) -> Said:
    left_out = len(sheet.lines) - len(sheet.shown)
    if not left_out:
        return sheet.purpose
    more = say_n(
        "{n} more rows do not fit a sheet; they are in value.json.",
        "{n} more rows do not fit a sheet; they are in value.json.",
        left_out,
    )
    return say("{about} {more}", about=sheet.purpose, more=more)


def _totals(pen: Pen, sheet: Sheet[Any]) -> None:
    """Totals of what the filter shows. Amounts are summed only where one currency is shown."""
    for at, column in enumerate(sheet.columns):
        if column.kind not in ("integer", "hours", "money") or column.title in sheet.no_totals:
            continue
        currency = None
        if column.kind == "money":
            currencies = {column.currency(line) for line in sheet.shown if column.currency}
            if len(currencies) != 1 or None in currencies:
                continue
            currency = currencies.pop()
        numbers = _numbers(column, sheet.shown)
        if not numbers:
            continue
        shape = pen.styles.money(currency).num_format if currency else None
        style = pen.styles.get(
            num_format=shape or pen.styles.kind(column.kind).num_format, italic=True
        )
        formula = f"=SUBTOTAL(109,{area(at, FIRST_ROW + 1, sheet.last_row)})"
        pen.formula(1, at, formula, style, sum(numbers))


def _numbers(column: Any, lines: Sequence[Any]) -> list[float]:  # noqa: ANN401 - any column
    if column.computed is not None:
        return [column.computed.value(line) for line in lines]
    values = [(line, column.value(line)) for line in lines]
    if column.kind == "money":
        found = [summary.number(v, column.currency(line)) for line, v in values]
    elif column.kind == "hours":
        found = [None if v is None else in_hours(v) for _, v in values]
    else:
        found = [None if v is None else float(v) for _, v in values]
    return [number for number in found if number is not None]


def _mark(page: Any, sheet: Sheet[Any], no: str, bad: object, good: object) -> None:  # noqa: ANN401 - no types
    for at, column in enumerate(sheet.columns):
        where = (FIRST_ROW, at, FIRST_ROW + max(0, len(sheet.shown) - 1), at)
        if column.is_zero_good and sheet.shown:
            page.conditional_format(
                *where, {"type": "cell", "criteria": "!=", "value": 0, "format": bad}
            )
            page.conditional_format(
                *where, {"type": "cell", "criteria": "==", "value": 0, "format": good}
            )
        if column.title == "Holds" and sheet.shown:
            page.conditional_format(
                *where, {"type": "cell", "criteria": "==", "value": as_text(no), "format": bad}
            )
