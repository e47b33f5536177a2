"""The tables of the close pack: the same columns on paper, on the page and in the workbook."""

from functools import partial
from typing import Any, Final

from ps_integration.reports.close import ClosePack
from ps_integration.reports.columns import Column, Sheet
from ps_integration.reports.sheets import CURRENCY, currency_of, minor_in, money
from ps_integration.reports.texts import Said, said_again, say
from ps_integration.reports.wording import TITLES, cause, words, yes

_PART: Final = say("work of the period, {disposition}")
_CROSSING: Final = (
    say("work of the period, billed in another"),
    say("work of another period, billed in this one"),
    say("work of the period, approved after its end"),
    _PART,
)


def tables(pack: ClosePack) -> tuple[Sheet[Any], ...]:
    """All tables, in the order in which they are read."""
    return (
        _completeness(pack),
        _ledger(pack),
        _batches(pack),
        _cut_off(pack),
        _exceptions(pack),
        _corrections(pack),
        _approvals(pack),
        _documents(pack),
        _evidence(pack),
    )


def _completeness(pack: ClosePack) -> Sheet[Any]:
    def of(name: str) -> Column[Any]:
        return money(TITLES[name], partial(minor_in, name=name), currency_of)

    return Sheet(
        "Completeness",
        "Approved time of the period, counted from what the systems sent, and what became of it.",
        [
            CURRENCY,
            Column("Approved, hours", 11, "hours", lambda x: x.approved_seconds),
            money("Approved", lambda x: x.approved_minor, currency_of),
            *map(of, ("posted", "queued", "settled_elsewhere", "written_off")),
            *map(of, ("excepted", "deferred")),
            Column("Holds", 8, "text", lambda x: yes(x.holds)),
        ],
        pack.completeness,
    )


def _ledger(pack: ClosePack) -> Sheet[Any]:
    return Sheet(
        "Ledger",
        "Confirmed, on its way and owed make what ought to be there; ours beside the ERP's own.",
        [
            CURRENCY,
            money("Confirmed", lambda x: x.confirmed_minor, currency_of),
            money("On its way", lambda x: x.in_flight_minor, currency_of),
            money("Owed", lambda x: x.owed_minor, currency_of, is_zero_good=True),
            money("Target", lambda x: x.target_minor, currency_of),
            money("In the ERP", lambda x: x.erp_minor, currency_of),
            money("Named by breaks", lambda x: x.named_minor, currency_of, is_zero_good=True),
            Column("Holds", 8, "text", lambda x: yes(x.holds)),
        ],
        pack.ledger,
    )


def _batches(pack: ClosePack) -> Sheet[Any]:
    return Sheet(
        "Control totals",
        "Every batch of the period: our total beside the one read back from the ERP.",
        [
            Column("Batch", 19, "text", lambda x: x.batch_id),
            Column("Status", 12, "text", lambda x: words(x.status)),
            Column("Lines", 8, "integer", lambda x: x.line_count),
            Column("Documents", 10, "integer", lambda x: x.document_count),
            CURRENCY,
            money("Approved for", lambda x: x.amount_minor, currency_of),
            money("Posted", lambda x: x.posted_minor, currency_of),
            money("In the ERP", lambda x: x.erp_minor, currency_of),
            money("Difference", lambda x: x.difference_minor, currency_of, is_zero_good=True),
        ],
        pack.batches,
    )


def _cut_off(pack: ClosePack) -> Sheet[Any]:
    return Sheet(
        "Cut-off",
        "What crosses the end of the period.",
        [
            Column("What", 44, "text", lambda x: _crossing(x.what)),
            Column("Parts", 9, "integer", lambda x: x.count),
            Column("Hours", 11, "hours", lambda x: x.seconds),
            CURRENCY,
            money("Amount", lambda x: x.minor, currency_of),
            Column("Unpriced", 9, "integer", lambda x: x.unpriced_count),
        ],
        pack.cut_off,
        no_totals=frozenset({"Parts", "Hours", "Amount", "Unpriced"}),
    )


def _crossing(what: str) -> str:
    said = said_again(what, *_CROSSING)
    if isinstance(said, Said) and said.figures:
        return say(_PART.one, disposition=words(str(said.figures["disposition"])))
    return said


def _exceptions(pack: ClosePack) -> Sheet[Any]:
    return Sheet(
        "Open breaks",
        "Of the period, and of master data that it stands on, by money at risk.",
        [
            Column("Rule", 7, "text", lambda x: x.rule),
            Column("Record", 28, "text", lambda x: x.record_key),
            Column("What", 34, "text", lambda x: x.title),
            Column("Cause", 22, "text", lambda x: cause(x.cause)),
            Column("Owner", 16, "text", lambda x: x.assigned_to or x.owner),
            Column("Age, days", 7, "integer", lambda x: x.age_days),
            CURRENCY,
            money("At risk", lambda x: x.at_risk_minor, currency_of),
            Column("Counted", 8, "text", lambda x: yes(x.root_break_id is None)),
        ],
        pack.exceptions,
        no_totals=frozenset({"Age, days"}),
    )


def _corrections(pack: ClosePack) -> Sheet[Any]:
    return Sheet(
        "Corrections owed",
        "Entries whose ledger differs from their present truth.",
        [
            Column("Entry", 34, "text", lambda x: x.entry_id),
            Column("Reason", 24, "text", lambda x: words(x.reason)),
            CURRENCY,
            money("Confirmed", lambda x: x.confirmed_minor, currency_of),
            money("Target", lambda x: x.target_minor, currency_of),
            money("Owed", lambda x: x.owed_minor, currency_of),
        ],
        pack.corrections,
    )


def _approvals(pack: ClosePack) -> Sheet[Any]:
    return Sheet(
        "Approvals",
        "Who decided on the batches of the period; the hash is of the content that was signed.",
        [
            Column("Batch", 19, "text", lambda x: x.batch_id),
            Column("Decision", 14, "text", lambda x: words(x.decision)),
            Column("Made by", 16, "text", lambda x: x.maker),
            Column("Decided by", 16, "text", lambda x: x.decided_by),
            Column("At", 17, "instant", lambda x: x.decided_at),
            CURRENCY,
            money("Amount", lambda x: x.amount_minor, currency_of),
            Column("Content", 18, "text", lambda x: x.content_sha256[:16]),
            Column("Note", 30, "text", lambda x: x.note),
        ],
        pack.approvals,
        no_totals=frozenset({"Amount"}),
    )


def _documents(pack: ClosePack) -> Sheet[Any]:
    return Sheet(
        "Documents",
        "Every ERP document of the period and where it stands.",
        [
            Column("Reference", 28, "text", lambda x: x.document_ref),
            Column("ERP number", 18, "text", lambda x: x.erp_number),
            Column("Project", 14, "text", lambda x: x.project_id),
            Column("Posting date", 12, "day", lambda x: x.posting_date),
            Column("Invoice date", 12, "day", lambda x: x.invoice_date),
            Column("State", 11, "text", lambda x: words(x.state)),
            CURRENCY,
            money("Amount", lambda x: x.amount_minor, currency_of),
            money("Read back", lambda x: x.readback_minor, currency_of),
        ],
        pack.documents,
    )


def _evidence(pack: ClosePack) -> Sheet[Any]:
    return Sheet(
        "Evidence",
        "Files of the night that these books are of; `sha256sum` says whether one is unchanged.",
        [
            Column("File", 26, "text", lambda x: x.name),
            Column("SHA-256", 66, "text", lambda x: x.sha256),
        ],
        pack.evidence,
    )
