"""The sheets of the workbook that account for time and money."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from ps_integration.reports.columns import Column, Computed, Line, Sheet, in_hours, units
from ps_integration.reports.lines import (
    DISPOSITIONS,
    BatchLine,
    CompletenessLine,
    CorrectionLine,
    DispositionLine,
    DocumentLine,
    LedgerLine,
    PostedMonthLine,
    RecordCountLine,
)
from ps_integration.reports.texts import Said, say
from ps_integration.reports.value import NightReport
from ps_integration.reports.wording import words, yes


def money(
    title: str,
    value: Callable[[Line], int | None],
    currency: Callable[[Line], str | None],
    **more: Any,  # noqa: ANN401 - passed on to Column, which declares them
) -> Column[Line]:
    """A column of amounts."""
    return Column(title, 16, "money", value, currency=currency, **more)


def currency_of(line: Any) -> str | None:  # noqa: ANN401 - every line with money has one
    """Its currency; None where it has none."""
    return str(line.currency) if line.currency else None


CURRENCY: Final[Column[Any]] = Column("Currency", 9, "text", currency_of)
"""The currency of a line's amounts, where a table is not grouped by it."""


def group_columns() -> Iterator[Column[Any]]:
    """What a line of the equations is of."""
    yield Column("Legal entity", 14, "text", lambda x: x.legal_entity)
    yield Column("Currency", 10, "text", lambda x: x.currency)
    yield Column("Period", 11, "text", lambda x: x.period)


def minor_in(line: CompletenessLine, name: str) -> int:
    """Money of one disposition."""
    return next(part.minor for part in line.by_disposition if part.disposition == name)


def seconds_in(line: CompletenessLine, name: str) -> int:
    """Time of one disposition."""
    return next(part.seconds for part in line.by_disposition if part.disposition == name)


def _summed(minors: list[int], currency: str) -> float:
    return sum(units(minor, currency) or 0.0 for minor in minors)


def _placed(line: CompletenessLine) -> float:
    return _summed([part.minor for part in line.by_disposition], line.currency)


def _placed_hours(line: CompletenessLine) -> float:
    return in_hours(sum(part.seconds for part in line.by_disposition))


def _in_hours(disposition: str) -> Said:
    return say("{disposition}, hours", disposition=words(disposition))


def completeness(report: NightReport) -> Sheet[CompletenessLine]:
    """Approved = the sum of the eight dispositions, in hours and in money."""
    first, last = words(DISPOSITIONS[0]), words(DISPOSITIONS[-1])
    hours: list[Column[CompletenessLine]] = [
        Column("Approved, hours", 13, "hours", lambda x: x.approved_seconds),
        *(
            Column(_in_hours(name), 13, "hours", partial(seconds_in, name=name))
            for name in DISPOSITIONS
        ),
        Column(
            "Sum of the eight, hours", 13, "hours", lambda _: None,
            computed=Computed(f"=SUM({{{first}, hours}}:{{{last}, hours}})", _placed_hours),
        ),
        Column(
            "Difference, hours", 13, "hours", lambda _: None, is_zero_good=True,
            computed=Computed(
                "=ROUND({Approved, hours}-{Sum of the eight, hours},4)",
                lambda x: round(in_hours(x.approved_seconds) - _placed_hours(x), 4),
            ),
        ),
    ]  # fmt: skip
    amounts: list[Column[CompletenessLine]] = [
        money("Approved", lambda x: x.approved_minor, currency_of),
        *(money(words(n), partial(minor_in, name=n), currency_of) for n in DISPOSITIONS),
        money(
            "Sum of the eight", lambda _: None, currency_of,
            computed=Computed(f"=SUM({{{first}}}:{{{last}}})", _placed),
        ),
        money(
            "Difference", lambda _: None, currency_of, is_zero_good=True,
            computed=Computed(
                "=ROUND({Approved}-{Sum of the eight},4)",
                lambda x: round(_summed([x.approved_minor], x.currency) - _placed(x), 4),
            ),
        ),
    ]  # fmt: skip
    return Sheet(
        "Completeness",
        "Every approved hour is in exactly one of eight dispositions, at today's rates and in the "
        "month of its work.",
        [
            *group_columns(),
            *hours,
            *amounts,
            Column("Entries approved", 11, "integer", lambda x: x.approved_count),
            Column("Entries placed", 11, "integer", lambda x: x.disposed_count),
            Column("Without a price", 11, "integer", lambda x: x.unpriced_count),
            Column("Holds", 8, "text", lambda x: yes(x.holds)),
        ],
        report.completeness,
    )


