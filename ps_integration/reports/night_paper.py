"""The night's report as PDF, to be signed: the same value as page and workbook."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from ps_integration.reports import night_findings, night_sheets
from ps_integration.reports.numbers import Formats
from ps_integration.reports.paper import labels, section, text, typeset
from ps_integration.reports.retold import retold
from ps_integration.reports.texts import Said, say, say_n
from ps_integration.reports.value import Figure, NightReport, encode
from ps_integration.reports.wording import FIGURES, words

NAME: Final = "report.pdf"
BREAKS_MAX: Final = 40
"""Open breaks on paper, by money; the workbook has all."""
REASONS_MAX: Final = 12
"""Reasons of the verdict, and alerts, on paper; the page has all."""
_MORE_REASONS: Final = say_n(
    "{n} more reasons are on the page.", "{n} more reasons are on the page.", 2
)
_MORE_ALERTS: Final = say_n(
    "{n} more alerts are on the page.", "{n} more alerts are on the page.", 2
)
_LAYOUT: Final = "report.typ"
_TONES: Final = {"clear": "good", "open breaks": "warned", "blocked": "wrong"}


def render_pdf(report: NightReport, locale: str = "en") -> bytes:
    """The report as PDF, the same bytes for the same value."""
    return typeset(_LAYOUT, laid_out(report, locale))


def laid_out(report: NightReport, locale: str = "en") -> Mapping[str, Any]:
    """Every text of the paper, in order and formatted."""
    formats = Formats(locale, report.time_zone)
    digest = sha256(encode(report)).hexdigest()
    report = retold(report, formats.language)
    title = say("Reconciliation of {day}", day=formats.day(report.as_of_date))
    foot = say("Run {run}, content {digest}", run=report.run_id, digest=digest[:16])
    return {
        "language": formats.language,
        "labels": labels(formats),
        "title": text(formats.say(title)),
        "firm": text(report.firm),
        "foot": text(formats.say(foot)),
        "state": formats.say(words(report.verdict.state)),
        "tone": _TONES[report.verdict.state],
        "sentence": text(formats.say(report.verdict.sentence)),
        "reasons": list(_first(_MORE_REASONS, report.verdict.reasons, formats)),
        "alerts": list(_first(_MORE_ALERTS, (*_missing(report), *report.alerts), formats)),
        "facts": [
            [formats.say(name), text(formats.say(value))]
            for name, value in _facts(report, digest, formats)
        ],
        "checks": [
            {"name": formats.say(name), "said": _counted(good, of, formats), "is_wrong": good < of}
            for name, good, of in _checks(report)
        ],
        "figures": [_figure(report, figure, formats) for figure in report.figures],
        "sections": list(_sections(report, formats)),
        "sign": [formats.say(who) for who in (say("Prepared by"), say("Approved by"))],
    }


def _first(more: Said, said: Sequence[str], formats: Formats) -> Iterator[str]:
    yield from (text(formats.say(one)) for one in said[:REASONS_MAX])
    if (left_out := len(said) - REASONS_MAX) > 0:
        yield formats.say(say_n(more.one, more.many, left_out))


def _missing(report: NightReport) -> Iterator[Said]:
    for part in report.failed_parts:
        yield say("{part} failed and is missing: {why}", part=say(part.name), why=part.why)


def _facts(report: NightReport, digest: str, formats: Formats) -> Iterator[tuple[Said, str]]:
    run, before = report.run_id, report.changes.previous_run_id
    dry = say("{run}, a dry run: nothing was written", run=run)
    yield say("Run"), dry if report.is_dry else run
    yield say("As of"), f"{formats.instant(report.as_of)} ({report.time_zone})"
    yield say("Compared with"), before or say("no report before")
    yield say("Configuration"), report.config_hash[:16]
    yield say("Ledger sequence"), formats.count(report.ledger_seq)
    yield say("Content"), say("SHA-256 {digest}, of value.json", digest=digest)
    for quote in report.fx:
        rate = f"1 {quote.currency} = {formats.rate(quote.rate)} {report.reporting_currency}"
        source = f"{formats.day(quote.valid_on)}, {formats.say(quote.source)}"
        yield say("Exchange rate"), f"{rate} ({source})"


def _checks(report: NightReport) -> Iterator[tuple[Said, int, int]]:
    """What was held against what, how often it is as it should be, and of how many."""
    posted = [batch for batch in report.batches if batch.posted_documents]
    tied = [not one.difference_minor and not one.unread_documents for one in posted]
    off = ("switched_off", "not_applicable")
    rules = [rule for rule in report.rules if rule.status not in off]
    lines = (
        (say("Completeness, groups that hold"), [line.holds for line in report.completeness]),
        (say("Records, systems that add up"), [line.holds for line in report.record_counts]),
        (say("Ledger, groups that hold"), [line.holds for line in report.ledger]),
        (say("Posted batches that tie to the ERP"), tied),
        (say("Rules that ran"), [rule.status != "could_not_run" for rule in rules]),
        (say("Streams read whole"), [line.status == "complete" for line in report.sources]),
    )
    for name, states in lines:
        yield name, sum(states), len(states)


def _counted(good: int, of: int, formats: Formats) -> str:
    return formats.say(say("{n} of {all}", n=good, all=of) if of else say("none to look at"))


def _figure(report: NightReport, figure: Figure, formats: Formats) -> Mapping[str, Any]:
    currency = report.reporting_currency
    total = formats.amount(figure.reporting_minor, currency)
    if figure.name == "at_risk":
        count = say_n("{n} open break", "{n} open breaks", figure.count)
    else:
        count = say_n("{n} part", "{n} parts", figure.count)
    at_least = say("at least {money}", money=total)
    return {
        "name": formats.say(FIGURES.get(figure.name, figure.name)),
        "amount": formats.say(at_least) if figure.is_partial else total,
        "currency": currency,
        "count": formats.say(count),
        "parts": [
            f"{formats.amount(part.minor, part.currency)} {text(part.currency)}"
            for part in figure.by_currency
        ],
    }


def _sections(report: NightReport, formats: Formats) -> Iterator[Mapping[str, Any]]:
    for sheet in night_sheets.balances(report):
        yield section(sheet, formats, has_totals=True)
    yield section(night_findings.by_rule(report), formats, has_totals=True)
    yield section(night_findings.largest(report), formats, BREAKS_MAX, has_totals=True)
    yield section(night_findings.metrics(report, formats), formats)
    yield section(night_findings.sources(report), formats)
    if (unread := night_findings.streams_not_whole(report)).lines:
        yield section(unread, formats)
    yield section(night_findings.rules_not_run(report), formats)
