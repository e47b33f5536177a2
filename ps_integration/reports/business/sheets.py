"""The tables of the business report: the same columns on the page and in the workbook."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ps_integration.reports.business import earnings, totals
from ps_integration.reports.business.lines import UnbilledLine, UnbilledSum
from ps_integration.reports.business.parts import ENTITY, share
from ps_integration.reports.business.value import BusinessReport
from ps_integration.reports.columns import Column, Sheet
from ps_integration.reports.parts import in_its_place
from ps_integration.reports.sheets import CURRENCY, currency_of, money
from ps_integration.reports.texts import say
from ps_integration.reports.wording import cause, words

UNBILLED_LINES: Final = say("Unbilled lines")
MADE_OF: Final[Mapping[str, str]] = {
    "Billing readiness": "Projects",
    "Utilisation by person": "Utilisation",
    "Margin by customer": "Revenue and margin",
    "Margin by project": "Revenue and margin",
}
"""Sheets that are sums of another one's lines, or the lines of its sums."""


def tables(report: BusinessReport) -> tuple[Sheet[Any], ...]:
    """All tables, each figure's lines after it."""
    drawn = (
        unbilled(report),
        unbilled_lines(report),
        readiness(report),
        projects(report),
        earnings.utilisation(report),
        earnings.people(report),
        earnings.margins(report),
        earnings.customers(report),
        earnings.margin_lines(report),
        totals.three_way(report),
        totals.weeks(report),
        totals.accounts(report),
        systems(report),
    )
    return tuple(in_its_place(sheet, report.failed_parts, MADE_OF) for sheet in drawn)


def _priced(title: str, value: Callable[[UnbilledSum], int]) -> Column[UnbilledSum]:
    """An amount, and none where nothing has a price."""
    return money(title, lambda x: None if x.parts == x.unpriced_count else value(x), currency_of)


def why(line: UnbilledSum | UnbilledLine) -> str:
    """What keeps work unbilled, in words."""
    if line.rule is None:
        return words(line.reason)
    if not line.cause:
        return line.rule
    return say("{rule}: {cause}", rule=line.rule, cause=cause(line.cause))


def _numbers(report: BusinessReport) -> Mapping[tuple[str | None, ...], int]:
    """The number of each figure of work in progress, by which its lines are found; 0 without it."""
    known = {line.key: number for number, line in enumerate(report.unbilled, start=1)}
    return {**{line.key: 0 for line in report.unbilled_lines}, **known}


def unbilled(report: BusinessReport) -> Sheet[UnbilledSum]:
    """Work in progress by what keeps it."""
    numbers = _numbers(report)
    return Sheet(
        "Work in progress",
        "Work done and not billed, by what keeps it and its age in days. What is not approved has "
        "no amount yet.",
        [
            Column("No.", 6, "text", lambda x: str(numbers[x.key])),
            ENTITY,
            Column("State", 13, "text", lambda x: words(x.disposition)),
            Column(
                "What keeps it", 34, "text", why,
                link=lambda x: (UNBILLED_LINES, str(numbers[x.key])),
            ),
            Column("Owner", 18, "text", lambda x: words(x.owner) if x.owner else None),
            Column("Parts", 8, "integer", lambda x: x.parts),
            Column("Hours", 11, "hours", lambda x: x.seconds),
            CURRENCY,
            _priced("Amount", lambda x: x.minor),
            _priced("To 30 days", lambda x: x.to_30_minor),
            _priced("31 to 60", lambda x: x.to_60_minor),
            _priced("61 to 90", lambda x: x.to_90_minor),
            _priced("Over 90", lambda x: x.over_90_minor),
            Column("Unpriced", 9, "integer", lambda x: x.unpriced_count),
            Column("Oldest", 12, "day", lambda x: x.oldest),
        ],
        report.unbilled,
    )  # fmt: skip


