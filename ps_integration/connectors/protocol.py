"""The seam between the suite and a vendor: what one vendor file declares and implements."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol, runtime_checkable

from ps_integration.domain.posting import Outcome, Recovery, Scope
from ps_integration.domain.records import (
    CanonicalRow,
    Capability,
    JsonObject,
    RawRecord,
)
from ps_integration.errors import FixConfigError

Mode = Literal["incremental", "full", "window"]


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of record a system can be asked for.

    Attributes:
        name: e.g. `time_entries`; unique inside the vendor.
        mode: `incremental` = filter by the source's time of change from the watermark, with an
            overlap; `full` = complete listing every night (a complete listing also shows what
            vanished); `window` = complete re-listing of the open days only.
        full_every_days: An incremental stream is also listed completely this often, so that
            deletions without a tombstone are seen (0 = never).
        is_optional: A system may lack it (e.g. a custom API); then the rules that need it
            report that they could not run.
        feeds: Canonical tables its records become.
        is_from_entries: It is made of what time entries name, so it knows nothing that they do not
            say: a mistyped project is one of its records.
    """

    name: str
    mode: Mode
    feeds: tuple[str, ...]
    full_every_days: int = 1
    is_optional: bool = False
    is_from_entries: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """What to read this time.

    Attributes:
        stream: The stream.
        mode: How; a full read of an incremental stream has no `since`.
        since: Inclusive lower bound on the source's time of change (overlap already taken off).
        window: Days `[start, end)` to re-list, for `window` reads.
        as_of: The night's instant; nothing later is asked for.
    """

    stream: Stream
    mode: Mode
    since: datetime | None
    window: tuple[date, date] | None
    as_of: datetime


class Connector(Protocol):
    """Reads one connected system. One instance serves one system for one run."""

    system: str

    def streams(self) -> Sequence[Stream]:
        """Every stream this system offers in its roles, in the order they should be read."""

    def pages(self, ask: Ask) -> Iterator[Sequence[RawRecord]]:
        """Yield pages of raw records, complete and in the source's order.

        Raises:
            RetryLaterError: The system is out of reach or busy; nothing is lost.
            FixConfigError: Credentials or settings are wrong.
            BadAnswerError: An answer could not be read; the read is incomplete.
        """

    def parse(self, stream: str, payload: JsonObject) -> Sequence[CanonicalRow]:
        """Turn one strictly parsed record into canonical rows. Pure; no network.

        Raises:
            RecordRefusedError: The record cannot be read; names field, value and rule.
        """

    def probe(self) -> Mapping[str, object]:
        """Cheapest authenticated call: who we are, rights, the server's clock (`server_time`)."""


@runtime_checkable
class Exports(Protocol):
    """A connector that reads what its system wrote down earlier: it knows nothing since."""

    def exported_at(self, stream: str) -> datetime | None:
        """When the newest of what was read of this stream was written; None before any."""


@dataclass(frozen=True, slots=True)
class ErpLine:
    """One line of an ERP document, vendor-free; a milestone is billed as one piece."""

    line_no: int
    description: str
    quantity: str  # decimal text at the ERP's quantity scale
    unit_price: str  # decimal text
    amount_minor: int
    project_id: str
    project_external_id: str
    revenue_account: str
    tax_code: str | None
    cost_centre: str | None
    unit: Literal["hour", "piece"] = "hour"


@dataclass(frozen=True, slots=True)
class ErpDocument:
    """One invoice or credit memo to be written, vendor-free. Amounts before tax.

    `reference` is our identity for it, looked up before any resend.
    """

    reference: str
    kind: Literal["invoice", "credit_memo"]
    company: str
    customer_key: str
    currency: str
    invoice_date: date
    posting_date: date
    purchase_order: str | None
    amount_minor: int
    lines: tuple[ErpLine, ...]


@dataclass(frozen=True, slots=True)
class ErpReceipt:
    """What the ERP holds under one reference, as read from the ERP itself.

    `tax_minor` is positive in both kinds; None where the ERP gives none. `invoice_date` is None
    where the ERP gives that date itself, so that there is none of ours to compare it with.
    """

    erp_id: str
    number: str
    reference: str
    kind: str
    state: Literal["draft", "posted", "cancelled"]
    customer_key: str
    currency: str
    posting_date: date
    amount_minor: int
    line_amounts_minor: tuple[int, ...]
    tax_minor: int | None = None
    invoice_date: date | None = None