def ledger(report: NightReport) -> Sheet[LedgerLine]:
    """Confirmed + in flight + owed = target, and the ERP ties."""

    def owed(x: LedgerLine) -> float:
        parts = [x.confirmed_minor, x.in_flight_minor, x.owed_minor, -x.target_minor]
        return round(_summed(parts, x.currency), 4)

    def ties(x: LedgerLine) -> float:
        parts = [x.confirmed_minor, x.named_minor, -(x.erp_minor or 0)]
        return round(_summed(parts, x.currency), 4)

    return Sheet(
        "Ledger",
        "What the ERP confirmed and what is on its way comes to what each entry is worth today, "
        "by the month of the work.",
        [
            *group_columns(),
            money("Confirmed", lambda x: x.confirmed_minor, currency_of),
            money("In flight", lambda x: x.in_flight_minor, currency_of),
            money("Owed", lambda x: x.owed_minor, currency_of),
            money("Target", lambda x: x.target_minor, currency_of),
            money(
                "Difference", lambda _: None, currency_of, is_zero_good=True,
                computed=Computed("=ROUND({Confirmed}+{In flight}+{Owed}-{Target},4)", owed),
            ),
            money("ERP documents", lambda x: x.erp_minor, currency_of),
            money("Named by breaks", lambda x: x.named_minor, currency_of),
            money(
                "Not named", lambda _: None, currency_of, is_zero_good=True,
                computed=Computed("=ROUND({Confirmed}+{Named by breaks}-{ERP documents},4)", ties),
            ),
            Column("Holds", 8, "text", lambda x: yes(x.holds)),
        ],
        report.ledger,
    )  # fmt: skip


def posted_months(report: NightReport) -> Sheet[PostedMonthLine]:
    """What stands in the ERP by the month of posting, ours beside the ERP's own."""

    def apart(x: PostedMonthLine) -> float:
        return round(_summed([x.confirmed_minor, -x.erp_minor], x.currency), 4)

    return Sheet(
        "Posted by month",
        "What stands in the ERP, by the month that it is posted in: our ledger beside the ERP's "
        "own documents before tax.",
        [
            Column("Legal entity", 14, "text", lambda x: x.legal_entity),
            Column("Currency", 10, "text", lambda x: x.currency),
            Column("Posting month", 14, "text", lambda x: x.month),
            Column("Documents", 11, "integer", lambda x: x.document_count),
            money("Confirmed", lambda x: x.confirmed_minor, currency_of),
            money("ERP documents", lambda x: x.erp_minor, currency_of),
            money(
                "Confirmed less ERP", lambda _: None, currency_of, is_zero_good=True,
                computed=Computed("=ROUND({Confirmed}-{ERP documents},4)", apart),
            ),
            Column("Holds", 8, "text", lambda x: yes(x.holds)),
        ],
        report.posted_months,
    )  # fmt: skip


def corrections(report: NightReport) -> Sheet[CorrectionLine]:
    """Entries whose posted money is not what they are worth today."""
    return Sheet(
        "Corrections owed",
        "Entries that changed after posting; each gets a correcting line.",
        [
            Column("Entry", 26, "text", lambda x: x.entry_id),
            *group_columns(),
            money("Confirmed", lambda x: x.confirmed_minor, currency_of),
            money("In flight", lambda x: x.in_flight_minor, currency_of),
            money("Target", lambda x: x.target_minor, currency_of),
            money("Owed", lambda x: x.owed_minor, currency_of),
            Column("Reason", 28, "text", lambda x: words(x.reason)),
            Column("What becomes of it", 60, "text", lambda x: x.evidence),
        ],
        report.corrections,
    )


