"""The business report as a self-contained page: figures, charts, and the lines behind them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ps_integration.reports.business import earnings, sheets, totals
from ps_integration.reports.business.lines import UnbilledLine
from ps_integration.reports.business.value import BusinessReport
from ps_integration.reports.charts import Segment, segments
from ps_integration.reports.columns import Sheet
from ps_integration.reports.html import environment
from ps_integration.reports.numbers import Formats
from ps_integration.reports.paper import section
from ps_integration.reports.parts import in_its_place
from ps_integration.reports.texts import Said, say

NAME: Final = "business.html"
ROWS_MAX: Final = 60
"""Rows of a table on the page; the workbook has all."""
LINES_MAX: Final = 15
"""Lines shown under a figure of work in progress."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it is of, what it says, and its parts, in the colours of dispositions."""

    label: str
    said: str
    pieces: tuple[Segment, ...]


def render_page(report: BusinessReport, locale: str = "en") -> str:
    """The page as text."""
    template = environment(locale, report.time_zone).get_template("business.html.j2")
    return template.render(d=laid_out(report, Formats(locale, report.time_zone)))


def laid_out(report: BusinessReport, formats: Formats) -> Mapping[str, Any]:
    """Every text of the page, formatted, and the geometry of its charts."""

    def part(name: str, sheet: Sheet[Any], **more: object) -> Mapping[str, Any]:
        said = in_its_place(sheet, report.failed_parts, sheets.MADE_OF)
        made = section(said, formats, ROWS_MAX, has_totals=True)
        rest = {"sheet": sheet.title, "behind": "", "bars": (), "caption": "", "folds": ()}
        return {**made, **rest, "id": name, **more}

    return {
        "firm": report.firm,
        "title": formats.say(title_of(report, formats)),
        "facts": formats.say(
            say(
                "Run {run}, as of {instant} ({zone}).",
                run=report.run_id,
                instant=formats.instant(report.as_of),
                zone=report.time_zone,
            )
        ),
        "sections": [
            part(
                "wip", sheets.unbilled(report),
                folds=_folds(report, formats), bars=_bars(_ages(report), formats),
                caption=say("Age of what is approved and not billed"),
            ),
            part(
                "readiness", sheets.readiness(report), behind="projects",
                bars=_bars(_readiness(report), formats), caption=say("Ready, held and deferred"),
            ),
            part("projects", sheets.projects(report)),
            part(
                "utilisation", earnings.utilisation(report), behind="people",
                bars=_shares(report, formats), caption=say("Billable of available hours"),
            ),
            part("people", earnings.people(report)),
            part(
                "margin", earnings.margins(report), behind="customers",
                bars=_bars(_revenue(report), formats), caption=say("Revenue, billed and unbilled"),
            ),
            part("customers", earnings.customers(report), behind="margin-lines"),
            part("margin-lines", earnings.margin_lines(report)),
            part("three-way", totals.three_way(report), behind="weeks"),
            part("weeks", totals.weeks(report)),
            part("accounts", totals.accounts(report)),
            part("systems", sheets.systems(report)),
        ],
    }  # fmt: skip


def _folds(report: BusinessReport, formats: Formats) -> Sequence[Mapping[str, Any]]:
    """Under each figure of work in progress, its largest lines."""
    lines: dict[tuple[str | None, ...], list[Any]] = {}
    for line in sheets.unbilled_lines(report).lines:
        lines.setdefault(line.key, []).append(line)
    return [
        {
            "name": f"{one.legal_entity}, {formats.say(sheets.why(one))}, {one.currency}",
            "lines": [_said(line, formats) for line in lines.get(one.key, ())[:LINES_MAX]],
            "more": max(0, one.parts - LINES_MAX),
        }
        for one in report.unbilled[:ROWS_MAX]
    ]


def title_of(report: BusinessReport, formats: Formats) -> Said:
    """What the report is called."""
    return say("Business of {day}", day=formats.day(report.as_of_date))


def _said(line: UnbilledLine, formats: Formats) -> str:
    facts = (
        formats.day(line.worked_on),
        line.project_id or formats.say(say("no project")),
        f"{formats.hours(line.seconds)} h",
        f"{formats.amount(line.minor, line.currency)} {line.currency}",
    )
    return f"{line.object_id}: {', '.join(facts)}. {line.evidence or ''}"


def _ages(report: BusinessReport) -> Iterable[tuple[str, str, Mapping[str, tuple[str, int]]]]:
    sums: dict[tuple[str, str], list[int]] = {}
    for line in report.unbilled:
        mine = sums.setdefault((line.legal_entity, line.currency), [0, 0, 0, 0])
        for at, minor in enumerate(
            (line.to_30_minor, line.to_60_minor, line.to_90_minor, line.over_90_minor)
        ):
            mine[at] += minor
    for (entity, currency), ages in sums.items():
        yield (
            entity,
            currency,
            {
                "posted": (say("to 30 days"), ages[0]),
                "queued": (say("31 to 60"), ages[1]),
                "deferred": (say("61 to 90"), ages[2]),
                "excepted": (say("over 90"), ages[3]),
            },
        )


def _readiness(report: BusinessReport) -> Iterable[tuple[str, str, Mapping[str, tuple[str, int]]]]:
    for line in report.readiness:
        yield (
            line.legal_entity,
            line.currency,
            {
                "posted": (say("ready"), line.ready_minor),
                "excepted": (say("held"), line.held_minor),
                "deferred": (say("deferred"), line.deferred_minor),
            },
        )


def _revenue(report: BusinessReport) -> Iterable[tuple[str, str, Mapping[str, tuple[str, int]]]]:
    for line in report.margins_of_entities:
        yield (
            f"{line.legal_entity} {line.period}",
            line.currency,
            {
                "posted": (say("billed"), line.billed_minor),
                "queued": (say("unbilled"), line.unbilled_minor),
            },
        )


def _bars(
    lines: Iterable[tuple[str, str, Mapping[str, tuple[str, int]]]], formats: Formats
) -> Sequence[Bar]:
    """Each bar is a whole: amounts of two currencies have no common length."""
    return [
        Bar(
            f"{label}, {currency}",
            ", ".join(
                f"{formats.say(name)} {formats.amount(minor, currency)}"
                for name, minor in parts.values()
            ),
            segments({style: minor for style, (_, minor) in parts.items()}, tuple(parts)),
        )
        for label, currency, parts in lines
        if any(minor > 0 for _, minor in parts.values())
    ][:ROWS_MAX]


def _shares(report: BusinessReport, formats: Formats) -> Sequence[Bar]:
    return [
        Bar(
            f"{line.legal_entity} {line.period}",
            formats.say(
                say(
                    "{percent} % billable",
                    percent=line.billable_seconds * 100 // line.available_seconds,
                )
            ),
            segments(
                {
                    "posted": line.billable_seconds,
                    "non_billable": line.available_seconds - line.billable_seconds,
                },
                ("posted", "non_billable"),
            ),
        )
        for line in report.utilisation_of_entities
        if line.available_seconds > 0
    ]