class NotMappedError(FixConfigError):
    """A document cannot be put into the ERP's own terms, so nothing of it was sent.

    Attributes:
        scope: What lacks the mapping: this document, or its whole project.
    """

    def __init__(self, message: str, scope: Literal["document", "project"]) -> None:
        super().__init__(message)
        self.scope: Scope = scope

    @property
    def answer(self) -> "WriteAnswer":
        """What it means for a write."""
        return WriteAnswer(
            "refused", message=str(self), recovery="fix_configuration", scope=self.scope
        )


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """How one write ended (faults catalogue, outcome classes).

    Attributes:
        outcome: `accepted` has a receipt; `refused` is the vendor's documented refusal of this
            request; `not_sent` never left; `throttled` is documented as not processed;
            `ambiguous` is everything else.
        receipt: What was created or posted.
        code: The vendor's error code.
        message: The vendor's message, without secrets.
        bad_lines: Line numbers the vendor blamed, when it says so.
        recovery: What must happen next for a refusal.
        scope: What a refusal says something about. A connector declares it for every refusal
            that asks to fix the configuration.
        retry_after_seconds: What the vendor asked for.
    """

    outcome: Outcome
    receipt: ErpReceipt | None = None
    code: str = ""
    message: str = ""
    bad_lines: tuple[int, ...] = ()
    recovery: Recovery = ""
    scope: Scope = "document"
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request as it leaves: what `create` sends, and what a preview shows.

    `path` is below the system's address; `body` is the exact bytes; no header with a secret.
    """

    method: str
    path: str
    body: bytes


class ErpWriter(Protocol):
    """Writes documents to one ERP. Never retries a write by itself."""

    capability: Capability

    def outgoing(self, document: ErpDocument) -> Outgoing:
        """The request that `create` sends for this document. Pure; no network.

        Raises:
            NotMappedError: The document cannot be put into the ERP's terms.
        """

    def validate(self, document: ErpDocument) -> WriteAnswer | None:
        """The ERP's own verdict without writing anything; None where it offers none."""

    def ours(self, company: str, prefix: str) -> Sequence[ErpReceipt]:
        """Every document of a company whose reference starts with `prefix`, drafts included.

        What a store that was restored from an older copy catches up from.

        Raises:
            RetryLaterError: The ERP could not be asked.
        """

    def create(self, document: ErpDocument) -> WriteAnswer:
        """Create the document (a draft where the ERP has drafts)."""

    def post(self, document: ErpDocument, erp_id: str) -> WriteAnswer:
        """Post a draft."""

    def find(self, company: str, reference: str) -> Sequence[ErpReceipt]:
        """Everything the ERP holds under this reference, drafts and posted, read fresh.

        Raises:
            RetryLaterError: The ERP could not be asked; this is not the same as not found.
        """

    def numbered(self, company: str, number: str) -> Sequence[ErpReceipt]:
        """Every document that has the ERP's own number, under whatever reference, read fresh.

        Raises:
            RetryLaterError: The ERP could not be asked; this is not the same as not found.
        """

    def discard_draft(self, company: str, erp_id: str) -> WriteAnswer:
        """Delete a draft that must not be posted."""


InvoiceStatus = Literal[
    "draft",
    "open",
    "part_paid",
    "paid",
    "part_credited",
    "credited",
    "cancelled",
    "invoiced",
]
"""What a copy is told of an invoice; credited is what has nothing left to pay and was not paid in
full, part credited what was credited in part and not paid at all."""


@dataclass(frozen=True, slots=True)
class StatusNote:
    """What a PSA or time system shall know about one invoice and one subject."""

    subject_kind: Literal["project", "milestone", "time_entry"]
    subject_external_id: str
    reference: str
    number: str
    status: InvoiceStatus
    message: str
    link: str | None = None


class FeedbackWriter(Protocol):
    """Tells a PSA or time system about billing. Upserts: telling twice changes nothing."""

    def tell(self, notes: Sequence[StatusNote]) -> Sequence[WriteAnswer]:
        """Write the notes; one answer per note, in order."""
