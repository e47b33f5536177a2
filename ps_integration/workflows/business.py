"""The business report of a night: its basis from the firm file, and its files."""

from datetime import date
from pathlib import Path
from typing import Final

from ps_integration.domain.ports import Queries
from ps_integration.reports.business import page
from ps_integration.reports.business.value import (
    Basis,
    BusinessReport,
    business_report,
    decode,
    encode,
)
from ps_integration.reports.xlsx import render_business
from ps_integration.workflows.night import Night

VALUE: Final = "business.json"
WORKBOOK: Final = "business.xlsx"
_MONTHS: Final = 12


def drawn(night: Night, warehouse: Queries) -> dict[str, bytes]:
    """The files of a settled night's business report, by name."""
    return drawings(business_report(warehouse, basis_of(night)), night.firm.reports.locale)


def drawn_again(folder: Path, locale: str) -> dict[str, bytes]:
    """The same from the value that is kept in a report's folder; nothing where none is.

    Raises:
        CouldNotRunError: It is there and cannot be read.
    """
    kept = folder / VALUE
    return drawings(decode(kept.read_bytes()), locale) if kept.exists() else {}


def drawings(report: BusinessReport, locale: str) -> dict[str, bytes]:
    """The value, its page and its workbook."""
    return {
        VALUE: encode(report),
        page.NAME: page.render_page(report, locale).encode(),
        WORKBOOK: render_business(report, locale),
    }


def basis_of(night: Night) -> Basis:
    """What the figures are of, as the firm file has it."""
    business = night.firm.business
    return Basis(
        firm=night.firm.firm.name,
        run_id=night.run_id,
        as_of=night.as_of,
        as_of_date=night.as_of_date,
        time_zone=night.firm.firm.time_zone,
        first_day=_months_before(night.as_of_date, business.months - 1),
        day_seconds=business.day_hours * 3600,
        costed=tuple(sorted(business.cost_per_hour)),
    )


def _months_before(day: date, months: int) -> date:
    """The first day of the month so many months before."""
    year, month = divmod(day.year * _MONTHS + day.month - 1 - months, _MONTHS)
    return date(year, month + 1, 1)
