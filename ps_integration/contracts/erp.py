"""Contracts of ERP documents, their lines, and what a copy believes of their status."""

from typing import Any

import pandera.pandas as pa
from pandera.typing import Series

from ps_integration.contracts.columns import (
    Count,
    Day,
    Flag,
    Instant,
    Price,
    Quantity,
    SmallCount,
    Text,
    currency,
    day,
    flag,
    identifier,
    instant,
    minor,
    one_of,
    price,
    prose,
)
from ps_integration.contracts.model import Identified, Versioned


class ErpDocuments(Identified):
    """An invoice or credit memo as the ERP holds it, before tax; credit memos are positive.

    `is_posted`: it was in the books at some time, though it may be voided since. `is_standing`: it
    counts in the books now. A draft is neither, nor is a draft that was deleted or rejected.
    `paid`: nothing is left to pay. `credited_minor` says how much of that no money settled, where
    the ERP says it of the invoice, and `applies_to` where it says it of the credit memo.
    """

    company: Series[Text] = identifier(nullable=True)
    kind: Series[Text] = one_of("invoice", "credit_memo")
    number: Series[Text] = identifier(nullable=True)
    reference: Series[Text] = identifier(nullable=True)
    status: Series[Text] = one_of("draft", "open", "part_paid", "paid", "cancelled", "corrective")
    is_posted: Series[Flag] = flag()
    is_standing: Series[Flag] = flag()
    customer_key: Series[Text] = identifier(nullable=True)
    currency: Series[Text] = currency()
    invoice_date: Series[Day] = day()
    posting_date: Series[Day] = day()
    amount_minor: Series[Count] = minor(nullable=False)
    tax_minor: Series[Count] = minor()
    total_minor: Series[Count] = minor()
    remaining_minor: Series[Count] = minor()
    credited_minor: Series[Count] = minor()
    applies_to: Series[Text] = identifier(nullable=True)
    updated_at: Series[Instant] = instant()

    @pa.dataframe_check
    @classmethod
    def standing_was_posted(cls, frame: Any) -> Any:  # noqa: ANN401  # pandera hands in a frame
        """What counts in the books was posted."""
        return frame["is_posted"].fillna(value=True) | ~frame["is_standing"].fillna(value=False)


class ErpLines(Identified):
    """One line of an ERP document."""

    company: Series[Text] = identifier(nullable=True)
    document_external_id: Series[Text] = identifier()
    line_no: Series[SmallCount] = pa.Field(nullable=True, ge=0)
    line_type: Series[Text] = identifier(nullable=True)
    object_number: Series[Text] = identifier(nullable=True)
    project_key: Series[Text] = identifier(nullable=True)
    description: Series[Text] = prose(1_000)
    quantity: Series[Quantity] = price()
    unit_price: Series[Price] = price()
    amount_minor: Series[Count] = minor()
    currency: Series[Text] = currency(nullable=True)
    tax_code: Series[Text] = identifier(nullable=True)

    @pa.dataframe_check
    @classmethod
    def amount_has_currency(cls, frame: Any) -> Any:  # noqa: ANN401  # pandera hands in a frame
        """An amount without its currency says nothing."""
        return frame["amount_minor"].isna() | frame["currency"].notna()


class InvoiceStatuses(Identified):
    """What a PSA or time system says of one invoice and one subject."""

    subject_kind: Series[Text] = one_of("project", "milestone", "time_entry")
    subject_external_id: Series[Text] = identifier()
    reference: Series[Text] = identifier(nullable=True)
    status: Series[Text] = one_of(
        *("draft", "open", "part_paid", "paid", "part_credited", "credited"),
        *("cancelled", "invoiced"),
    )
    message: Series[Text] = prose(2_000)
    updated_at: Series[Instant] = instant()


VERSION = "1"
ERP_DOCUMENTS = Versioned(ErpDocuments, "3", fields={"standing_was_posted": "is_standing"})
ERP_LINES = Versioned(ErpLines, VERSION, fields={"amount_has_currency": "currency"})
INVOICE_STATUSES = Versioned(InvoiceStatuses, "2")
