"""Writes sales invoices and credit memos to Business Central, each as a draft that is then posted.

There is no idempotency key: two creates make two drafts. Our reference stands in
`externalDocumentNumber` (35 characters, not unique there) and is looked up, never assumed absent.
A draft keeps its id when it is posted and takes a number of the posted series. A request may run
for ten minutes before the gateway gives up ("Operational limits"), and may commit after that.
Vendor pages "salesInvoice", "salesCreditMemo", actions `Microsoft.NAV.post`.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import zip_longest
from typing import Final, Literal

from ps_integration.connectors.answers import NotThereError
from ps_integration.connectors.compose import listed, whole
from ps_integration.connectors.encoding import encoded
from ps_integration.connectors.fields import Fields
from ps_integration.connectors.http import ApiClient
from ps_integration.connectors.outcome import Reply
from ps_integration.connectors.protocol import (
    ErpDocument,
    ErpLine,
    ErpReceipt,
    Outgoing,
    WriteAnswer,
)
from ps_integration.connectors.vendors.business_central.api import (
    STANDARD,
    literal,
    path,
    read_all,
)
from ps_integration.connectors.vendors.business_central.documents import DATES, LINES, includes_tax
from ps_integration.connectors.vendors.business_central.masters import enumerated
from ps_integration.connectors.vendors.business_central.options import Options
from ps_integration.connectors.vendors.business_central.refusals import doubt, refusal
from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.domain.records import Capability, Json, RecordRefusedError
from ps_integration.domain.text import match_key
from ps_integration.errors import BadAnswerError, FixConfigError, RetryLaterError

Kind = Literal["invoice", "credit_memo"]
State = Literal["draft", "posted", "cancelled"]
KINDS: Final[tuple[Kind, ...]] = ("invoice", "credit_memo")
SETS: Final[Mapping[str, str]] = {"invoice": "salesInvoices", "credit_memo": "salesCreditMemos"}
STATES: Final[Mapping[str, State]] = {
    "Draft": "draft",
    "In Review": "draft",
    "Open": "posted",
    "Paid": "posted",
    "Corrective": "posted",
    "Canceled": "cancelled",
}
COMMIT_DELAY_SECONDS: Final = 600.0
CONCURRENCY: Final = 5
"""Requests that one user may have under way ("Operational limits")."""
REFERENCE_MAX: Final = 35
DESCRIPTION_MAX: Final = 100
QUANTITY_DECIMALS: Final = 5
_PRICE_STEP: Final = Decimal("0.00001")
_UNREADABLE: Final = (RetryLaterError, FixConfigError, BadAnswerError)


class BusinessCentralWriter:
    """Writes to the companies of one environment; every write is sent once."""

    def __init__(
        self, client: ApiClient, options: Options, max_commit_delay_seconds: float | None = None
    ) -> None:
        """Take the environment's client and options; the delay is the firm's own, if it has one."""
        delay = max_commit_delay_seconds or COMMIT_DELAY_SECONDS
        self.capability = Capability(
            posting_class="F",
            max_commit_delay_seconds=delay,
            reference_max_length=REFERENCE_MAX,
            quantity_decimals=QUANTITY_DECIMALS,
            creates_then_posts=True,
            concurrency=CONCURRENCY,
        )
        self._client = client
        self._options = options

    def outgoing(self, document: ErpDocument) -> Outgoing:
        """The deep insert of a draft."""
        address = path(STANDARD, document.company, SETS[document.kind])
        return Outgoing("POST", address, encoded(self._body(document)))

    def validate(self, document: ErpDocument) -> WriteAnswer | None:  # noqa: ARG002 - protocol
        """None: Business Central checks a document only when it is posted."""
        return None

    def create(self, document: ErpDocument) -> WriteAnswer:
        """Create a draft with its lines in one request (deep insert), and read it back.

        Whether prices include tax is on the customer's card, which the API does not show; the
        draft says it. Then it is made anew at prices with tax.
        """
        answer, percents = self._created(document, self.outgoing(document).body)
        if answer.receipt is None or percents is None:
            return answer
        discarded = self.discard_draft(document.company, answer.receipt.erp_id)
        if discarded.outcome != "accepted":
            return doubt(f"{answer.receipt.erp_id} is at prices with tax, and could not be deleted")
        answer, _ = self._created(document, encoded(self._body(document, percents)))
        return answer if answer.receipt is None else self._if_equal(document, answer.receipt)

    def _created(
        self, document: ErpDocument, body: bytes
    ) -> tuple[WriteAnswer, Sequence[Decimal] | None]:
        """One deep insert; with the tax of each line in percent where prices include it."""
        request = self.outgoing(document)
        reply = self._client.send("POST", request.path, body)
        if (settled := _settled(reply)) is not None:
            return settled, None
        created = reply.json.get("id") if isinstance(reply.json, dict) else None
        if not isinstance(created, str):
            return doubt(f"{reply.message} without the id of a draft"), None
        return self._shown(document, created, "draft")

    def _if_equal(self, document: ErpDocument, receipt: ErpReceipt) -> WriteAnswer:
        """A draft at prices with tax, when it comes to what was approved; else it is deleted."""
        pairs = zip_longest(document.lines, receipt.line_amounts_minor)
        other = [line for line, minor in pairs if line is None or line.amount_minor != minor]
        if not other:
            return WriteAnswer("accepted", receipt)
        if self.discard_draft(document.company, receipt.erp_id).outcome != "accepted":
            return doubt(f"{receipt.erp_id} is not what was approved, and could not be deleted")
        said = (
            f"customer {document.customer_key.upper()} has prices including VAT in Business "
            f"Central, and no price with tax there comes to the approved amount"
        )
        blamed = tuple(line.line_no for line in other if line is not None)
        return WriteAnswer("refused", message=said, bad_lines=blamed, recovery="fix_data")

    def post(self, document: ErpDocument, erp_id: str) -> WriteAnswer:
        """Post a draft; a refusal counts only while the draft is seen to be one still."""
        address = path(STANDARD, document.company, f"{SETS[document.kind]}({erp_id})")
        reply = self._client.send("POST", f"{address}/Microsoft.NAV.post", may_be_empty=True)
        settled = _settled(reply)
        if settled is None:
            return self._read_back(document, erp_id, "posted")
        if settled.outcome == "refused":
            still = self._read_back(document, erp_id, "draft")
            return settled if still.outcome == "accepted" else still
        return settled

    def find(self, company: str, reference: str) -> Sequence[ErpReceipt]:
        """Everything under this reference, invoices and credit memos, drafts and posted.

        Raises:
            RetryLaterError: The ERP could not be asked.
            FixConfigError: It refuses the credentials.
            BadAnswerError: Its answer cannot be read.
        """
        return self._listed(company, f"externalDocumentNumber eq {literal(reference)}")

    def ours(self, company: str, prefix: str) -> Sequence[ErpReceipt]:
        """Everything whose reference starts so, invoices and credit memos, drafts and posted.

        Raises:
            RetryLaterError: The ERP could not be asked.
            FixConfigError: It refuses the credentials.
            BadAnswerError: Its answer cannot be read.
        """
        return self._listed(company, f"startswith(externalDocumentNumber,{literal(prefix)})")

    def numbered(self, company: str, number: str) -> Sequence[ErpReceipt]:
        """Everything of this number; an invoice and a credit memo may share one. See `find`."""
        return self._listed(company, f"number eq {literal(number)}")

    def _listed(self, company: str, query: str) -> Sequence[ErpReceipt]:
        found = []
        for kind in KINDS:
            asked = {"$filter": query, "$expand": LINES[kind]}
            address = path(STANDARD, company, SETS[kind])
            for page in read_all(self._client, address, asked, self._options.page_size):
                found += [_receipt(kind, value) for _, value in page.records]
        return found

    def discard_draft(self, company: str, erp_id: str) -> WriteAnswer:
        """Delete a draft as it was read (`If-Match`); one already gone is accepted."""
        for kind in KINDS:
            address = path(STANDARD, company, f"{SETS[kind]}({erp_id})")
            try:
                answer = self._client.get_json(address, {"$expand": LINES[kind]})
                receipt = _receipt(kind, answer.json)
                etag = str(_object(answer.json).get("@odata.etag", "*"))
            except NotThereError:
                continue
            except _UNREADABLE as error:
                return WriteAnswer("not_sent", message=str(error), recovery="retry_later")
            if receipt.state != "draft":
                said = f"{erp_id} is {receipt.state}, not a draft; it was left alone"
                return WriteAnswer("refused", receipt, message=said, recovery="fix_data")
            reply = self._client.send(
                "DELETE", address, headers={"If-Match": etag}, may_be_empty=True
            )
            return _settled(reply) or WriteAnswer("accepted", receipt)
        return WriteAnswer("accepted", message=f"{erp_id} is not there any more")

    def _body(self, document: ErpDocument, percents: Sequence[Decimal] = ()) -> Json:
        """The currency is always named: left out, the customer's own would be taken.

        Args:
            document: The document.
            percents: Tax of each line, where the customer's prices include it.
        """
        prices = (
            [
                _price_with_tax(line, percent, document.currency)
                for line, percent in zip(document.lines, percents, strict=True)
            ]
            if percents
            else [Decimal(line.unit_price) for line in document.lines]
        )
        body: dict[str, object] = {
            "externalDocumentNumber": document.reference,
            "customerNumber": document.customer_key.upper(),
            "currencyCode": document.currency,
            DATES[document.kind]: document.invoice_date.isoformat(),
            "postingDate": document.posting_date.isoformat(),
            LINES[document.kind]: [
                self._line(line, price) for line, price in zip(document.lines, prices, strict=True)
            ],
        }
        if document.purchase_order and document.kind == "invoice":
            body["customerPurchaseOrderReference"] = document.purchase_order
        return body

    def _line(self, line: ErpLine, price: Decimal) -> Json:
        """Numbers and codes are in capitals there; a project's code is its dimension value."""
        options = self._options
        number = line.project_external_id.partition("/")[2] or line.project_id.upper()
        dimensions: list[object] = [{"code": options.project_dimension, "valueCode": number}]
        if line.cost_centre and options.cost_centre_dimension:
            dimensions.append(
                {"code": options.cost_centre_dimension, "valueCode": line.cost_centre}
            )
        is_resource = line.revenue_account in options.revenue_resources
        body: dict[str, object] = {
            "lineType": "Resource" if is_resource else "Account",
            "lineObjectNumber": line.revenue_account,
            "description": line.description[:DESCRIPTION_MAX],
            "quantity": Decimal(line.quantity),
            "unitPrice": price,
            "dimensionSetLines": dimensions,
        }
        return {**body, "taxCode": line.tax_code} if line.tax_code else body

    def _read_back(self, document: ErpDocument, erp_id: str, expected: State) -> WriteAnswer:
        """What the ERP itself now says; anything but our reference in that state is a doubt."""
        return self._shown(document, erp_id, expected)[0]

    def _shown(
        self, document: ErpDocument, erp_id: str, expected: State
    ) -> tuple[WriteAnswer, Sequence[Decimal] | None]:
        """The same, with the tax of each line in percent where the prices include it."""
        address = path(STANDARD, document.company, f"{SETS[document.kind]}({erp_id})")
        try:
            answer = self._client.get_json(address, {"$expand": LINES[document.kind]})
            receipt = _receipt(document.kind, answer.json)
            percents = _percents(document.kind, answer.json)
        except _UNREADABLE as error:
            return doubt(f"{erp_id} could not be read back: {error}"), None
        if receipt.reference != document.reference or receipt.state != expected:
            return doubt(f"{erp_id} is {receipt.state} under {receipt.reference!r}"), None
        return WriteAnswer("accepted", receipt), percents


