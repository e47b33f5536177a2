"""Posting drafts and cancelling posted invoices, with the ledger entries they leave.

Everything happens in the caller's transaction: a document is posted with its entries or not at
all. Ledger amounts are in the company's local currency.
"""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.vendors.business_central.company import (
    Company,
    date_of,
    decimal_of,
    rounded,
)
from ps_integration.sandbox.vendors.business_central.documents import (
    CREDIT_MEMO,
    INVOICE,
    DocumentType,
    check_not_blocked,
    customer_of,
    lines_of,
    next_document_number,
    require_draft,
)
from ps_integration.sandbox.vendors.business_central.errors import bad_request, dialog

OUT_OF_RANGE = "The Posting Date is not within your range of allowed posting dates."
_COPIED = (
    "customerId",
    "customerNumber",
    "customerName",
    "billToName",
    "billToCustomerId",
    "billToCustomerNumber",
    "currencyId",
    "currencyCode",
    "externalDocumentNumber",
    "dimensionSetLines",
    "pricesIncludeTax",
    "totalAmountExcludingTax",
    "totalTaxAmount",
    "totalAmountIncludingTax",
)


def post(company: Company, kind: DocumentType, header: Document) -> Document:
    """Post a draft: it keeps its id, takes a number of the posted series, and enters the ledger.

    Raises:
        BusinessCentralError: It is no draft, has no lines or a line without quantity, its
            customer is blocked, its date is not open, its total is negative, or its currency has
            no rate.
    """
    require_draft(kind, header)
    lines = lines_of(company, kind, header)
    _check_lines(kind, lines)
    check_not_blocked(kind, customer_of(company, header), "post")
    check_date_open(company, date_of(header, "postingDate"))
    total = decimal_of(header, "totalAmountIncludingTax")
    if total < 0:
        raise dialog(f"The total amount for the {kind.words} must be 0 or greater.")
    posted = {
        **header,
        "number": next_document_number(company, kind, kind.posted_series),
        "status": "Open" if total else "Paid",
    }
    company.put(kind.entity.set_name, posted)
    _enter(company, kind, posted, lines)
    if kind is CREDIT_MEMO:
        _apply_to_invoice(company, posted, total)
    return posted


def cancel(company: Company, header: Document) -> Document:
    """Cancel a posted invoice by a corrective credit memo of the same date, posted at once.

    Raises:
        BusinessCentralError: It is a draft, cancelled or paid in part, or its period is closed.
    """
    if header["status"] == "Draft":
        raise dialog("The action can be applied to a posted invoice only.")
    if header["status"] == "Canceled":
        raise dialog("The invoice cannot be canceled because it has already been canceled.")
    if decimal_of(header, "remainingAmount") != decimal_of(header, "totalAmountIncludingTax"):
        raise dialog(
            "You cannot cancel this posted sales invoice because it is fully or partially paid."
            "\\\\To reverse a paid sales invoice, you must manually create a sales credit memo."
        )
    if not _is_open(company, date_of(header, "postingDate")):
        raise dialog(
            "You cannot cancel this posted sales invoice because it was posted in a posting"
            " period that is closed."
        )
    memo = _corrective_memo(company, header)
    company.put(
        INVOICE.entity.set_name, {**header, "status": "Canceled", "remainingAmount": Decimal(0)}
    )
    return memo


def check_date_open(company: Company, posting_date: date | None) -> None:
    """Refuse a posting date outside the allowed range or in a closed or missing period.

    Raises:
        BusinessCentralError: The date is not open.
    """
    if not _is_open(company, posting_date):
        raise dialog(OUT_OF_RANGE)


def _is_open(company: Company, posting_date: date | None) -> bool:
    if posting_date is None:
        return False
    setup = company.setup
    first, last = date_of(setup, "allowPostingFrom"), date_of(setup, "allowPostingTo")
    if (first and posting_date < first) or (last and posting_date > last):
        return False
    periods = [row.document for row in company.stored("accountingPeriods")]
    begun = [period for period in periods if period["startingDate"] <= posting_date.isoformat()]
    current = max(begun, key=lambda period: str(period["startingDate"]), default=None)
    return current is not None and not current.get("closed", False)


def _check_lines(kind: DocumentType, lines: list[Document]) -> None:
    if not lines:
        raise dialog(f"Please add at least one line item to the {kind.words}.")
    for line in lines:
        if line.get("lineObjectNumber") and not line["quantity"]:
            raise dialog(
                "One or more document lines with a value in the No. field do not have a quantity"
                " specified."
            )
    if all(not line.get("lineObjectNumber") for line in lines):
        raise dialog("There is nothing to post.")


