"""The proof on the night's paper: equations, records and control totals, to be signed."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from ps_integration.reports.columns import Column, Sheet
from ps_integration.reports.lines import (
    DISPOSITIONS,
    BatchLine,
    CompletenessLine,
    LedgerLine,
    RecordCountLine,
)
from ps_integration.reports.sheets import (
    currency_of,
    group_columns,
    minor_in,
    money,
    seconds_in,
)
from ps_integration.reports.texts import Said, say, say_n
from ps_integration.reports.value import NightReport
from ps_integration.reports.wording import TITLES, words, yes


def balances(report: NightReport) -> Iterator[Sheet[Any]]:
    """The equations, the records and the control totals, in the order of proof."""
    yield _completeness(report)
    yield _completeness_hours(report)
    yield _records(report)
    yield _ledger(report)
    yield _batches(report)


def _completeness(report: NightReport) -> Sheet[CompletenessLine]:
    def unplaced(line: CompletenessLine) -> int:
        return line.approved_minor - sum(part.minor for part in line.by_disposition)

    return Sheet(
        "Completeness, in money",
        "Approved time, counted from what the systems sent, equals the sum of its eight "
        "dispositions. Amounts in each currency.",
        [
            *group_columns(),
            money("Approved", lambda x: x.approved_minor, currency_of),
            *(
                money(TITLES[name], partial(minor_in, name=name), currency_of)
                for name in DISPOSITIONS
            ),
            money("Difference", unplaced, currency_of, is_zero_good=True),
            Column("Holds", 8, "text", lambda x: yes(x.holds)),
        ],
        report.completeness,
    )


def _completeness_hours(report: NightReport) -> Sheet[CompletenessLine]:
    def unplaced(line: CompletenessLine) -> int:
        return line.approved_seconds - sum(part.seconds for part in line.by_disposition)

    def of(name: str) -> Column[CompletenessLine]:
        seconds = partial(seconds_in, name=name)
        return Column(TITLES[name], 12, "hours", seconds)

    return Sheet(
        "Completeness, in hours",
        "The same in hours, and the number of entries on each side.",
        [
            *group_columns(),
            Column("Approved", 12, "hours", lambda x: x.approved_seconds),
            *map(of, DISPOSITIONS),
            Column("Difference", 12, "hours", unplaced, is_zero_good=True),
            Column("Entries", 9, "integer", lambda x: x.approved_count),
            Column("Placed", 9, "integer", lambda x: x.disposed_count),
            Column("No price", 9, "integer", lambda x: x.unpriced_count),
        ],
        report.completeness,
    )


def _records(report: NightReport) -> Sheet[RecordCountLine]:
    def lost(line: RecordCountLine) -> int:
        known = (
            line.not_approved + line.approved + line.quarantined + line.deleted + line.superseded
        )
        return line.raw_records - known

    return Sheet(
        "Records received",
        "Every time record of every system is in exactly one of five states.",
        [
            Column("System", 20, "text", lambda x: x.system),
            Column("Received", 13, "integer", lambda x: x.raw_records),
            Column("Not approved", 13, "integer", lambda x: x.not_approved),
            Column("Approved", 13, "integer", lambda x: x.approved),
            Column("Quarantined", 13, "integer", lambda x: x.quarantined),
            Column("Deleted", 13, "integer", lambda x: x.deleted),
            Column("Superseded", 13, "integer", lambda x: x.superseded),
            Column("Difference", 13, "integer", lost, is_zero_good=True),
            Column("Holds", 8, "text", lambda x: yes(x.holds)),
        ],
        report.record_counts,
    )


def _ledger(report: NightReport) -> Sheet[LedgerLine]:
    def untied(line: LedgerLine) -> int:
        return line.confirmed_minor + line.in_flight_minor + line.owed_minor - line.target_minor

    def apart(line: LedgerLine) -> int | None:
        if line.erp_minor is None:
            return None
        return line.confirmed_minor + line.named_minor - line.erp_minor

    return Sheet(
        "Ledger",
        "Confirmed, in flight and owed come to the target: what each entry is worth today. "
        "Confirmed money equals the ERP's own documents before tax, but for what breaks name.",
        [
            *group_columns(),
            money("Confirmed", lambda x: x.confirmed_minor, currency_of),
            money("In flight", lambda x: x.in_flight_minor, currency_of),
            money("Owed", lambda x: x.owed_minor, currency_of),
            money("Target", lambda x: x.target_minor, currency_of),
            money("Difference", untied, currency_of, is_zero_good=True),
            money("ERP documents", lambda x: x.erp_minor, currency_of),
            money("Named by breaks", lambda x: x.named_minor, currency_of),
            money("Not named", apart, currency_of, is_zero_good=True),
            Column("Holds", 8, "text", lambda x: yes(x.holds)),
        ],
        report.ledger,
    )


def _batches(report: NightReport) -> Sheet[BatchLine]:
    return Sheet(
        "Control totals",
        _about_batches(report.older_batches),
        [
            Column("Batch", 19, "text", lambda x: x.batch_id),
            Column("Status", 12, "text", lambda x: words(x.status)),
            *group_columns(),
            Column("Lines", 8, "integer", lambda x: x.line_count),
            Column("Documents", 10, "integer", lambda x: x.document_count),
            Column("Posted", 10, "integer", lambda x: x.posted_documents),
            money("Amount", lambda x: x.amount_minor, currency_of),
            money("Posted, ours", lambda x: x.posted_minor, currency_of),
            money("Posted, ERP", lambda x: x.erp_minor, currency_of),
            money("Difference", lambda x: x.difference_minor, currency_of, is_zero_good=True),
            Column("Not read back", 11, "integer", lambda x: x.unread_documents),
        ],
        report.batches,
    )


def _about_batches(older: int) -> Said:
    about = say(
        "Posting batches, those that wait first: our total of posted documents beside the one "
        "read back from the ERP."
    )
    if not older:
        return about
    left_out = say_n(
        "{n} older finished batch ties and is left out.",
        "{n} older finished batches tie and are left out.",
        older,
    )
    return say("{about} {more}", about=about, more=left_out)
