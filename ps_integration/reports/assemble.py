"""Puts the night's report together from the warehouse, the open breaks and the report before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from ps_integration.domain.ports import Queries, Row
from ps_integration.reports import changes as compare
from ps_integration.reports import read
from ps_integration.reports.exceptions import (
    OpenBreak,
    RuleText,
    blocked_projects,
    exception_lines,
    owner_name,
)
from ps_integration.reports.exchange import Exchange
from ps_integration.reports.health import RuleLine, RuleStatus
from ps_integration.reports.lines import DocumentLine, ExceptionLine
from ps_integration.reports.measures import MetricText, metric_lines
from ps_integration.reports.parts import Parts
from ps_integration.reports.texts import say
from ps_integration.reports.value import Changes, NightPoint, NightReport
from ps_integration.reports.verdict import headline_figures, verdict

SHOWN_DAYS: Final = 35
"""Finished batches and documents stay in the report for so long."""
ALERT_DAYS: Final = 7
"""An approval above a limit is shown for so long."""
NIGHTS_MAX: Final = 60
"""Nights of the trend."""
SWITCHED_OFF: Final = say("The firm has switched this rule off.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Which night of which firm the report is of."""

    run_id: str
    firm: str
    as_of: datetime
    as_of_date: date
    time_zone: str
    reporting_currency: str
    config_hash: str
    is_dry: bool
    owners: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The report before, or why it cannot be read."""

    report: NightReport | None = None
    note: str = ""


def assemble(
    queries: Queries,
    occasion: Occasion,
    breaks: Iterable[OpenBreak],
    rules: Sequence[RuleText],
    before: Before,
    metrics: Sequence[MetricText] = (),
) -> NightReport:
    """Read and judge one settled night; a part that cannot be made says so in its place."""
    parts = Parts()
    for row in parts.make("Parts", lambda: read.rows(queries, "failed_parts"), []):
        parts.note(str(row["part"]), str(row["why"]))
    figures = read.figures(queries, _since(occasion, before.report), parts)
    exchange = parts.make(
        "Exchange rates",
        lambda: read.exchange(queries, occasion.reporting_currency),
        Exchange(occasion.reporting_currency, {}),
    )
    lines = exception_lines(
        breaks, {rule.code: rule for rule in rules}, occasion.owners, exchange, occasion.as_of
    )
    different = compare.changes(
        before.report, lines, figures.documents, figures.completeness, before.note
    )
    exceptions = _with_news(lines, different)
    runs = read.rows(queries, "rule_runs")
    rule_lines = tuple(_rule(rule, runs, exceptions, occasion.owners) for rule in rules)
    headline = headline_figures(figures, exceptions, exchange)
    held_rules = [str(row["rule"]) for row in runs if row["holds_posting"]]
    alerts = parts.make(
        "Alerts", lambda: read.alerts(queries, occasion.as_of - timedelta(days=ALERT_DAYS)), ()
    )
    blocked = parts.make(
        "Blocked projects",
        lambda: blocked_projects(read.rows(queries, "held_projects"), exceptions, exchange),
        (),
    )
    measured = parts.make(
        "Metrics", lambda: metric_lines(queries, read.statement("metrics"), metrics), ()
    )
    figures = replace(figures, failed_parts=parts.failed)
    return NightReport(
        run_id=occasion.run_id,
        firm=occasion.firm,
        as_of=occasion.as_of,
        as_of_date=occasion.as_of_date,
        time_zone=occasion.time_zone,
        reporting_currency=occasion.reporting_currency,
        config_hash=occasion.config_hash,
        ledger_seq=msgspec.convert(queries.value("select ledger_seq from config.run") or 0, int),
        is_dry=occasion.is_dry,
        verdict=verdict(figures, headline, rule_lines, held_rules, occasion.reporting_currency),
        alerts=alerts,
        figures=headline,
        fx=tuple(exchange.quotes[currency] for currency in sorted(exchange.quotes)),
        completeness=figures.completeness,
        record_counts=figures.record_counts,
        ledger=figures.ledger,
        posted_months=figures.posted_months,
        corrections=figures.corrections,
        batches=figures.batches,
        older_batches=figures.older_batches,
        documents=figures.documents,
        exceptions=exceptions,
        blocked_projects=blocked,
        quarantine=figures.quarantine,
        dispositions=figures.dispositions,
        changes=different,
        sources=figures.sources,
        rules=rule_lines,
        history=compare.history(
            before.report,
            _point(occasion, different, figures.documents, exceptions, exchange),
            NIGHTS_MAX,
        ),
        metrics=measured,
        failed_parts=parts.failed,
    )


def _since(occasion: Occasion, previous: NightReport | None) -> datetime:
    since = occasion.as_of - timedelta(days=SHOWN_DAYS)
    return min(since, previous.as_of) if previous else since


def _with_news(lines: Sequence[ExceptionLine], different: Changes) -> tuple[ExceptionLine, ...]:
    news = set(different.new_breaks)
    return tuple(replace(line, is_new=True) if line.break_id in news else line for line in lines)


def _rule(
    rule: RuleText,
    runs: Sequence[Row],
    exceptions: Sequence[ExceptionLine],
    owners: Mapping[str, str],
) -> RuleLine:
    run = next((row for row in runs if row["rule"] == rule.code), None)
    of_rule = [line for line in exceptions if line.rule == rule.code]
    return RuleLine(
        code=rule.code,
        title=rule.title,
        severity=rule.severity,
        owner=", ".join(dict.fromkeys(line.owner for line in of_rule))
        or owner_name(rule.owner, owners),
        blocks=rule.blocks,
        status=msgspec.convert(run["status"] if run else "switched_off", RuleStatus),
        found_count=msgspec.convert(run["found_count"] if run else 0, int),
        open_count=len(of_rule),
        message=str(run["message"] or "") if run else str(SWITCHED_OFF),
    )


def _point(
    occasion: Occasion,
    different: Changes,
    documents: Sequence[DocumentLine],
    exceptions: Sequence[ExceptionLine],
    exchange: Exchange,
) -> NightPoint:
    news = set(different.posted)
    posted = [line for line in documents if line.document_ref in news]
    money = exchange.figure("", 0, ((line.currency, line.amount_minor) for line in posted))
    roots = (line for line in exceptions if line.root_break_id is None)
    risk = exchange.figure("", 0, ((line.currency, line.at_risk_minor) for line in roots))
    return NightPoint(
        run_id=occasion.run_id,
        as_of=occasion.as_of,
        posted_documents=len(posted),
        posted_minor=money.reporting_minor,
        open_breaks=len(exceptions),
        at_risk_minor=risk.reporting_minor,
    )