def _enter(company: Company, kind: DocumentType, posted: Document, lines: list[Document]) -> None:
    """Write the entries: one per account and dimension set, the receivable balances them."""
    sign = -1 if kind is INVOICE else 1
    rate = _rate(company, posted)
    smallest = company.precision(company.local_currency)
    sums: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    dimensions: dict[str, list[Document]] = {}
    for line in lines:
        rows = line.get("dimensionSetLines") or posted.get("dimensionSetLines", [])
        key = ";".join(f"{row['code']}={row['valueCode']}" for row in rows)
        dimensions[key] = rows
        if line.get("lineObjectNumber"):
            sums[_revenue_account(company, line), key] += line["amountExcludingTax"]
            sums[company.settings["tax_account"], ""] += line["totalTaxAmount"]
    amounts = {key: rounded(sign * amount * rate, smallest) for key, amount in sums.items()}
    receivable = -sum(amounts.values(), start=Decimal(0))
    _write_entry(company, kind, posted, company.settings["receivables_account"], receivable, [])
    for (account, key), amount in amounts.items():
        _write_entry(company, kind, posted, account, amount, dimensions.get(key, []))


def _revenue_account(company: Company, line: Document) -> str:
    """Return the account a line's amount goes to: its own, or the one its resource is set to."""
    number: str = line["lineObjectNumber"]
    if line["lineType"] == "Account":
        return number
    resource = company.find("resources", number=number) or {}
    return str(resource.get("revenueAccountNumber") or company.settings["revenue_account"])


def _write_entry(
    company: Company,
    kind: DocumentType,
    posted: Document,
    account: str,
    amount: Decimal,
    dimensions: list[Document],
) -> None:
    if not amount:
        return
    record = company.find("accounts", number=account)
    if record is None:
        raise bad_request(
            f"The G/L Account does not exist. Identification fields and values: No.='{account}'",
            "Internal_RecordNotFound",
        )
    company.put(
        "generalLedgerEntries",
        {
            "id": company.new_id("generalLedgerEntries"),
            "entryNumber": company.next_number("entryNumber"),
            "postingDate": posted["postingDate"],
            "documentNumber": posted["number"],
            "documentType": kind.ledger_name,
            "accountId": record["id"],
            "accountNumber": account,
            "description": f"{kind.ledger_name} {posted['number']}",
            "debitAmount": max(amount, Decimal(0)),
            "creditAmount": max(-amount, Decimal(0)),
            "dimensionSetLines": dimensions,
        },
    )


def _rate(company: Company, posted: Document) -> Decimal:
    """Return local currency per unit of the document's currency on its posting date."""
    currency = posted["currencyCode"]
    if currency == company.local_currency:
        return Decimal(1)
    rates = [
        row.document
        for row in company.stored("currencyExchangeRates", currencyCode=currency)
        if row.document["startingDate"] <= posted["postingDate"]
    ]
    if not rates:
        raise bad_request(
            "There is no Currency Exchange Rate within the filter. Filters: Currency Code:"
            f" {currency}, Starting Date: ..{posted['postingDate']}",
            "Internal_DataNotFoundFilter",
        )
    newest = max(rates, key=lambda row: str(row["startingDate"]))
    relational = decimal_of(newest, "relationalExchangeRateAmount")
    return relational / decimal_of(newest, "exchangeRateAmount")


def _apply_to_invoice(company: Company, memo: Document, total: Decimal) -> None:
    """Lower what remains of the invoice a credit memo names."""
    key = memo.get("invoiceId")
    row = company.get(INVOICE.entity.set_name, key) if key else None
    if row is None or row.document["status"] not in ("Open", "Paid"):
        return
    remaining = max(Decimal(0), decimal_of(row.document, "remainingAmount") - total)
    status = "Open" if remaining else "Paid"
    company.put(
        INVOICE.entity.set_name, {**row.document, "remainingAmount": remaining, "status": status}
    )


def _corrective_memo(company: Company, invoice: Document) -> Document:
    memo = {
        **{name: invoice[name] for name in _COPIED if name in invoice},
        "id": company.new_id(CREDIT_MEMO.entity.set_name),
        "number": next_document_number(company, CREDIT_MEMO, CREDIT_MEMO.posted_series),
        "creditMemoDate": invoice["postingDate"],
        "postingDate": invoice["postingDate"],
        "status": "Corrective",
        "invoiceId": invoice["id"],
        "invoiceNumber": invoice["number"],
    }
    company.put(CREDIT_MEMO.entity.set_name, memo)
    lines = [
        {**line, "id": company.new_id(CREDIT_MEMO.lines.set_name), "documentId": memo["id"]}
        for line in lines_of(company, INVOICE, invoice)
    ]
    for line in lines:
        company.put(CREDIT_MEMO.lines.set_name, line)
    _enter(company, CREDIT_MEMO, memo, lines)
    return memo
