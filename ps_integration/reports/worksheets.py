"""The sheets of the workbook that say what needs someone's hand."""

from collections.abc import Iterator
from dataclasses import dataclass

from ps_integration.reports.columns import Column, Sheet
from ps_integration.reports.health import QuarantineLine, RuleLine, SourceLine
from ps_integration.reports.lines import BlockedProjectLine, DocumentLine, ExceptionLine
from ps_integration.reports.measures import MetricLine
from ps_integration.reports.sheets import money
from ps_integration.reports.texts import Said, say
from ps_integration.reports.value import NightPoint, NightReport, ResolvedLine
from ps_integration.reports.wording import cause, words, yes


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One change since the report before."""

    what: str
    subject: str
    detail: str
    currency: str | None
    before_minor: int | None
    now_minor: int | None
    target: tuple[str, str] | None = None


def exceptions(report: NightReport) -> Sheet[ExceptionLine]:
    """Every open break, roots by money at risk, consequences after their root."""
    reporting = report.reporting_currency
    at_risk = say("At risk, {currency}", currency=reporting)
    return Sheet(
        "Exceptions",
        "Open breaks by money at risk. Money is counted at the root, not at what follows from it.",
        [
            Column("Break", 27, "text", lambda x: x.break_id, key=True),
            Column("Rule", 8, "text", lambda x: x.rule, link=lambda x: ("Rules", x.rule)),
            Column("What", 36, "text", lambda x: x.title),
            Column("Severity", 10, "text", lambda x: words(x.severity)),
            money("At risk", lambda x: x.at_risk_minor, lambda x: x.currency),
            Column("Currency", 10, "text", lambda x: x.currency),
            money(at_risk, lambda x: x.reporting_minor, lambda _: reporting),
            Column("Counted", 9, "text", lambda x: yes(x.root_break_id is None)),
            Column(
                "Follows from", 27, "text", lambda x: x.root_break_id,
                link=lambda x: ("Exceptions", x.root_break_id) if x.root_break_id else None,
            ),
            Column("Owner", 18, "text", lambda x: x.owner),
            Column("Assigned to", 18, "text", lambda x: x.assigned_to),
            Column("Due", 12, "day", lambda x: x.due_on),
            Column("Remedy", 60, "text", lambda x: x.remedy),
            Column("Cause", 26, "text", lambda x: cause(x.cause)),
            Column("Detail", 60, "text", lambda x: x.detail),
            Column("Record", 30, "text", lambda x: x.record_key),
            Column("Period", 10, "text", lambda x: x.period),
            Column("Legal entity", 13, "text", lambda x: x.legal_entity),
            Column("Project", 14, "text", lambda x: x.project_id),
            Column("Customer", 16, "text", lambda x: x.customer_key),
            Column("Entry", 24, "text", lambda x: x.entry_id),
            Column("Left system", 15, "text", lambda x: x.left.system),
            Column("Left id", 20, "text", lambda x: x.left.id),
            Column("Left value", 26, "text", lambda x: x.left.value),
            Column("Right system", 15, "text", lambda x: x.right.system),
            Column("Right id", 20, "text", lambda x: x.right.id),
            Column("Right value", 26, "text", lambda x: x.right.value),
            Column("Difference, hours", 12, "hours", lambda x: x.difference_seconds),
            money("Difference", lambda x: x.difference_minor, lambda x: x.currency),
            Column("Opened", 17, "instant", lambda x: x.opened_at),
            Column("Age, days", 10, "integer", lambda x: x.age_days),
            Column("Seen, nights", 10, "integer", lambda x: x.times_seen),
            Column("New", 7, "text", lambda x: yes(x.is_new)),
            Column("Held kind", 12, "text", lambda x: _kind(x.blocked_kind)),
            Column("Held id", 20, "text", lambda x: x.blocked_id),
        ],
        report.exceptions,
        no_totals=frozenset({"Age, days", "Seen, nights"}),
    )  # fmt: skip


def blocked_projects(report: NightReport) -> Sheet[BlockedProjectLine]:
    """Projects that cannot be posted, with the next step and whose it is."""
    reporting = report.reporting_currency
    held = say("Held, {currency}", currency=reporting)
    return Sheet(
        "Blocked projects",
        "Projects that cannot be posted, with the next step and whose it is.",
        [
            Column("Project", 14, "text", lambda x: x.project_id),
            Column("Name", 30, "text", lambda x: x.name),
            Column("Legal entity", 13, "text", lambda x: x.legal_entity),
            Column("Customer", 18, "text", lambda x: x.customer_key),
            Column("Rule", 8, "text", lambda x: x.rule, link=lambda x: ("Rules", x.rule)),
            Column("Held by", 40, "text", lambda x: x.title),
            Column("Next step", 60, "text", lambda x: x.next_step),
            Column("Owner", 18, "text", lambda x: x.owner),
            Column("Parts held", 11, "integer", lambda x: x.part_count),
            Column("Hours held", 12, "hours", lambda x: x.seconds),
            money("Held", lambda x: x.held_minor, lambda x: x.currency),
            Column("Currency", 10, "text", lambda x: x.currency),
            money(held, lambda x: x.reporting_minor, lambda _: reporting),
            Column("Since", 17, "instant", lambda x: x.since),
            Column(
                "First break", 27, "text", lambda x: x.break_ids[0],
                link=lambda x: ("Exceptions", x.break_ids[0]),
            ),
            Column("Breaks", 9, "integer", lambda x: len(x.break_ids)),
        ],
        report.blocked_projects,
    )  # fmt: skip


def quarantine(report: NightReport) -> Sheet[QuarantineLine]:
    """Records that broke their contract."""
    return Sheet(
        "Quarantine",
        "Records that broke their contract. Correct them at the source; they are read again.",
        [
            Column("System", 18, "text", lambda x: x.system),
            Column("Stream", 18, "text", lambda x: x.stream),
            Column("Record", 24, "text", lambda x: x.record_id),
            Column("File and row", 30, "text", lambda x: x.place),
            Column("Object", 16, "text", lambda x: x.object),
            Column("Rule", 32, "text", lambda x: x.rule),
            Column("Field", 18, "text", lambda x: x.field),
            Column("Value", 30, "text", lambda x: x.value),
            Column("Remedy", 60, "text", lambda x: x.remedy),
            Column("First seen", 17, "instant", lambda x: x.first_seen_at),
            Column("Last seen", 17, "instant", lambda x: x.last_seen_at),
            Column("Hours", 10, "hours", lambda x: x.seconds),
            money("Amount", lambda x: x.amount_minor, lambda x: x.currency),
            Column("Currency", 10, "text", lambda x: x.currency),
            Column("Set aside by", 18, "text", lambda x: x.set_aside_by),
        ],
        report.quarantine,
        no_totals=frozenset({"Hours", "Amount"}),
    )


def changes(report: NightReport) -> Sheet[ChangeLine]:
    """What is different from the report before."""
    return Sheet(
        "Changes",
        report.changes.note
        or say("What is different from run {run}.", run=report.changes.previous_run_id),
        [
            Column("What", 18, "text", lambda x: x.what),
            Column("Subject", 36, "text", lambda x: x.subject, link=lambda x: x.target),
            Column("Detail", 60, "text", lambda x: x.detail),
            Column("Currency", 10, "text", lambda x: x.currency),
            money("Before", lambda x: x.before_minor, lambda x: x.currency),
            money("Now", lambda x: x.now_minor, lambda x: x.currency),
        ],
        tuple(_changes(report)),
    )


def _changes(report: NightReport) -> Iterator[ChangeLine]:
    news, posted = set(report.changes.new_breaks), set(report.changes.posted)
    for line in report.exceptions:
        if line.break_id in news:
            detail = _detail(line)
            target = ("Exceptions", line.break_id)
            yield ChangeLine(
                say("new break"),
                line.break_id,
                detail,
                line.currency,
                None,
                line.at_risk_minor,
                target,
            )
    for gone in report.changes.resolved:
        detail = _detail(gone)
        yield ChangeLine(
            say("resolved break"), gone.break_id, detail, gone.currency, gone.at_risk_minor, None
        )
    for document in report.documents:
        if document.document_ref in posted:
            target = ("Documents", document.document_ref)
            yield ChangeLine(
                words("posted"), document.document_ref, _document(document), document.currency,
                None, document.amount_minor, target,
            )  # fmt: skip
    for moved in report.changes.moved:
        yield ChangeLine(
            say("money moved"), words(moved.disposition), say("approved time in this disposition"),
            moved.currency, moved.before_minor, moved.now_minor,
        )  # fmt: skip


def _detail(line: ExceptionLine | ResolvedLine) -> Said:
    return say("{rule} {title}: {record}", rule=line.rule, title=line.title, record=line.record_key)


def _document(line: DocumentLine) -> str:
    kind = words(line.kind)
    if not line.erp_number:
        return kind
    return say("{kind} {number}", kind=kind, number=line.erp_number)


def _kind(kind: str | None) -> str | None:
    return words(kind) if kind else kind


def sources(report: NightReport) -> Sheet[SourceLine]:
    """The health of every stream."""
    return Sheet(
        "Sources",
        "What was read of each system, and when it was last read whole.",
        [
            Column("System", 18, "text", lambda x: x.system),
            Column("Vendor", 18, "text", lambda x: x.vendor),
            Column("Stream", 22, "text", lambda x: x.stream),
            Column("Status", 12, "text", lambda x: words(x.status)),
            Column("Last read", 17, "instant", lambda x: x.last_read_at),
            Column("Last read whole", 17, "instant", lambda x: x.last_complete_at),
            Column("Read", 11, "integer", lambda x: x.records_read),
            Column("Changed", 11, "integer", lambda x: x.records_changed),
            Column("Message", 90, "text", lambda x: x.message),
        ],
        report.sources,
    )


def rules(report: NightReport) -> Sheet[RuleLine]:
    """How every rule ran."""
    return Sheet(
        "Rules",
        "How every rule ran. A rule that could not run says nothing about the data.",
        [
            Column("Rule", 8, "text", lambda x: x.code, key=True),
            Column("What it finds", 56, "text", lambda x: x.title),
            Column("Status", 15, "text", lambda x: words(x.status)),
            Column("Found tonight", 11, "integer", lambda x: x.found_count),
            Column("Open", 9, "integer", lambda x: x.open_count),
            Column("Severity", 10, "text", lambda x: words(x.severity)),
            Column("Owner", 18, "text", lambda x: x.owner),
            Column("Holds posting", 12, "text", lambda x: yes(x.blocks)),
            Column("Message", 80, "text", lambda x: x.message),
        ],
        report.rules,
    )


def metrics(report: NightReport) -> Sheet[MetricLine]:
    """Every figure of the event history."""
    return Sheet(
        "Metrics",
        "Figures of the event history over the firm's window. Durations are in seconds, shares "
        "from 0 to 1.",
        [
            Column("Metric", 34, "text", lambda x: x.title),
            Column("Of", 34, "text", lambda x: x.place or say("everything")),
            Column("Figure", 18, "text", lambda x: words(x.statistic)),
            Column("Value", 14, "rate", lambda x: x.value),
            Column("Unit", 9, "text", lambda x: words(x.unit)),
            Column("Rests on", 11, "integer", lambda x: x.sample),
            Column("Definition", 90, "text", lambda x: x.definition),
        ],
        report.metrics,
        no_totals=frozenset({"Rests on"}),
    )


def nights(report: NightReport) -> Sheet[NightPoint]:
    """The trend behind the page's chart."""
    reporting = report.reporting_currency
    return Sheet(
        "Nights",
        "Each night that has a report: what was posted, what was open.",
        [
            Column("Run", 30, "text", lambda x: x.run_id),
            Column("As of", 17, "instant", lambda x: x.as_of),
            Column("Posted documents", 11, "integer", lambda x: x.posted_documents),
            money(
                say("Posted, {currency}", currency=reporting),
                lambda x: x.posted_minor,
                lambda _: reporting,
            ),
            Column("Open breaks", 11, "integer", lambda x: x.open_breaks),
            money(
                say("At risk, {currency}", currency=reporting),
                lambda x: x.at_risk_minor,
                lambda _: reporting,
            ),
        ],
        report.history,
        no_totals=frozenset({"Open breaks"}),
    )
