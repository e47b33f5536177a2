"""The first sheet: the verdict, the headline money, and totals that tie over the other sheets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ps_integration.reports.cells import Pen
from ps_integration.reports.columns import FIRST_ROW, Column, Sheet, as_text, quoted, units
from ps_integration.reports.lines import DISPOSITIONS
from ps_integration.reports.numbers import Formats
from ps_integration.reports.texts import ours, say
from ps_integration.reports.value import NightReport
from ps_integration.reports.wording import FIGURES, YES, words


@dataclass(frozen=True, slots=True)
class Tie:
    """A sum over a sheet, by currency, beside the report's own figure: they must be equal."""

    label: str
    sheet: str
    column: str
    only: tuple[str, str] | None = None


_TIES: Final = (
    Tie("Approved time", "Completeness", "Approved"),
    *(Tie(words(name), "Completeness", words(name)) for name in DISPOSITIONS),
    Tie("ERP confirmed", "Ledger", "Confirmed"),
    Tie("In flight", "Ledger", "In flight"),
    Tie("Correction owed", "Ledger", "Owed"),
    Tie("Target", "Ledger", "Target"),
    Tie("Batches posted, ours", "Batches", "Posted, ours"),
    Tie("Batches posted, ERP", "Batches", "Posted, ERP"),
    Tie("At risk, counted once", "Exceptions", "At risk", ("Counted", YES)),
)


def number(minor: int | None, currency: str | None) -> float | None:
    """An amount as a spreadsheet number; None where there is none or it would not be exact."""
    return None if minor is None else units(minor, currency or "")


def draw(pen: Pen, report: NightReport, tables: Sequence[Sheet[Any]]) -> None:
    """Draw the sheet from top to bottom."""
    page = pen.worksheet
    page.set_column(0, 0, 30)
    page.set_column(1, 12, 19)
    page.hide_gridlines(2)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    pen.text(0, 0, say("{firm}: reconciliation", firm=report.firm), pen.styles.title)
    pen.text(1, 0, say("Verdict"))
    pen.text(1, 1, words(report.verdict.state), pen.styles.get(bold=True))
    pen.text(2, 1, report.verdict.sentence)
    row = 3
    for reason in (*report.verdict.reasons, *report.alerts):
        pen.text(row, 1, reason)
        row += 1
    pen.text(row, 0, say("Night of"))
    pen.day(row, 1, report.as_of_date)
    pen.text(row + 1, 0, say("As of ({zone})", zone=report.time_zone))
    pen.instant(row + 1, 1, report.as_of)
    pen.text(row + 2, 0, say("Run"))
    pen.text(row + 2, 1, report.run_id)
    row = _figures(pen, report, row + 4)
    row = _ties(pen, report, tables, row + 1)
    row = _index(pen, tables, row + 1)
    _rates(pen, report, row + 1)


def _titles(pen: Pen, row: int, titles: Sequence[str]) -> None:
    for at, title in enumerate(titles):
        pen.text(row, at, title, pen.styles.header)


def _figures(pen: Pen, report: NightReport, row: int) -> int:
    _titles(
        pen,
        row,
        [
            say("Headline"),
            say("All, {currency}", currency=report.reporting_currency),
            say("Number"),
            say("Note"),
        ],
    )
    for row_, figure in enumerate(report.figures, start=row + 1):
        pen.text(row_, 0, FIGURES.get(figure.name, figure.name))
        pen.money(row_, 1, figure.reporting_minor, report.reporting_currency)
        pen.worksheet.write_number(row_, 2, figure.count, pen.styles.kind("integer"))
        if figure.is_partial:
            pen.text(row_, 3, say("a currency without a rate is left out"))
    return row + 1 + len(report.figures)


