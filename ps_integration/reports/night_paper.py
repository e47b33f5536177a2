"""The night's report as PDF, to be signed: the same value as page and workbook."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from ps_integration.reports import night_findings, night_sheets
from ps_integration.reports.numbers import Formats
from ps_integration.reports.paper import LANGUAGE, section, text, typeset
from ps_integration.reports.value import Figure, NightReport, encode
from ps_integration.reports.wording import FIGURES

NAME: Final = "report.pdf"
BREAKS_MAX: Final = 40
"""Open breaks on paper, by money; the workbook has all."""
REASONS_MAX: Final = 12
"""Reasons of the verdict, and alerts, on paper; the page has all."""
_LAYOUT: Final = "report.typ"
_TONES: Final = {"clear": "good", "open breaks": "warned", "blocked": "wrong"}


def render_pdf(report: NightReport, locale: str = "en") -> bytes:
    """The report as PDF, the same bytes for the same value."""
    return typeset(_LAYOUT, laid_out(report, locale))


def laid_out(report: NightReport, locale: str = "en") -> Mapping[str, Any]:
    """Every text of the paper, in order and formatted."""
    formats = Formats(locale, report.time_zone)
    digest = sha256(encode(report)).hexdigest()
    return {
        "language": LANGUAGE,
        "title": text(f"Reconciliation of {formats.day(report.as_of_date)}"),
        "firm": text(report.firm),
        "foot": text(f"Run {report.run_id}, content {digest[:16]}"),
        "state": report.verdict.state,
        "tone": _TONES[report.verdict.state],
        "sentence": text(report.verdict.sentence),
        "reasons": list(_first("reasons", report.verdict.reasons, formats)),
        "alerts": list(_first("alerts", report.alerts, formats)),
        "facts": [[name, text(value)] for name, value in _facts(report, digest, formats)],
        "checks": [
            {"name": name, "said": _counted(good, of, formats), "is_wrong": good < of}
            for name, good, of in _checks(report)
        ],
        "figures": [_figure(report, figure, formats) for figure in report.figures],
        "sections": list(_sections(report, formats)),
        "sign": ["Prepared by", "Approved by"],
    }


def _first(what: str, said: Sequence[str], formats: Formats) -> Iterator[str]:
    yield from map(text, said[:REASONS_MAX])
    if (left_out := len(said) - REASONS_MAX) > 0:
        yield f"{formats.count(left_out)} more {what} are on the page."


def _facts(report: NightReport, digest: str, formats: Formats) -> Iterator[tuple[str, str]]:
    yield "Run", report.run_id + (", a dry run: nothing was written" if report.is_dry else "")
    yield "As of", f"{formats.instant(report.as_of)} ({report.time_zone})"
    yield "Compared with", report.changes.previous_run_id or "no report before"
    yield "Configuration", report.config_hash[:16]
    yield "Ledger sequence", formats.count(report.ledger_seq)
    yield "Content", f"SHA-256 {digest}, of value.json"
    for quote in report.fx:
        rate = f"1 {quote.currency} = {formats.rate(quote.rate)} {report.reporting_currency}"
        yield "Exchange rate", f"{rate} ({formats.day(quote.valid_on)}, {quote.source})"


def _checks(report: NightReport) -> Iterator[tuple[str, int, int]]:
    """What was held against what, how often it is as it should be, and of how many."""
    posted = [batch for batch in report.batches if batch.posted_documents]
    tied = [not one.difference_minor and not one.unread_documents for one in posted]
    rules = [rule for rule in report.rules if rule.status != "switched_off"]
    lines = (
        ("Completeness, groups that hold", [line.holds for line in report.completeness]),
        ("Records, systems that add up", [line.holds for line in report.record_counts]),
        ("Ledger, groups that hold", [line.holds for line in report.ledger]),
        ("Posted batches that tie to the ERP", tied),
        ("Rules that ran", [rule.status != "could_not_run" for rule in rules]),
        ("Streams read whole", [line.status == "complete" for line in report.sources]),
    )
    for name, states in lines:
        yield name, sum(states), len(states)


def _counted(good: int, of: int, formats: Formats) -> str:
    return f"{formats.count(good)} of {formats.count(of)}" if of else "none to look at"


def _figure(report: NightReport, figure: Figure, formats: Formats) -> Mapping[str, Any]:
    currency = report.reporting_currency
    total = formats.amount(figure.reporting_minor, currency)
    noun = "open breaks" if figure.name == "at_risk" else "parts"
    return {
        "name": FIGURES.get(figure.name, figure.name),
        "amount": f"at least {total}" if figure.is_partial else total,
        "currency": currency,
        "count": f"{formats.count(figure.count)} {noun}",
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