def unbilled_lines(report: BusinessReport) -> Sheet[UnbilledLine]:
    """The parts behind work in progress."""
    numbers = _numbers(report)
    lines = sorted(report.unbilled_lines, key=lambda x: numbers[x.key])
    first = {line.key: line for line in reversed(lines)}
    return Sheet(
        UNBILLED_LINES,
        "What each figure of work in progress is made of; `ps-integration why` tells one whole.",
        [
            # the first line of a figure is where its link leads
            Column(
                "No.", 6, "text",
                lambda x: f"{numbers[x.key]}{'' if first[x.key] is x else ' …'}", key=True,
            ),
            Column("Entry or milestone", 32, "text", lambda x: x.object_id),
            Column("Part", 6, "integer", lambda x: x.part),
            Column("Project", 14, "text", lambda x: x.project_id),
            Column("Person", 26, "text", lambda x: x.resource_id),
            Column("Worked on", 12, "day", lambda x: x.worked_on),
            Column("Age, days", 8, "integer", lambda x: x.age_days),
            Column("Hours", 10, "hours", lambda x: x.seconds),
            CURRENCY,
            money("Amount", lambda x: x.minor, currency_of),
            Column("Document", 26, "text", lambda x: x.document_ref),
            Column("Why", 60, "text", lambda x: x.evidence),
        ],
        lines,
        no_totals=frozenset({"Part", "Age, days"}),
    )  # fmt: skip


def readiness(report: BusinessReport) -> Sheet[Any]:
    """How much could be billed tonight."""
    return Sheet(
        "Billing readiness",
        "Approved work that could be billed tonight beside what is held or deferred.",
        [
            ENTITY,
            Column("Projects", 9, "integer", lambda x: x.projects),
            Column("Held projects", 9, "integer", lambda x: x.held_projects),
            CURRENCY,
            money("Ready", lambda x: x.ready_minor, currency_of),
            money("Held", lambda x: x.held_minor, currency_of),
            money("Deferred", lambda x: x.deferred_minor, currency_of),
            share(
                "Ready, share", lambda x: x.ready_minor,
                lambda x: x.ready_minor + x.held_minor + x.deferred_minor,
            ),
        ],
        report.readiness,
        no_totals=frozenset({"Projects", "Held projects"}),
    )  # fmt: skip


def projects(report: BusinessReport) -> Sheet[Any]:
    """Every project: what holds it, and what it still has to bring."""
    lines = sorted(
        report.projects,
        key=lambda x: (x.held_by is None, -x.held_minor, -x.backlog_minor, x.project_id),
    )
    return Sheet(
        "Projects",
        "Held projects first. Backlog is the rest of a cap and milestones not reached yet.",
        [
            Column("Project", 14, "text", lambda x: x.project_id),
            Column("Name", 26, "text", lambda x: x.name),
            Column("Customer", 14, "text", lambda x: x.customer_key),
            ENTITY,
            Column("Status", 10, "text", lambda x: words(x.status) if x.status else None),
            Column("Held by", 16, "text", lambda x: x.held_by),
            CURRENCY,
            money("Billed", lambda x: x.billed_minor, currency_of),
            money("Billed by hand", lambda x: x.by_hand_minor, currency_of),
            money("On its way", lambda x: x.on_way_minor, currency_of),
            money("Ready", lambda x: x.ready_minor, currency_of),
            money("Held", lambda x: x.held_minor, currency_of),
            money("Deferred", lambda x: x.deferred_minor, currency_of),
            money("Cap", lambda x: x.cap_minor, currency_of),
            money("Milestones to come", lambda x: x.milestones_minor, currency_of),
            money("Backlog", lambda x: x.backlog_minor, currency_of),
        ],
        lines,
    )


def systems(report: BusinessReport) -> Sheet[Any]:
    """How the systems were to work with."""
    return Sheet(
        "Systems",
        "Reads, writes and calls of the last thirty days; quota is what is used up of it now.",
        [
            Column("System", 14, "text", lambda x: x.system),
            Column("Vendor", 17, "text", lambda x: x.vendor),
            Column("Roles", 12, "text", lambda x: x.roles),
            Column("Last whole read", 17, "instant", lambda x: x.last_complete_at),
            Column("Reads", 9, "integer", lambda x: x.reads),
            Column("Failed reads", 9, "integer", lambda x: x.failed_reads, is_zero_good=True),
            Column("Records", 11, "integer", lambda x: x.records_read),
            Column("Quarantined", 11, "integer", lambda x: x.quarantined, is_zero_good=True),
            Column("Writes", 9, "integer", lambda x: x.writes),
            Column("Failed writes", 9, "integer", lambda x: x.failed_writes, is_zero_good=True),
            Column("Calls", 10, "integer", lambda x: x.calls),
            Column("Quota used, %", 9, "integer", lambda x: x.used_percent),
            Column("Last error", 60, "text", lambda x: x.last_error),
        ],
        report.systems,
        no_totals=frozenset({"Quota used, %"}),
    )
