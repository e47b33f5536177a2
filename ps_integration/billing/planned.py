"""What a plan is made of: batches of documents of lines, frozen, with their hashes."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from ps_integration.domain.merkle import Proof


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """One part of an entry, or one milestone, priced; or what corrects one that was posted.

    Attributes:
        line_key: Identity: target system|source system|object kind|external id|part|correction.
        object_id: `system:external_id` of the entry or milestone.
        period: Month of the work; the document's `period` is the month it posts into.
        seconds: Worked seconds; 0 for a milestone.
        quantity: Hours at the ERP's scale; 1 for a milestone.
        unit_price: Price of one unit in major units of `currency`.
        amount_minor: Signed; negative on a line that takes back.
        description: At most 100 characters, no person's name.
        correction: `reversal` takes one posted line back exactly, `rebill` bills what is due,
            `delta` adds the difference; none on a first line.
        corrects_document_ref: The document whose line it corrects, or that the ERP cancelled.
        corrects_line_key: That line.
        corrects_reason: Why, e.g. `edited_after_posting`.
    """

    line_no: int
    line_key: str
    object_kind: str
    object_id: str
    part: int
    correction_no: int
    version_sha256: str
    project_id: str
    legal_entity: str
    period: str
    work_date: date
    seconds: int
    quantity: Decimal
    unit_price: Decimal
    amount_minor: int
    currency: str
    description: str
    correction: str | None = None
    corrects_document_ref: str | None = None
    corrects_line_key: str | None = None
    corrects_reason: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedDocument:
    """One ERP document: all ready lines of one project in one posting period of one batch.

    Attributes:
        kind: `credit_memo` when the lines come to less than zero.
        project_id: Canonical id; `project_external_id` is the ERP's own.
        period: Posting period.
        posting_date: Last work date in the posting period, else the nearest day of it.
        amount_minor: Signed sum of the lines; negative on a credit memo.
        content_sha256: Hash of everything else here.
    """

    document_ref: str
    kind: Literal["invoice", "credit_memo"]
    system: str
    company: str
    legal_entity: str
    project_id: str
    project_external_id: str
    customer_key: str
    currency: str
    period: str
    posting_date: date
    purchase_order: str | None
    tax_code: str | None
    cost_centre: str | None
    revenue_account: str | None
    amount_minor: int
    lines: tuple[PlannedLine, ...]
    content_sha256: str


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """The documents that finance approves together.

    Attributes:
        batch_id: First 16 characters of `content_sha256`.
        merkle_root: Root over the documents' hashes, in the order of `documents`.
        proofs: By document reference, the proof that the document is under the root.
        documents: Ordered by project. Large plans hand out documents from the warehouse as they
            are asked for, so iterate rather than copy; valid until the next plan is made.
    """

    batch_id: str
    content_sha256: str
    merkle_root: str
    proofs: Mapping[str, Proof]
    system: str
    company: str
    legal_entity: str
    period: str
    currency: str
    amount_minor: int
    line_count: int
    documents: Sequence[PlannedDocument]


def content_bytes(value: object) -> bytes:
    """Canonical JSON: keys sorted, decimals and dates as text, no blanks."""
    return msgspec.json.encode(value, order="sorted")


def sealed(document: PlannedDocument) -> PlannedDocument:
    """The same document with its content hash: SHA-256 over all its fields, the hash left ''."""
    content = content_bytes(replace(document, content_sha256=""))
    return replace(document, content_sha256=hashlib.sha256(content).hexdigest())
