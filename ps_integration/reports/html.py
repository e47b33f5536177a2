"""Draws the report as one self-contained page: no network, no script, everything escaped."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ps_integration.reports import charts
from ps_integration.reports.lines import DISPOSITIONS, ExceptionLine
from ps_integration.reports.measures import trend_points
from ps_integration.reports.numbers import NOTHING, Formats
from ps_integration.reports.retold import retold
from ps_integration.reports.text import shortened
from ps_integration.reports.texts import Said, filled, language_of, say, say_n, translated
from ps_integration.reports.value import NightReport
from ps_integration.reports.wording import FIGURES, TITLES, cause, words

NAME: Final = "report.html"
BREAKS_MAX: Final = 10
"""Breaks shown per rule, by money; the workbook has all."""
FOLLOWERS_MAX: Final = 5
"""Consequences shown per root."""
ROWS_MAX: Final = 40
"""Rows shown of every other table that can grow."""
DETAIL_MAX: Final = 200
"""Rows shown of the metrics in detail."""
_TEXT_MAX: Final = 400
_STEPS_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Shown:
    """One break of the page, with what follows from it."""

    line: ExceptionLine
    followers: tuple[ExceptionLine, ...]
    follower_count: int


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """The breaks of one rule: the largest of them, and the sums of all."""

    rule: str
    title: str
    severity: str
    owner: str
    remedy: str
    root_count: int
    follower_count: int
    reporting_minor: int
    shown: tuple[Shown, ...]


def render_html(report: NightReport, locale: str = "en") -> str:
    """The page as text."""
    report = retold(report, language_of(locale))
    groups = rule_groups(report.exceptions)
    return (
        environment(locale, report.time_zone)
        .get_template("report.html.j2")
        .render(
            r=report,
            groups=groups,
            steps=groups[:_STEPS_MAX],
            dispositions=DISPOSITIONS,
            news={line.break_id: line for line in report.exceptions if line.is_new},
            posted=[d for d in report.documents if d.document_ref in set(report.changes.posted)],
            entity_bars=charts.disposition_bars(report),
            age_bars=charts.ageing_bars(report.exceptions),
            nights=charts.night_columns(report),
            rows_max=ROWS_MAX,
            detail_max=DETAIL_MAX,
            metrics=report.metrics,
        )
    )


def bare_page(report: NightReport, why: str) -> str:
    """What is left when the page cannot be drawn: the verdict, and why there is no more."""
    lines = (
        f"{report.firm}, {report.as_of_date}: {report.verdict.state}",
        report.verdict.sentence,
        f"The page could not be drawn ({why}). The workbook and value.json have the whole report.",
        *(f"{part.name} failed and is missing: {part.why}" for part in report.failed_parts),
    )
    body = "".join(f"<p>{escape(shortened(line, _TEXT_MAX))}</p>" for line in lines)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{NAME}</title>{body}</html>'
    )


def rule_groups(exceptions: Sequence[ExceptionLine]) -> tuple[RuleGroup, ...]:
    """Roots by rule, the rule with the most money first; consequences under their root."""
    followers: dict[str, list[ExceptionLine]] = {}
    roots: dict[str, list[ExceptionLine]] = {}
    for line in exceptions:
        if line.root_break_id is None:
            roots.setdefault(line.rule, []).append(line)
        else:
            followers.setdefault(line.root_break_id, []).append(line)
    groups = [_group(lines, followers) for lines in roots.values()]
    return tuple(sorted(groups, key=lambda group: (-group.reporting_minor, group.rule)))


def _group(lines: Sequence[ExceptionLine], followers: dict[str, list[ExceptionLine]]) -> RuleGroup:
    first = lines[0]
    return RuleGroup(
        rule=first.rule,
        title=first.title,
        severity=first.severity,
        owner=first.owner,
        remedy=first.remedy,
        root_count=len(lines),
        follower_count=sum(len(followers.get(line.break_id, ())) for line in lines),
        reporting_minor=sum(abs(line.reporting_minor or 0) for line in lines),
        shown=tuple(
            Shown(
                line,
                tuple(followers.get(line.break_id, ())[:FOLLOWERS_MAX]),
                len(followers.get(line.break_id, ())),
            )
            for line in lines[:BREAKS_MAX]
        ),
    )


@cache
def environment(locale: str, time_zone: str) -> Environment:
    """How every page is drawn: escaped, strict, texts, numbers and dates of one locale and zone."""
    formats = Formats(locale, time_zone)
    environment = Environment(
        loader=PackageLoader("ps_integration.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=partial(_finalize, formats),
    )
    environment.globals.update(
        _=say,
        _n=say_n,
        link=partial(_link, formats),
        language=formats.language,
        figure_names=FIGURES,
        titles=TITLES,
    )
    environment.filters.update(
        amount=formats.amount,
        whole=formats.whole,
        count=formats.count,
        hours=formats.hours,
        day=formats.day,
        instant=formats.instant,
        rate=formats.rate,
        measure=formats.measure,
        trend=trend_points,
        words=words,
        cause=cause,
        ours=say,
    )
    return environment


def _finalize(formats: Formats, value: object) -> object:
    """Nothing is a dash; text is legible and of a length a page can bear; ours is translated."""
    if value is None:
        return NOTHING
    if isinstance(value, Said):
        return _drawn(formats, value)
    if type(value) is not str:
        return value
    return shortened(value, _TEXT_MAX)


def _drawn(formats: Formats, text: Said) -> str:
    """A text of ours. A translation is escaped like any text; only our own links are markup."""
    if not any(isinstance(figure, Markup) for figure in text.figures.values()):
        return shortened(formats.say(text), _TEXT_MAX)

    def drawn(figure: object) -> str:
        if isinstance(figure, Markup):
            return figure
        return escape(shortened(formats.figure(figure), _TEXT_MAX))

    return Markup(filled(escape(translated(text, formats.language)), text.figures, drawn))  # noqa: S704 - escaped


def _link(formats: Formats, target: str, text: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(target, formats.say(text))
