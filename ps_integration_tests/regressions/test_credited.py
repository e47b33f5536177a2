"""What a credit settled in the ERP is not paid, and a credit that is not ours is a break."""

from decimal import Decimal

import pytest

from ps_integration_tests.regressions.firm import COMPANY, Firm
from ps_integration_tests.regressions.test_erp_states import harbour, xero

__all__ = ["harbour"]


@pytest.mark.case(
    "an invoice that a hand-typed credit note settled in Xero is a break with its money",
    kind="settled by credit",
    places=(
        "connectors/vendors/xero/documents.py",
        "stores/warehouse/schema.sql",
        "reconciliation/rules/bl05_posted_document_changed.sql",
        "workflows/feedback.sql",
        "workflows/feedback.py",
    ),
)
def test_an_invoice_that_xero_calls_paid_was_credited(harbour: Firm) -> None:
    """933.88 and 20 % tax are 1,120.66; 190.00 and tax are 228.00, of which 50.00 were paid."""
    settle(harbour, "933.88", "PAID", due="0.00", paid="0.00", credited="1120.66")
    settle(harbour, "190.00", "AUTHORISED", due="178.00", paid="50.00", credited="0.00")
    harbour.night("2026-04-02")
    breaks = [one for one in harbour.said("breaks", "list")["breaks"] if one["rule"] == "BL05"]
    found = [(one["record_key"], one["at_risk_minor"], one["currency"]) for one in breaks]
    assert found == [("PS-NL-1-202603-1", 93_388, "GBP")], "what was paid in part is none"


def settle(firm: Firm, net: str, status: str, **amounts: str) -> None:
    """Do to the invoice of that net what paying or crediting it in Xero does."""
    names = {"due": "AmountDue", "paid": "AmountPaid", "credited": "AmountCredited"}
    place = f"{COMPANY}/Invoices"
    found = xero(firm, "GET", "Invoices?page=1")["Invoices"]
    [key] = [one["InvoiceID"] for one in found if Decimal(str(one["SubTotal"])) == Decimal(net)]
    [known] = [
        one
        for one in firm.state.documents("books", place)
        if Decimal(str(one["SubTotal"])) == Decimal(net)
    ]
    changed = {names[name]: Decimal(told) for name, told in amounts.items()}
    firm.state.put("books", place, key, {**known, **changed, "Status": status}, firm.state.clock())
