"""What the night's paper lists: open breaks, metrics, and the health of what was read."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ps_integration.reports import worksheets
from ps_integration.reports.columns import Column, Sheet
from ps_integration.reports.health import RuleLine, SourceLine
from ps_integration.reports.lines import ExceptionLine
from ps_integration.reports.measures import MetricLine
from ps_integration.reports.numbers import Formats
from ps_integration.reports.sheets import currency_of, money
from ps_integration.reports.texts import say
from ps_integration.reports.value import NightReport
from ps_integration.reports.wording import cause, words


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSum:
    """The open breaks of one rule in one currency.

    Attributes:
        open_count: All of them.
        follower_count: Those that follow from another break, where their money is counted.
        at_risk_minor: Of those that follow from none; None where no break has an amount.
    """

    rule: str
    title: str
    severity: str
    owner: str
    remedy: str
    currency: str | None
    open_count: int
    follower_count: int
    at_risk_minor: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemSum:
    """The streams of one system.

    Attributes:
        failing_count: Streams that are not complete; one when nothing was ever read.
        oldest_complete_at: When the stream that waits longest was last read whole.
    """

    system: str
    vendor: str
    stream_count: int
    failing_count: int
    last_read_at: datetime | None
    oldest_complete_at: datetime | None
    records_read: int
    records_changed: int


def by_rule(report: NightReport) -> Sheet[RuleSum]:
    """Every open break is in one row; the money adds up to the headline's."""
    return Sheet(
        "Open breaks by rule",
        "The rule with the most money first. Money is counted at the root and not again at what "
        "follows from it.",
        [
            Column("Rule", 8, "text", lambda x: x.rule),
            Column("What it finds", 34, "text", lambda x: x.title),
            Column("Severity", 10, "text", lambda x: words(x.severity)),
            Column("Owner", 18, "text", lambda x: x.owner),
            Column("What to do", 60, "text", lambda x: x.remedy),
            Column("Open", 9, "integer", lambda x: x.open_count),
            Column("Follow", 9, "integer", lambda x: x.follower_count),
            Column("Currency", 9, "text", currency_of),
            money("At risk", lambda x: x.at_risk_minor, currency_of),
        ],
        rule_sums(report.exceptions),
    )


def rule_sums(exceptions: Iterable[ExceptionLine]) -> tuple[RuleSum, ...]:
    """Sums by rule and currency, the rule with the most money first."""
    groups: dict[tuple[str, str | None], list[ExceptionLine]] = {}
    worth: Counter[str] = Counter()
    for line in exceptions:
        groups.setdefault((line.rule, line.currency), []).append(line)
        if line.root_break_id is None:
            worth[line.rule] += abs(line.reporting_minor or 0)
    sums = [_rule_sum(lines) for lines in groups.values()]
    return tuple(sorted(sums, key=lambda x: (-worth[x.rule], x.rule, x.currency or "")))


def _rule_sum(lines: Sequence[ExceptionLine]) -> RuleSum:
    first = lines[0]
    roots = [line for line in lines if line.root_break_id is None]
    amounts = [line.at_risk_minor for line in roots if line.at_risk_minor is not None]
    return RuleSum(
        rule=first.rule,
        title=first.title,
        severity=first.severity,
        owner=first.owner,
        remedy=first.remedy,
        currency=first.currency,
        open_count=len(lines),
        follower_count=len(lines) - len(roots),
        at_risk_minor=sum(amounts) if amounts else None,
    )


def largest(report: NightReport) -> Sheet[ExceptionLine]:
    """Roots by money at risk, and how many breaks follow from each."""
    reporting = report.reporting_currency
    followers: Mapping[str | None, int] = Counter(line.root_break_id for line in report.exceptions)
    return Sheet(
        "Open breaks with the most money at risk",
        say(
            "In the order of their worth in {currency}, each with the number of breaks that "
            "follow from it.",
            currency=reporting,
        ),
        [
            Column("Rule", 8, "text", lambda x: x.rule),
            Column("Record", 26, "text", lambda x: x.record_key),
            Column("Where", 22, "text", _where),
            Column("What differs", 60, "text", lambda x: x.detail or x.title),
            Column("Probable cause", 22, "text", lambda x: cause(x.cause)),
            Column("Whose", 18, "text", lambda x: x.assigned_to or x.owner),
            Column("Age, days", 8, "integer", lambda x: x.age_days),
            Column("Due", 12, "day", lambda x: x.due_on),
            Column("Follow", 8, "integer", lambda x: followers.get(x.break_id, 0)),
            Column("Currency", 9, "text", currency_of),
            money("At risk", lambda x: x.at_risk_minor, currency_of),
            money(
                say("In {currency}", currency=reporting),
                lambda x: x.reporting_minor,
                lambda _: reporting,
            ),
        ],
        [line for line in report.exceptions if line.root_break_id is None],
        no_totals=frozenset({"Age, days", str(say("In {currency}", currency=reporting))}),
    )


