"""Contracts of what goes out: billing events (priced posting lines) and posting batches."""

import pandera.pandas as pa
from pandera.typing import Series

from ps_integration.contracts.columns import (
    Count,
    Day,
    Price,
    Quantity,
    SmallCount,
    Text,
    currency,
    day,
    identifier,
    minor,
    one_of,
    price,
)
from ps_integration.contracts.model import Contract, Versioned


class BillingEvents(Contract):
    """One part, milestone, expense or adjustment, priced and ready for the ERP."""

    line_key: Series[Text] = identifier(max_length=1_000)
    document_ref: Series[Text] = identifier(nullable=True)
    line_no: Series[SmallCount] = pa.Field(nullable=True, ge=0)
    object_kind: Series[Text] = one_of("time_entry", "milestone", "expense", "adjustment")
    object_id: Series[Text] = identifier(max_length=400)
    part: Series[SmallCount] = pa.Field(ge=0)
    correction_no: Series[SmallCount] = pa.Field(ge=0)
    version_sha256: Series[Text] = identifier(nullable=True)
    project_id: Series[Text] = identifier(nullable=True)
    legal_entity: Series[Text] = identifier()
    period: Series[Text] = identifier()
    work_date: Series[Day] = day()
    seconds: Series[Count] = pa.Field(nullable=True)
    quantity: Series[Quantity] = price()
    unit_price: Series[Price] = price()
    amount_minor: Series[Count] = minor(nullable=False)
    currency: Series[Text] = currency()


class PostingBatches(Contract):
    """The documents that finance approves together."""

    batch_id: Series[Text] = identifier()
    system: Series[Text] = identifier()
    company: Series[Text] = identifier(nullable=True)
    legal_entity: Series[Text] = identifier()
    period: Series[Text] = identifier()
    currency: Series[Text] = currency()
    line_count: Series[Count] = pa.Field(ge=0)
    amount_minor: Series[Count] = minor(nullable=False)
    status: Series[Text] = identifier()


VERSION = "1"
BILLING_EVENTS = Versioned(BillingEvents, VERSION)
POSTING_BATCHES = Versioned(PostingBatches, VERSION)