def records(report: NightReport) -> Sheet[RecordCountLine]:
    """Every raw time record, by what became of it."""

    def difference(x: RecordCountLine) -> float:
        known = x.not_approved + x.approved + x.quarantined + x.deleted + x.superseded
        return float(x.raw_records - known)

    return Sheet(
        "Records",
        "Every time record received, counted from raw.",
        [
            Column("System", 20, "text", lambda x: x.system),
            Column("Received", 13, "integer", lambda x: x.raw_records),
            Column("Not approved", 13, "integer", lambda x: x.not_approved),
            Column("Approved", 13, "integer", lambda x: x.approved),
            Column("Quarantined", 13, "integer", lambda x: x.quarantined),
            Column("Deleted", 13, "integer", lambda x: x.deleted),
            Column("Superseded", 13, "integer", lambda x: x.superseded),
            Column(
                "Difference", 13, "integer", lambda _: None, is_zero_good=True,
                computed=Computed("={Received}-SUM({Not approved}:{Superseded})", difference),
            ),
            Column("Holds", 8, "text", lambda x: yes(x.holds)),
        ],
        report.record_counts,
    )  # fmt: skip


def batches(report: NightReport) -> Sheet[BatchLine]:
    """Posting batches with the ERP's totals beside ours."""

    def difference(x: BatchLine) -> float:
        return round(_summed([x.posted_minor, -x.erp_minor], x.currency), 4)

    return Sheet(
        "Batches",
        "What finance approves together; the ERP's total is read back after posting.",
        [
            Column("Batch", 20, "text", lambda x: x.batch_id, key=True),
            Column("Status", 13, "text", lambda x: words(x.status)),
            Column("System", 14, "text", lambda x: x.system),
            Column("Company", 18, "text", lambda x: x.company),
            *group_columns(),
            Column("Lines", 9, "integer", lambda x: x.line_count),
            Column("Documents", 11, "integer", lambda x: x.document_count),
            money("Amount", lambda x: x.amount_minor, currency_of),
            Column("Posted documents", 11, "integer", lambda x: x.posted_documents),
            money("Posted, ours", lambda x: x.posted_minor, currency_of),
            money("Posted, ERP", lambda x: x.erp_minor, currency_of),
            money(
                "Difference", lambda _: None, currency_of, is_zero_good=True,
                computed=Computed("=ROUND({Posted, ours}-{Posted, ERP},4)", difference),
            ),
            Column("Not read back", 11, "integer", lambda x: x.unread_documents),
        ],
        report.batches,
    )  # fmt: skip


def documents(report: NightReport) -> Sheet[DocumentLine]:
    """ERP documents and their states."""
    return Sheet(
        "Documents",
        "Invoices and credit memos; credit memos are negative.",
        [
            Column("Reference", 34, "text", lambda x: x.document_ref, key=True),
            Column(
                "Batch", 20, "text", lambda x: x.batch_id, link=lambda x: ("Batches", x.batch_id)
            ),
            Column("State", 11, "text", lambda x: words(x.state)),
            Column("Kind", 12, "text", lambda x: words(x.kind)),
            *group_columns(),
            Column("Project", 14, "text", lambda x: x.project_id),
            Column("Customer", 18, "text", lambda x: x.customer_key),
            Column("Posting date", 13, "day", lambda x: x.posting_date),
            Column("Invoice date", 13, "day", lambda x: x.invoice_date),
            money("Amount", lambda x: x.amount_minor, currency_of),
            money("ERP read-back", lambda x: x.readback_minor, currency_of),
            Column("ERP number", 18, "text", lambda x: x.erp_number),
            Column("Confirmed", 17, "instant", lambda x: x.confirmed_at),
            Column("Held because", 40, "text", lambda x: x.hold_reason),
        ],
        report.documents,
    )


def dispositions(report: NightReport) -> Sheet[DispositionLine]:
    """Why time and milestones are where they are."""
    return Sheet(
        "Dispositions",
        "What became of approved time and of reached milestones, by reason.",
        [
            Column("What", 11, "text", lambda x: words(x.kind)),
            Column("Legal entity", 14, "text", lambda x: x.legal_entity),
            Column("Currency", 10, "text", lambda x: x.currency),
            Column("Disposition", 18, "text", lambda x: words(x.disposition)),
            Column("Reason", 30, "text", lambda x: words(x.reason)),
            Column("Parts", 10, "integer", lambda x: x.count),
            Column("Hours", 12, "hours", lambda x: x.seconds),
            money("Amount", lambda x: x.minor, currency_of),
            Column("Without a price", 11, "integer", lambda x: x.unpriced_count),
            Column("For example", 60, "text", lambda x: x.example),
        ],
        report.dispositions,
    )