def _price_with_tax(line: ErpLine, percent: Decimal, currency: str) -> Decimal:
    """The price with tax whose amount before tax is the line's, as Business Central rounds.

    Mostly our price and its tax; else the price to which the amount with tax comes.
    """
    step = Decimal(1).scaleb(-MINOR_UNITS[currency])
    factor, quantity = 1 + percent / 100, Decimal(line.quantity)
    amount = line.amount_minor * step
    price = (Decimal(line.unit_price) * factor).quantize(_PRICE_STEP, ROUND_HALF_UP)
    total = (quantity * price).quantize(step, ROUND_HALF_UP)
    if (total / factor).quantize(step, ROUND_HALF_UP) == amount or not quantity:
        return price
    total = (amount * factor).quantize(step, ROUND_HALF_UP)
    return (total / quantity).quantize(_PRICE_STEP, ROUND_HALF_UP)


def _percents(kind: str, value: Json) -> Sequence[Decimal] | None:
    """Tax of each line in percent, in the lines' order; None where prices are before tax.

    Raises:
        BadAnswerError: The answer does not say it.
    """
    record = Fields(_object(value))
    if not includes_tax(record):
        return None
    try:
        lines = sorted(listed(record, LINES[kind]), key=lambda line: whole(line, "sequence"))
        return [line.number("taxPercent") for line in lines]
    except RecordRefusedError as error:
        raise BadAnswerError(f"a {kind} in the answer cannot be read: {error}") from None


