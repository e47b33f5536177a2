"""Tryton's customer invoices and credit notes as canonical documents and lines.

Both are `account.invoice` of type `out`; a credit note is one whose total is below zero, and its
amounts are turned here, as other ERPs keep them. A line bills the project whose analytic account
it carries. A credit note made by the wizard with "refund" cancels what it credits: both together
come to nothing. Source: Tryton module documentation of `account_invoice` and `analytic_invoice`.

`paid` says that the invoice's receivable lines are reconciled. With what (a payment, another credit
note, or a write-off of the method that the user chose) is in the reconciliation's move lines
(`account.move.reconciliation`), which are not read: what is settled counts as paid.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from ps_integration.connectors.compose import listed
from ps_integration.connectors.fields import PRICE_DECIMALS, QUANTITY_DECIMALS, Fields
from ps_integration.connectors.rows import STANDING, row
from ps_integration.connectors.vendors.tryton.masters import changed_at, record_of
from ps_integration.connectors.vendors.tryton.options import Options
from ps_integration.domain.records import CanonicalRow, JsonObject
from ps_integration.domain.text import match_key

INVOICE: Final = (
    "reference",
    "number",
    "state",
    "company",
    "party.code",
    "currency.code",
    "invoice_date",
    "accounting_date",
    "untaxed_amount",
    "tax_amount",
    "total_amount",
    "amount_to_pay",
    "move",
    "cancel_move",
    "create_date",
    "write_date",
    "lines.sequence",
    "lines.type",
    "lines.quantity",
    "lines.unit_price",
    "lines.amount",
    "lines.description",
    "lines.account.code",
    "lines.taxes.name",
    "lines.analytic_accounts.root.name",
    "lines.analytic_accounts.account.code",
)
STATES: Final = {
    "draft": "draft",
    "validated": "draft",
    "posted": "open",
    "paid": "paid",
    "cancelled": "cancelled",
}
Kind = Literal["invoice", "credit_memo"]


@dataclass(frozen=True, slots=True)
class Head:
    """What both the reader and the writer need of an invoice.

    Attributes:
        sign: -1 for a credit note, whose amounts are negative there.
        posting_date: The accounting date, or the invoice date where there is none; the day it was
            entered for a draft without either.
    """

    record: Fields
    kind: Kind
    sign: int
    currency: str
    posting_date: date

    def money(self, line: Fields, name: str) -> int:
        """An amount of this document in minor units, positive for what the kind means."""
        return self.sign * line.money(name, self.currency)


def head_of(record: Fields) -> Head:
    """Read what an invoice is.

    Raises:
        RecordRefusedError: It cannot be read.
    """
    currency = record.currency("currency.code")
    is_credit = record.money("untaxed_amount", currency) < 0
    day = record.opt_day("accounting_date") or record.opt_day("invoice_date")
    return Head(
        record,
        "credit_memo" if is_credit else "invoice",
        -1 if is_credit else 1,
        currency,
        day or record.day_written("create_date"),
    )


def lines_of(record: Fields) -> list[Fields]:
    """Its lines that carry an amount, in their order."""
    return [line for line in listed(record, "lines") if line.raw("type") == "line"]


def invoice(raw: JsonObject, options: Options) -> Iterator[CanonicalRow]:
    """One invoice or credit note, with the lines that bill a project.

    Its raw record also has `undone`: the reference (or "") of the invoice that it undoes, whose
    `cancel_move` is its move; null where it undoes none. The wizard that makes such a credit note
    gives it no reference of its own.
    """
    company, record = Fields(raw).text("company"), record_of(raw)
    head = head_of(record)
    total = head.money(record, "total_amount")
    undone = Fields(raw).opt_text("undone")
    status = _status(head, total, undoes=undone is not None)
    # the move of a cancelled invoice stays beside the one that undoes it; a draft's is deleted
    is_posted = record.raw("move") is not None and status != "draft"
    yield row(
        "erp_documents",
        record.ident("id"),
        company=company,
        kind=head.kind,
        number=record.opt_text("number"),
        reference=record.opt_text("reference") or undone or None,
        status=status,
        is_posted=is_posted,
        is_standing=is_posted and status in STANDING,
        customer_key=match_key(record.text("party.code")),
        currency=head.currency,
        invoice_date=record.opt_day("invoice_date") or head.posting_date,
        posting_date=head.posting_date,
        amount_minor=head.money(record, "untaxed_amount"),
        tax_minor=head.money(record, "tax_amount"),
        total_minor=total,
        remaining_minor=_remaining(head),
        updated_at=changed_at(record),
    )
    for number, line in enumerate(lines_of(record), start=1):
        project = project_of(line, options)
        if project is not None:
            yield _line(company, head, number, line, project)


def _status(head: Head, total: int, *, undoes: bool) -> str:
    status = head.record.choice("state", STATES)
    if status in {"open", "paid"} and undoes:
        return "corrective"
    left = _remaining(head)
    if status == "open" and left is not None and 0 < left < total:
        return "part_paid"
    return status


def _remaining(head: Head) -> int | None:
    if head.kind == "credit_memo" or head.record.raw("move") is None:
        return None
    return head.money(head.record, "amount_to_pay")


def project_of(line: Fields, options: Options) -> str | None:
    """The code of the project a line bills: on a revenue account, with a project's analytic."""
    if line.opt_text("account.code") not in options.revenue_accounts:
        return None
    return analytic_of(line).get(options.project_root)


def analytic_of(line: Fields) -> Mapping[str, str | None]:
    """Name of an analytic tree to the code of the line's account in it."""
    return {
        entry.text("root.name"): entry.opt_text("account.code")
        for entry in listed(line, "analytic_accounts")
    }


def _line(company: str, head: Head, number: int, line: Fields, project: str) -> CanonicalRow:
    taxes = [tax.text("name") for tax in listed(line, "taxes")]
    return row(
        "erp_lines",
        line.ident("id"),
        company=company,
        document_external_id=head.record.ident("id"),
        line_no=number,
        line_type="Account",
        object_number=line.text("account.code"),
        project_key=match_key(project),
        description=line.opt_text("description") or None,
        quantity=head.sign * line.rounded("quantity", QUANTITY_DECIMALS),
        unit_price=line.rounded("unit_price", PRICE_DECIMALS),
        amount_minor=head.money(line, "amount"),
        currency=head.currency,
        tax_code=taxes[0] if len(taxes) == 1 else None,
    )