def _where(line: ExceptionLine) -> str | None:
    places = (line.legal_entity, line.project_id, line.period)
    return " \N{MIDDLE DOT} ".join(place for place in places if place) or None


def metrics(report: NightReport, formats: Formats) -> Sheet[MetricLine]:
    """The figures that are of everything; what they are by entity or rule is in the workbook."""
    lines = [line for line in report.metrics if not line.labels]
    firsts = {line.metric: line.statistic for line in reversed(lines)}

    def once(line: MetricLine, said: str) -> str:
        return said if firsts[line.metric] == line.statistic else ""

    return Sheet(
        "Metrics",
        "Computed from the history of events, over the window that the firm has set.",
        [
            Column("Metric", 34, "text", lambda x: once(x, x.title)),
            Column("Figure", 18, "text", lambda x: words(x.statistic)),
            Column("Tonight", 14, "text", lambda x: formats.measure(x.value, x.unit)),
            Column("Rests on", 11, "integer", lambda x: x.sample),
            Column("What is counted", 90, "text", lambda x: once(x, x.definition)),
        ],
        lines,
    )


def sources(report: NightReport) -> Sheet[SystemSum]:
    """How whole each system was read."""
    return Sheet(
        "Sources",
        "What was read of each system, and how old the oldest of its streams is that was read "
        "whole.",
        [
            Column("System", 20, "text", lambda x: x.system),
            Column("Vendor", 20, "text", lambda x: x.vendor),
            Column("Streams", 9, "integer", lambda x: x.stream_count),
            Column("Not whole", 9, "integer", lambda x: x.failing_count, is_zero_good=True),
            Column("Last read", 17, "instant", lambda x: x.last_read_at),
            Column("Oldest whole read", 17, "instant", lambda x: x.oldest_complete_at),
            Column("Records read", 11, "integer", lambda x: x.records_read),
            Column("Changed", 11, "integer", lambda x: x.records_changed),
        ],
        system_sums(report.sources),
    )


def system_sums(sources: Iterable[SourceLine]) -> tuple[SystemSum, ...]:
    """The streams of each system as one line, in the order of the report."""
    groups: dict[tuple[str, str], list[SourceLine]] = {}
    for line in sources:
        groups.setdefault((line.system, line.vendor), []).append(line)
    return tuple(
        SystemSum(
            system=system,
            vendor=vendor,
            stream_count=sum(line.stream != "" for line in lines),
            failing_count=sum(line.status != "complete" for line in lines),
            last_read_at=max((x.last_read_at for x in lines if x.last_read_at), default=None),
            oldest_complete_at=min(
                (x.last_complete_at for x in lines if x.last_complete_at), default=None
            ),
            records_read=sum(line.records_read for line in lines),
            records_changed=sum(line.records_changed for line in lines),
        )
        for (system, vendor), lines in groups.items()
    )


def streams_not_whole(report: NightReport) -> Sheet[SourceLine]:
    """What was not read whole, and what that means; the columns are the workbook's."""
    shown = worksheets.sources(report)
    return replace(
        shown,
        name=say("Streams that were not read whole"),
        about=say("What the report says of them may be out of date."),
        columns=[one for one in shown.columns if one.title not in ("Vendor", "Read", "Changed")],
        lines=[line for line in report.sources if line.status != "complete"],
    )


def rules_not_run(report: NightReport) -> Sheet[RuleLine]:
    """The rules that say nothing about the data of this night."""
    states = Counter(rule.status for rule in report.rules)
    shown: Sheet[Any] = worksheets.rules(report)
    return replace(
        shown,
        name=say("Rules that did not run"),
        about=say(
            "{ran} of {all} rules ran: {clean} found nothing and {found} found breaks; {failed} "
            "could not run, {silent} ask for what no system can say and {off} are switched off. "
            "What did not run is not clean.",
            ran=states["clean"] + states["found"],
            all=len(report.rules),
            clean=states["clean"],
            found=states["found"],
            failed=states["could_not_run"],
            silent=states["not_applicable"],
            off=states["switched_off"],
        ),
        columns=[one for one in shown.columns if one.title not in ("Found tonight", "Open")],
        lines=[rule for rule in report.rules if rule.status not in ("clean", "found")],
    )
