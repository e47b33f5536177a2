"""The English texts that a report's value keeps, as texts of ours again, to be drawn translated.

The value stays English: it is what was signed, and programs read it. What cannot be told again,
such as the words of a system or of a rule's own query, stays as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Final

from ps_integration.reports import verdict
from ps_integration.reports.assemble import SWITCHED_OFF
from ps_integration.reports.changes import FIRST, TOO_MANY, UNREADABLE
from ps_integration.reports.lines import ExceptionLine
from ps_integration.reports.read import ALERT, INVERSE, LINK
from ps_integration.reports.texts import Said, has_catalogue, said_again, say
from ps_integration.reports.value import Changes, NightReport, Verdict
from ps_integration.reports.wording import source_said

_NOTES: Final = (FIRST, TOO_MANY, UNREADABLE)


def retold(report: NightReport, language: str) -> NightReport:
    """The same report, equal in every text; those of ours know how to be said in the language.

    Without a catalogue only the verdict is told again, whose figures read as the locale writes
    them; to look up the texts of every break would cost time and change nothing.
    """
    said = replace(report, verdict=_verdict(report))
    return _translatable(said) if has_catalogue(language) else said


def _translatable(report: NightReport) -> NightReport:
    return replace(
        report,
        alerts=tuple(said_again(alert, ALERT) for alert in report.alerts),
        fx=tuple(replace(quote, source=said_again(quote.source, INVERSE)) for quote in report.fx),
        exceptions=told_exceptions(report.exceptions),
        blocked_projects=tuple(
            replace(line, title=_ours(line.title), next_step=_ours(line.next_step))
            for line in report.blocked_projects
        ),
        changes=_changes(report.changes),
        sources=tuple(replace(line, message=source_said(line.message)) for line in report.sources),
        rules=tuple(
            replace(line, title=_ours(line.title), message=said_again(line.message, SWITCHED_OFF))
            for line in report.rules
        ),
        metrics=tuple(
            replace(line, title=_ours(line.title), definition=_ours(line.definition))
            for line in report.metrics
        ),
    )


def told_exceptions(lines: Sequence[ExceptionLine]) -> tuple[ExceptionLine, ...]:
    """Breaks with the title and the remedy of their rule as texts of ours."""
    return tuple(
        replace(line, title=_ours(line.title), remedy=_ours(line.remedy)) for line in lines
    )


@cache
def _ours(text: str) -> Said:
    """A fixed text of a file of ours; one of the firm's own has no translation and stays."""
    return say(text)


def _changes(changes: Changes) -> Changes:
    return replace(
        changes,
        note=said_again(changes.note, *_NOTES),
        resolved=tuple(replace(line, title=_ours(line.title)) for line in changes.resolved),
    )


def _verdict(report: NightReport) -> Verdict:
    known = _reasons(report) if report.verdict.reasons else {}
    reasons = tuple(known.get(kept, _link(kept)) for kept in report.verdict.reasons)
    _, said = verdict.told(report, report.figures, reasons, report.reporting_currency)
    kept = report.verdict.sentence
    return replace(report.verdict, reasons=reasons, sentence=said if said == kept else kept)


def _reasons(report: NightReport) -> Mapping[str, Said]:
    """Every reason that the tables of the report give, by its English text."""
    found = [
        *verdict.of_equations(report.completeness, report.record_counts),
        *verdict.of_ledger(report.ledger),
        *(verdict.of_rule(rule.code, _ours(rule.title)) for rule in report.rules),
    ]
    return {str(said): said for said in found}


def _link(kept: str) -> str:
    said = said_again(kept, verdict.MORE_LINKS)
    if isinstance(said, Said):
        first = said_again(str(said.figures["first"]), LINK)
        return Said(said.one, figures={**said.figures, "first": first})
    return said_again(kept, LINK)
