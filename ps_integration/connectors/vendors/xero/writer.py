"""Writes sales invoices and credit notes to Xero, under a key that Xero itself remembers.

Every create carries an `Idempotency-Key` made of organisation, kind and our reference. Xero keeps
the answer to a key for six minutes from its first use, and answers a second request under it with
that answer; the same key with another request is a 400 (vendor page "Idempotent requests"). Keys
belong to the application, so the organisation is part of them. A reference is never given to a
second document, and what is billed again after a draft was discarded has a new reference, hence a
new key. Should a kept answer still speak of a document that is gone, the read-back that ends every
create shows it: what counts is what Xero holds, not the answer.

Our reference is also the document's number (`InvoiceNumber`, `CreditNoteNumber`): it can be looked
up exactly, and a PUT with the number of a sales invoice that exists is refused, however late it
comes ("Invoices"). POST would overwrite that invoice, so it is used with an id only. The field
`Reference` is not unique and carries the customer's order.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

from ps_integration.connectors.answers import NotThereError
from ps_integration.connectors.encoding import encoded
from ps_integration.connectors.http import ApiClient
from ps_integration.connectors.outcome import Reply
from ps_integration.connectors.protocol import (
    ErpDocument,
    ErpLine,
    ErpReceipt,
    NotMappedError,
    Outgoing,
    WriteAnswer,
)
from ps_integration.connectors.vendors.xero.api import (
    IDS,
    KINDS,
    NUMBERS,
    SETS,
    TYPES,
    Kind,
    literal,
    tenant,
)
from ps_integration.connectors.vendors.xero.options import Options
from ps_integration.connectors.vendors.xero.receipts import Receipts, State
from ps_integration.connectors.vendors.xero.refusals import doubt, element_refusal, refusal
from ps_integration.domain.money import Money
from ps_integration.domain.records import Capability, Json
from ps_integration.errors import BadAnswerError, FixConfigError, RetryLaterError

COMMIT_DELAY_SECONDS: Final = 300.0  # not published: above any gateway's patience
KEY_SECONDS: Final = 360.0
KEY_MAX: Final = 128
REFERENCE_MAX: Final = 64  # 255 in the field; a key holds tenant id, kind and reference
DESCRIPTION_MAX: Final = 4000
QUANTITY_DECIMALS: Final = 4
CONCURRENCY: Final = 5
NO_ID: Final = "00000000-0000-0000-0000-000000000000"
_WRITE: Final = "?summarizeErrors=false&unitdp=4"
_UNREADABLE: Final = (RetryLaterError, FixConfigError, BadAnswerError)


class XeroWriter:
    """Writes to the organisations of one connection; every write is sent once."""

    def __init__(
        self, client: ApiClient, options: Options, max_commit_delay_seconds: float | None = None
    ) -> None:
        """Take the connection's client and options; the delay is the firm's own, if it has one."""
        self.capability = Capability(
            posting_class="K",
            max_commit_delay_seconds=max_commit_delay_seconds or COMMIT_DELAY_SECONDS,
            reference_max_length=REFERENCE_MAX,
            quantity_decimals=QUANTITY_DECIMALS,
            creates_then_posts=options.draft_first,
            key_retention_seconds=KEY_SECONDS,
            concurrency=CONCURRENCY,
            dates="one",
        )
        self._client = client
        self._options = options
        self._receipts = Receipts(client, options)

    def outgoing(self, document: ErpDocument) -> Outgoing:
        """The creation of one document; its key is a header beside it."""
        body: Json = {SETS[document.kind]: [self._body(document)]}
        return Outgoing("PUT", f"/{SETS[document.kind]}{_WRITE}", encoded(body))

    def validate(self, document: ErpDocument) -> WriteAnswer | None:  # noqa: ARG002 - protocol
        """None: Xero checks a document only when it is saved."""
        return None

    def create(self, document: ErpDocument) -> WriteAnswer:
        """Create the document, approved unless drafts come first, and read it back."""
        request = self.outgoing(document)
        headers = {**tenant(document.company), "Idempotency-Key": key_of(document)}
        reply = self._client.send("PUT", request.path, request.body, headers)
        expected: State = "draft" if self.capability.creates_then_posts else "posted"
        return self._told(document, reply, expected)

    def post(self, document: ErpDocument, erp_id: str) -> WriteAnswer:
        """Approve a draft; a refusal counts only while the draft is seen to be one still."""
        answer = self._change(document.kind, document.company, erp_id, "AUTHORISED")
        if answer.outcome == "accepted":
            return self._read_back(document, erp_id, "posted")
        if answer.outcome == "refused":
            still = self._read_back(document, erp_id, "draft")
            return answer if still.outcome == "accepted" else still
        return answer

    def find(self, company: str, reference: str) -> Sequence[ErpReceipt]:
        """Everything under this reference, drafts, approved, voided and deleted ones included.

        Raises:
            RetryLaterError: The ERP could not be asked.
            FixConfigError: It refuses the credentials.
            BadAnswerError: Its answer cannot be read.
        """
        credit = f"CreditNoteNumber!=null AND CreditNoteNumber=={literal(reference)}"
        found = self._receipts.listed("invoice", company, {"InvoiceNumbers": reference})
        found += self._receipts.listed("credit_memo", company, {"where": credit})
        return [receipt for receipt in found if receipt.reference == reference]

    def numbered(self, company: str, number: str) -> Sequence[ErpReceipt]:
        """Everything of this number, which is our reference; see `find`."""
        return self.find(company, number)

    def ours(self, company: str, prefix: str) -> Sequence[ErpReceipt]:
        """Everything whose reference starts so, in any state.

        Raises:
            RetryLaterError: The ERP could not be asked.
            FixConfigError: It refuses the credentials.
            BadAnswerError: Its answer cannot be read.
        """
        found = []
        for kind in KINDS:
            field = NUMBERS[kind]
            query = f"{field}!=null AND {field}.StartsWith({literal(prefix)})"
            found += self._receipts.listed(kind, company, {"where": query})
        return [receipt for receipt in found if receipt.reference.startswith(prefix)]

    def discard_draft(self, company: str, erp_id: str) -> WriteAnswer:
        """Delete a draft, which stays readable as deleted; one already gone is accepted."""
        for kind in KINDS:
            try:
                receipt = self._receipts.read(kind, company, erp_id)
            except NotThereError:
                continue
            except _UNREADABLE as error:
                return WriteAnswer("not_sent", message=str(error), recovery="retry_later")
            if receipt.state == "posted":
                said = f"{erp_id} is posted, not a draft; it was left alone"
                return WriteAnswer("refused", receipt, message=said, recovery="fix_data")
            if receipt.state == "cancelled":
                return WriteAnswer("accepted", receipt)
            return self._change(kind, company, erp_id, "DELETED")
        return WriteAnswer("accepted", message=f"{erp_id} is not there any more")

    def _body(self, document: ErpDocument) -> Json:
        """One contact field goes out, so that no contact is changed or made."""
        number = document.customer_key
        by_number = self._options.contact_key == "ContactNumber"
        body: dict[str, object] = {
            "Type": TYPES[document.kind],
            NUMBERS[document.kind]: document.reference,
            "Contact": {self._options.contact_key: number.upper() if by_number else number},
            "Date": document.invoice_date.isoformat(),
            "CurrencyCode": document.currency,
            "LineAmountTypes": "Exclusive",
            "Status": "DRAFT" if self._options.draft_first else "AUTHORISED",
            "LineItems": [self._line(document.currency, line) for line in document.lines],
        }
        if document.kind == "invoice":
            due = document.invoice_date + timedelta(days=self._options.payment_days)
            body["DueDate"] = due.isoformat()
        if document.purchase_order:
            body["Reference"] = document.purchase_order
        return body

    def _line(self, currency: str, line: ErpLine) -> Json:
        """The amount goes out too: Xero refuses a line that it would round otherwise."""
        options = self._options
        code = line.project_external_id.partition("/")[2] or line.project_id.upper()
        tracking: list[object] = [{"Name": options.project_tracking, "Option": code}]
        if line.cost_centre and options.cost_centre_tracking:
            tracking.append({"Name": options.cost_centre_tracking, "Option": line.cost_centre})
        body: dict[str, object] = {
            "Description": line.description[:DESCRIPTION_MAX],
            "Quantity": Decimal(line.quantity),
            "UnitAmount": Decimal(line.unit_price),
            "LineAmount": Money(line.amount_minor, currency).amount,
            "AccountCode": line.revenue_account,
            "Tracking": tracking,
        }
        return {**body, "TaxType": line.tax_code} if line.tax_code else body

    def _change(self, kind: Kind, company: str, erp_id: str, status: str) -> WriteAnswer:
        """Give one document another status and nothing else; told by its element."""
        body: Json = {SETS[kind]: [{IDS[SETS[kind]]: erp_id, "Status": status}]}
        address = f"/{SETS[kind]}{_WRITE}"
        reply = self._client.send("POST", address, body, tenant(company))
        if reply.settled is not None:
            return reply.settled
        if reply.kind == "error":
            return refusal(reply)
        element = _element(reply.json, kind, IDS[SETS[kind]], erp_id)
        if element is None:
            return doubt(f"{reply.message} without the document {erp_id}")
        return element_refusal(element) if _is_error(element) else WriteAnswer("accepted")

    def _read_back(self, document: ErpDocument, erp_id: str, expected: State) -> WriteAnswer:
        """What Xero itself now says; anything but our reference in that state is a doubt."""
        try:
            receipt = self._receipts.read(document.kind, document.company, erp_id)
        except _UNREADABLE as error:
            return doubt(f"{erp_id} could not be read back: {error}")
        if receipt.reference != document.reference or receipt.state != expected:
            return doubt(f"{erp_id} is {receipt.state} under {receipt.reference!r}")
        return WriteAnswer("accepted", receipt)

    def _told(self, document: ErpDocument, reply: Reply, expected: State) -> WriteAnswer:
        """What a creation's answer means, by its own element."""
        if reply.settled is not None:
            return reply.settled
        if reply.kind == "error":
            return refusal(reply)
        element = _element(reply.json, document.kind, NUMBERS[document.kind], document.reference)
        if element is None:
            return doubt(f"{reply.message} without our document")
        created = element.get(IDS[SETS[document.kind]])
        if _is_error(element):
            answer = element_refusal(element)
            is_new = created in (None, NO_ID)
            return answer if is_new else doubt(f"{created}: {answer.message}", answer.code)
        if not isinstance(created, str):
            return doubt(f"{reply.message} without the id of a document")
        return self._read_back(document, created, expected)


def key_of(document: ErpDocument) -> str:
    """The idempotency key: an identity, never its amounts, so a corrected copy cannot slip by.

    Raises:
        NotMappedError: It is longer than Xero takes.
    """
    key = f"{document.company}/{document.kind}/{document.reference}"
    if len(key) > KEY_MAX:
        said = f"{document.reference}: an idempotency key has {KEY_MAX} characters"
        raise NotMappedError(said, "document")
    return key


def _element(body: Json, kind: Kind, field: str, wanted: str) -> Mapping[str, object] | None:
    """The one element of an answer that is ours; None where there is none, or several."""
    elements = body.get(SETS[kind]) if isinstance(body, dict) else None
    found = [
        one
        for one in (elements if isinstance(elements, list) else [])
        if isinstance(one, dict) and one.get(field) == wanted
    ]
    return found[0] if len(found) == 1 else None


def _is_error(element: Mapping[str, object]) -> bool:
    """Warnings are no errors; an element that says nothing of its status was saved."""
    told = element.get("StatusAttributeString")
    return bool(element.get("HasErrors") or element.get("ValidationErrors") or told == "ERROR")
