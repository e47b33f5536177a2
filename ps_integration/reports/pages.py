"""All open breaks, page by page: static files beside the report, with no script."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ps_integration.reports.html import environment
from ps_integration.reports.lines import ExceptionLine
from ps_integration.reports.value import NightReport

ROWS: Final = 250
"""Breaks on one page."""
FIRST: Final = "breaks-0001.html"


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its number from 1, and its breaks in the order of the report."""

    number: int
    lines: Sequence[ExceptionLine]

    @property
    def name(self) -> str:
        """Its file's name."""
        return page_name(self.number)


def page_name(number: int) -> str:
    """The file of one page."""
    return f"breaks-{number:04}.html"


def pages_of(report: NightReport) -> tuple[Page, ...]:
    """All open breaks in pages, by money at risk, consequences after their root; none without."""
    starts = range(0, len(report.exceptions), ROWS)
    return tuple(
        Page(number, report.exceptions[start : start + ROWS])
        for number, start in enumerate(starts, start=1)
    )


def render_pages(report: NightReport, locale: str = "en") -> Iterator[tuple[str, str]]:
    """Each page's name and text."""
    pages = pages_of(report)
    places = {line.break_id: page.name for page in pages for line in page.lines}
    template = environment(locale, report.time_zone).get_template("breaks.html.j2")
    for page in pages:
        yield (
            page.name,
            template.render(
                r=report,
                page=page,
                pages=pages,
                first_row=(page.number - 1) * ROWS + 1,
                places=places,
            ),
        )
