"""What an ERP makes of a price depends on the customer's card there."""

from decimal import Decimal

import pytest

from ps_integration_tests.regressions.firm import COMPANY, Firm


@pytest.mark.case(
    "a customer with prices including VAT in Business Central is billed what was approved",
    kind="amounts before and after tax",
    places=(
        "connectors/vendors/business_central/writer.py",
        "connectors/vendors/business_central/documents.py",
        "sandbox/vendors/business_central/lines.py",
    ),
)
def test_a_customer_with_prices_including_vat_is_billed_net(northlight: Firm) -> None:
    northlight.far("books", f"{COMPANY}/customers", "10000", pricesIncludeTax=True)
    northlight.night("2026-03-31")
    northlight.sign()
    northlight.night("2026-04-01")
    assert northlight.documents() == [("salesInvoices", "Open", Decimal("933.88"))]
    [invoice] = northlight.bc("salesInvoices")
    assert invoice["pricesIncludeTax"] is True
    assert invoice["totalAmountExcludingTax"] == Decimal("933.88")
    after = northlight.night("2026-04-02")
    assert set(after["breaks"]["open"]) <= {"TM11", "IN03"}
    assert after["posted"]["total"] == 2