def _ties(pen: Pen, report: NightReport, tables: Sequence[Sheet[Any]], row: int) -> int:
    _titles(
        pen,
        row,
        [
            say("Totals by currency"),
            say("Currency"),
            say("Sum of the sheet"),
            say("The report"),
            say("Difference"),
        ],
    )
    by_name = {sheet.name: sheet for sheet in tables}
    for tie in _TIES:
        for currency, cells in _sums(by_name[tie.sheet], tie):
            row += 1
            told = _told(report, tie, currency, sum(cells))
            style = pen.styles.money(currency)
            formula = _formula(by_name[tie.sheet], tie, row, pen.formats)
            pen.text(row, 0, ours(tie.label))
            pen.text(row, 1, currency)
            pen.formula(row, 2, formula, style, sum(cells))
            pen.worksheet.write_number(row, 3, told, style)
            difference = round(sum(cells) - told, 4)
            pen.formula(row, 4, f"=ROUND(C{row + 1}-D{row + 1},4)", style, difference)
    bad = pen.styles.book.add_format({"bg_color": "#FDE3E1", "font_color": "#8F1D13"})
    pen.worksheet.conditional_format(
        0, 4, row, 4, {"type": "cell", "criteria": "!=", "value": 0, "format": bad}
    )
    return row + 1


def _told(report: NightReport, tie: Tie, currency: str, of_lines: float) -> float:
    """The headline's own figure where it has one, else the sum of the lines."""
    if tie.only is None:
        return of_lines
    told = {part.currency: part.minor for part in report.figure("at_risk").by_currency}
    return number(told.get(currency, 0), currency) or 0.0


def _formula(sheet: Sheet[Any], tie: Tie, row: int, formats: Formats) -> str:
    name = formats.say(sheet.title)
    parts = [sheet.area(tie.column, name), sheet.area("Currency", name), f"$B{row + 1}"]
    if tie.only is not None:
        parts += [sheet.area(tie.only[0], name), as_text(formats.say(tie.only[1]))]
    return f"=SUMIFS({','.join(parts)})"


def _sums(sheet: Sheet[Any], tie: Tie) -> Iterator[tuple[str, list[float]]]:
    column = _column(sheet, tie.column)
    only = _column(sheet, tie.only[0]) if tie.only else None
    found: dict[str, list[float]] = {}
    for line in sheet.shown:
        currency = column.currency(line) if column.currency else None
        amount = number(column.value(line), currency)  # type: ignore[arg-type] # a money column
        if currency is None or amount is None:
            continue
        if only is None or tie.only is None or only.value(line) == tie.only[1]:
            found.setdefault(currency, []).append(amount)
    yield from sorted(found.items())


def _column(sheet: Sheet[Any], title: str) -> Column[Any]:
    return next(column for column in sheet.columns if column.title == title)


def _index(pen: Pen, tables: Sequence[Sheet[Any]], row: int) -> int:
    _titles(pen, row, [say("Sheet"), say("Rows"), say("What it says")])
    for row_, sheet in enumerate(tables, start=row + 1):
        pen.lead(row_, 0, sheet.title, (sheet.name, 1))
        area = f"{quoted(pen.formats.say(sheet.title))}!$A${FIRST_ROW + 1}:$A${sheet.last_row}"
        pen.formula(row_, 1, f"=COUNTA({area})", pen.styles.kind("integer"), len(sheet.shown))
        pen.text(row_, 2, sheet.purpose)
    return row + 1 + len(tables)


def _rates(pen: Pen, report: NightReport, row: int) -> None:
    if not report.fx:
        return
    _titles(
        pen,
        row,
        [
            say("Exchange rate"),
            say("{currency} for 1", currency=report.reporting_currency),
            say("Valid on"),
            say("Source"),
        ],
    )
    for row_, quote in enumerate(report.fx, start=row + 1):
        pen.text(row_, 0, quote.currency)
        pen.worksheet.write_number(row_, 1, float(quote.rate), pen.styles.kind("rate"))
        if quote.valid_on is not None:
            pen.day(row_, 2, quote.valid_on)
        pen.text(row_, 3, quote.source)