def _settled(reply: Reply) -> WriteAnswer | None:
    if reply.settled is not None:
        return reply.settled
    return refusal(reply) if reply.kind == "error" else None


def _object(value: Json) -> dict[str, object]:
    if not isinstance(value, dict):
        raise BadAnswerError("the answer is not one record")
    return value


def _receipt(kind: str, value: Json) -> ErpReceipt:
    """What the ERP holds, from its own answer; lines in its order.

    Raises:
        BadAnswerError: The answer is not such a document.
    """
    try:
        return _read(kind, Fields(_object(value)))
    except RecordRefusedError as error:
        raise BadAnswerError(f"a {kind} in the answer cannot be read: {error}") from None


def _read(kind: str, record: Fields) -> ErpReceipt:
    currency = record.currency("currencyCode")
    lines = sorted(listed(record, LINES[kind]), key=lambda line: whole(line, "sequence"))
    return ErpReceipt(
        erp_id=record.ident("id"),
        number=record.text("number"),
        reference=record.opt_text("externalDocumentNumber") or "",
        kind=kind,
        state=enumerated(record, "status", STATES),
        customer_key=match_key(record.text("customerNumber")) or "",
        currency=currency,
        posting_date=record.day("postingDate"),
        invoice_date=record.day(DATES[kind]),
        amount_minor=record.money("totalAmountExcludingTax", currency),
        line_amounts_minor=tuple(line.money("netAmount", currency) for line in lines),
        tax_minor=record.opt_money("totalTaxAmount", currency),
    )
