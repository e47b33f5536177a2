"""Rows of the night's report: what each table says, before anyone decides how it looks.

Money is a count of minor units (`*_minor`) beside its `currency`; `reporting_minor` is the same
money in the firm's reporting currency, None where no exchange rate is known. Durations are integer
seconds. `period` is `2026-03`; `unassigned` stands where something cannot be placed.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

DISPOSITIONS: Final = (
    *("posted", "queued", "settled_elsewhere", "written_off"),
    *("non_billable", "covered", "excepted", "deferred"),
)
"""In order of precedence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DispositionSum:
    """What one disposition holds within one group."""

    disposition: str
    count: int
    seconds: int
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletenessLine:
    """The first equation for one group: approved, counted from raw, equals the eight dispositions.

    Attributes:
        unpriced_count: Approved parts without a price, counted in time and number only.
        by_disposition: The eight, in order of precedence, zeros included.
        holds: As the balance itself judged it.
    """

    legal_entity: str
    currency: str
    period: str
    approved_count: int
    approved_seconds: int
    approved_minor: int
    unpriced_count: int
    disposed_count: int
    disposed_seconds: int
    disposed_minor: int
    by_disposition: tuple[DispositionSum, ...]
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCountLine:
    """Every raw time record of one system: the parts add up to `raw_records`."""

    system: str
    raw_records: int
    not_approved: int
    approved: int
    quarantined: int
    deleted: int
    superseded: int
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """The second equation for one group: confirmed + in flight + owed = target, and the ERP ties.

    Attributes:
        erp_minor: Net of the ERP's own documents before tax; None when they were not read.
        named_minor: What of it a break names that holds the document's customer.
    """

    legal_entity: str
    currency: str
    period: str
    confirmed_minor: int
    in_flight_minor: int
    owed_minor: int
    target_minor: int
    erp_minor: int | None
    named_minor: int
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedMonthLine:
    """What stands in the ERP in one month of posting, by our ledger and as the ERP lists it.

    Attributes:
        month: Of the posting date, `2026-04`; ours as sent, the ERP's as it says today.
        document_count: Our posted documents, cancelled ones too.
    """

    legal_entity: str
    currency: str
    month: str
    document_count: int
    confirmed_minor: int
    erp_minor: int
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionLine:
    """Money that the ledger and the entry's present truth disagree on."""

    entry_id: str
    legal_entity: str
    currency: str
    period: str
    confirmed_minor: int
    in_flight_minor: int
    target_minor: int
    owed_minor: int
    reason: str
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    """One posting batch and its control total.

    Attributes:
        posted_minor: Our own total of its documents that are posted.
        erp_minor: The ERP's total of the same documents, read back after posting.
        unread_documents: Posted documents whose read-back gave no amount.
    """

    batch_id: str
    system: str
    company: str
    legal_entity: str
    period: str
    currency: str
    status: str
    line_count: int
    amount_minor: int
    document_count: int
    posted_documents: int
    unread_documents: int
    posted_minor: int
    erp_minor: int

    @property
    def difference_minor(self) -> int:
        """Ours less the ERP's; zero when the totals tie."""
        return self.posted_minor - self.erp_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLine:
    """One ERP document and where it stands. Credit memos are negative."""

    document_ref: str
    batch_id: str
    kind: str
    legal_entity: str
    project_id: str
    customer_key: str
    period: str
    posting_date: date | None
    invoice_date: date | None = None  # fixed when it is first sent
    currency: str
    amount_minor: int
    state: str
    erp_number: str | None
    readback_minor: int | None
    confirmed_at: datetime | None
    hold_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one system says of the record."""

    system: str | None
    id: str | None
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionLine:
    """One open break, as finance works it.

    Attributes:
        root_break_id: The open break that this one follows from; its money is counted there.
        reporting_minor: Money at risk in the reporting currency.
        age_days: Whole days since it was first opened.
        assigned_to: Who works it, when it is assigned.
        due_on: When it ought to be done.
        is_new: It was not in the report before.
    """

    break_id: str
    root_break_id: str | None
    rule: str
    title: str
    severity: str
    owner: str
    remedy: str
    cause: str
    detail: str
    record_key: str
    period: str
    legal_entity: str | None
    project_id: str | None
    customer_key: str | None
    entry_id: str | None
    left: Side
    right: Side
    difference_seconds: int | None
    difference_minor: int | None
    at_risk_minor: int | None
    currency: str | None
    reporting_minor: int | None
    opened_at: datetime
    age_days: int
    times_seen: int
    is_new: bool
    blocked_kind: str | None
    blocked_id: str | None
    assigned_to: str | None = None
    due_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedProjectLine:
    """A project that one rule keeps from being posted, with the next step and whose it is."""

    project_id: str
    name: str | None
    legal_entity: str | None
    customer_key: str | None
    rule: str
    title: str
    break_ids: tuple[str, ...]
    part_count: int
    seconds: int
    held_minor: int
    currency: str | None
    reporting_minor: int | None
    next_step: str
    owner: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DispositionLine:
    """Why time or milestones are where they are: one reason within one group.

    Attributes:
        kind: `time` or `milestone`; milestones have no seconds.
        example: The evidence of one of them, in words.
    """

    kind: Literal["time", "milestone"]
    legal_entity: str
    currency: str
    disposition: str
    reason: str
    count: int
    seconds: int
    minor: int
    unpriced_count: int
    example: str | None
