"""Writes customer invoices and credit notes to Tryton, each as a draft that is then posted.

There is no idempotency key: `reference` is not unique there, two creates make two drafts. It is
looked up, never assumed absent. A call is one transaction that the server runs to its end after the
caller has gone: without a limit of its own (only workers and database locks bound it), retried up
to five times when the database is busy. The period of a document is that of its accounting date,
and only posting looks whether it is open. Numbering wants invoice dates that never fall, which the
day of posting does not. Source: Tryton module documentation of `account_invoice`, and the server's
dispatcher.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from ps_integration.connectors.outcome import Reply
from ps_integration.connectors.protocol import (
    ErpDocument,
    ErpLine,
    ErpReceipt,
    Outgoing,
    WriteAnswer,
)
from ps_integration.connectors.vendors.tryton.directory import Directory, NotKnownError
from ps_integration.connectors.vendors.tryton.documents import INVOICE
from ps_integration.connectors.vendors.tryton.options import Options
from ps_integration.connectors.vendors.tryton.receipts import State, receipt_of
from ps_integration.connectors.vendors.tryton.refusals import (
    PAST_PAYMENT,
    doubt,
    settled,
    warning_of,
)
from ps_integration.connectors.vendors.tryton.rpc import Rpc, body_of
from ps_integration.connectors.vendors.tryton.values import day, decimal, plain
from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.domain.records import Capability, Json
from ps_integration.errors import BadAnswerError, FixConfigError, RetryLaterError

COMMIT_DELAY_SECONDS: Final = 300.0
REFERENCE_MAX: Final = 200
_CREATE: Final = "model.account.invoice.create"
_UNREADABLE: Final = (RetryLaterError, FixConfigError, BadAnswerError)


class TrytonWriter:
    """Writes to the companies of one database; every write is sent once."""

    def __init__(
        self, rpc: Rpc, options: Options, max_commit_delay_seconds: float | None = None
    ) -> None:
        """Take the database's calls and options; the delay is the firm's own, if it has one."""
        self.capability = Capability(
            posting_class="F",
            max_commit_delay_seconds=max_commit_delay_seconds or COMMIT_DELAY_SECONDS,
            reference_max_length=REFERENCE_MAX,
            quantity_decimals=options.quantity_decimals,
            creates_then_posts=True,
            is_ordered=options.invoice_date == "document",
            dates=options.dates,
        )
        self._rpc = rpc
        self._options = options
        self._ids = Directory(rpc, options)
        self._price_step = Decimal(1).scaleb(-options.price_decimals)

    def outgoing(self, document: ErpDocument) -> Outgoing:
        """The create of a draft. Tryton takes ids, which are read (once a run) to say them.

        Raises:
            NotKnownError: Tryton does not have what the document names.
            RetryLaterError: The ERP could not be asked.
        """
        body = body_of(_CREATE, [self._values(document)], company=document.company)
        return Outgoing("POST", f"/{self._options.database}/rpc/", body)

    def validate(self, document: ErpDocument) -> WriteAnswer | None:  # noqa: ARG002 - protocol
        """None: Tryton's own `validate_invoice` is a step of the invoice's life, not a look."""
        return None

    def create(self, document: ErpDocument) -> WriteAnswer:
        """Create a draft with its lines in one transaction, and read it back."""
        try:
            if (objection := self._objection(document)) is not None:
                return objection
            self._rpc.require_sight(document.company)
            body = self.outgoing(document).body
        except NotKnownError as error:
            return WriteAnswer("refused", message=str(error), recovery="fix_data")
        except _UNREADABLE as error:
            return WriteAnswer("not_sent", message=str(error), recovery="retry_later")
        reply = self._rpc.send(body)
        answer = settled(reply)
        if answer is not None:
            return self._with_rights(document.company, answer)
        created = reply.json.get("result") if isinstance(reply.json, dict) else None
        if not isinstance(created, list) or len(created) != 1:
            return doubt(f"{reply.message} without the id of a draft")
        return self._read_back(document, str(created[0]), "draft")

    def post(self, document: ErpDocument, erp_id: str) -> WriteAnswer:
        """Post a draft; a refusal counts only while the draft is seen to be one still.

        The warning that a payment falls due in the past is acknowledged by its name, and the call
        repeated once: raising it undid the first one.
        """
        reply = self._post(document, erp_id)
        warning = warning_of(reply.json)
        if warning.endswith(PAST_PAYMENT):
            skip = "model.res.user.warning.skip"
            acknowledged = settled(self._rpc.write(skip, warning, company=document.company))
            if acknowledged is not None:
                return replace(acknowledged, outcome="throttled", recovery="retry_later")
            reply = self._post(document, erp_id)
        answer = settled(reply)
        if answer is None:
            return self._read_back(document, erp_id, "posted")
        if answer.outcome == "refused":
            still = self._read_back(document, erp_id, "draft")
            return answer if still.outcome == "accepted" else still
        return answer

    def find(self, company: str, reference: str) -> Sequence[ErpReceipt]:
        """Everything under this reference, invoices and credit notes, drafts and posted.

        Raises:
            RetryLaterError: The ERP could not be asked.
            FixConfigError: It refuses the user.
            BadAnswerError: Its answer cannot be read.
        """
        return self._listed(company, ["reference", "=", reference])

    def numbered(self, company: str, number: str) -> Sequence[ErpReceipt]:
        """Everything of this number; see `find`."""
        return self._listed(company, ["number", "=", number])

    def ours(self, company: str, prefix: str) -> Sequence[ErpReceipt]:
        """Everything whose reference starts so; see `find`.

        Raises:
            RetryLaterError: The ERP could not be asked.
            FixConfigError: It refuses the user.
            BadAnswerError: Its answer cannot be read.
        """
        escaped = prefix.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        found = self._listed(company, ["reference", "like", f"{escaped}%"])
        return [one for one in found if one.reference.startswith(prefix)]

    def discard_draft(self, company: str, erp_id: str) -> WriteAnswer:
        """Delete a draft; one already gone is accepted."""
        try:
            found = self._listed(company, ["id", "=", int(erp_id)])
        except _UNREADABLE as error:
            return WriteAnswer("not_sent", message=str(error), recovery="retry_later")
        if not found:
            return WriteAnswer("accepted", message=f"{erp_id} is not there any more")
        if found[0].state != "draft":
            said = f"{erp_id} is {found[0].state}, not a draft; it was left alone"
            return WriteAnswer("refused", found[0], message=said, recovery="fix_data")
        reply = self._rpc.write("model.account.invoice.delete", [int(erp_id)], company=company)
        return settled(reply) or WriteAnswer("accepted", found[0])

    def _post(self, document: ErpDocument, erp_id: str) -> Reply:
        method = "model.account.invoice.post"
        return self._rpc.write(method, [int(erp_id)], company=document.company)

    def _listed(self, company: str, clause: list[object]) -> list[ErpReceipt]:
        self._rpc.require_sight(company)
        domain = [["company", "=", int(company)], ["type", "=", "out"], clause]
        size = self._options.page_size
        pages = self._rpc.records("account.invoice", domain, INVOICE, company, size)
        return [self._receipt(value) for page in pages for _, value in page.records]

    def _receipt(self, value: Json) -> ErpReceipt:
        """What Tryton holds; a date that it gave itself is not compared with one of ours."""
        receipt = receipt_of(value)
        return replace(receipt, invoice_date=None) if self._options.dates == "own" else receipt

    def _values(self, document: ErpDocument) -> dict[str, object]:
        """The draft; without an invoice date, Tryton takes the day on which it is posted."""
        company, ids = document.company, self._ids
        party = ids.party(company, document.customer_key)
        currency = ids.currency(document.currency)
        is_dated = self._options.invoice_date == "document"
        lines = [self._line(document, line, currency) for line in document.lines]
        return {
            "type": "out",
            "company": int(company),
            "currency": currency,
            "reference": document.reference,
            "description": document.purchase_order,
            "party": party.party,
            "invoice_address": party.address,
            "account": party.account,
            "payment_term": party.payment_term,
            "journal": ids.journal(company),
            "invoice_date": day(document.invoice_date) if is_dated else None,
            "accounting_date": day(document.posting_date),
            "lines": [["create", lines]],
        }

    def _line(self, document: ErpDocument, line: ErpLine, currency: int) -> dict[str, object]:
        """A credit note is an invoice of negative quantities there."""
        company, ids, options = document.company, self._ids, self._options
        sign = -1 if document.kind == "credit_memo" else 1
        code = ids.project_code(company, line.project_external_id, line.project_id)
        accounts = {options.project_root: code}
        if options.cost_centre_root and line.cost_centre:
            accounts[options.cost_centre_root] = line.cost_centre
        entries = [
            {"root": ids.root(company, root), "account": ids.analytic(company, root, number)}
            for root, number in accounts.items()
        ]
        taxes = [ids.tax(company, line.tax_code)] if line.tax_code else []
        return {
            "type": "line",
            "company": int(company),
            "currency": currency,
            "sequence": line.line_no,
            "description": line.description,
            "account": ids.account(company, line.revenue_account),
            "quantity": sign * Decimal(line.quantity),
            "unit": ids.unit() if line.unit == "hour" else None,
            "unit_price": decimal(Decimal(line.unit_price).quantize(self._price_step)),
            "taxes": [["add", taxes]],
            "analytic_accounts": [["create", entries]],
        }

    def _objection(self, document: ErpDocument) -> WriteAnswer | None:
        """What Tryton would make another amount of, or refuse, by its own settings."""
        options, step = self._options, Decimal(1).scaleb(-MINOR_UNITS[document.currency])
        for line in document.lines:
            quantity, price = Decimal(line.quantity), Decimal(line.unit_price)
            amount = (quantity * price).quantize(step, ROUND_HALF_EVEN)
            said = ""
            if line.unit == "hour" and _decimals(quantity) > options.quantity_decimals:
                said = f"{quantity} hours have more digits than the unit there has"
            elif _decimals(price) > options.price_decimals:
                said = f"the price {price} has more digits than prices there have"
            elif amount != Decimal(line.amount_minor) * step:
                said = f"{quantity} x {price} is {amount} there, which rounds halves to even"
            if said:
                blamed = (line.line_no,)
                return WriteAnswer(
                    "refused",
                    message=said,
                    bad_lines=blamed,
                    recovery="fix_configuration",
                    scope="document",
                )
        return None

    def _with_rights(self, company: str, answer: WriteAnswer) -> WriteAnswer:
        """A refusal of a user who may not create invoices is not one of the data."""
        if answer.outcome != "refused":
            return answer
        model, method = "account.invoice", "model.ir.model.access.get_access"
        try:
            told = plain(self._rpc.read(method, [model], company=company).json)
        except _UNREADABLE:
            return answer
        rights = told.get("result") if isinstance(told, dict) else None
        own = rights.get(model) if isinstance(rights, dict) else None
        may_create = not isinstance(own, dict) or own.get("create") in (True, 1)
        return (
            answer if may_create else replace(answer, recovery="fix_configuration", scope="system")
        )

    def _read_back(self, document: ErpDocument, erp_id: str, expected: State) -> WriteAnswer:
        """What the ERP itself now says; anything but our reference in that state is a doubt."""
        try:
            found = self._listed(document.company, ["id", "=", int(erp_id)])
        except _UNREADABLE as error:
            return doubt(f"{erp_id} could not be read back: {error}")
        if not found or found[0].reference != document.reference or found[0].state != expected:
            seen = f"{found[0].state} under {found[0].reference!r}" if found else "not there"
            return doubt(f"{erp_id} is {seen}")
        return WriteAnswer("accepted", found[0])


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0
