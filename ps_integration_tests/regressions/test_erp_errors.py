"""What one document lacks in the ERP is that document's, not the whole ERP's."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from ps_integration_tests.regressions.firm import COMPANY, Firm, lay, served


@pytest.fixture
def hudson(tmp_path: Path) -> Iterator[Firm]:
    """A firm on NetSuite, one call at a time: 570.00 and 241.00 USD are to be billed."""
    lay("hudson", tmp_path)
    with served(tmp_path) as firm:
        yield firm


@pytest.mark.case(
    "a project whose tax code has no id in NetSuite stops only its own invoice",
    kind="one document's error stops its ERP",
    places=(
        "workflows/sending.py",
        "workflows/rounds.py",
        "workflows/preview.py",
        "connectors/vendors/netsuite/bodies.py",
        "connectors/vendors/netsuite/refusals.py",
        "connectors/vendors/xero/refusals.py",
        "connectors/vendors/xero/writer.py",
        "connectors/vendors/business_central/refusals.py",
        "connectors/vendors/tryton/writer.py",
    ),
)
def test_a_tax_code_without_an_id_stops_one_invoice(hudson: Firm) -> None:
    hudson.far("books", "job", "301", custentity_tax="EXEMPT")
    hudson.night("2026-03-31")
    hudson.sign()
    first = hudson.night("2026-04-01")
    made = {
        one["externalId"]: one["subtotal"] for one in hudson.state.documents("books", "invoice")
    }
    assert made == {"PS-HU-2-202603-1": Decimal("241.00")}
    assert first["breaks"]["open"] == {"IN01": 1}
    assert "570.00 USD of approved work is held" in first["sentence"]
    [one] = hudson.said("breaks", "list")["breaks"]
    told = hudson.said("breaks", "show", one["break_id"])
    assert "options.tax_codes has no internal id for 'EXEMPT'" in str(told)
    hudson.edit(
        "firm.yaml", 'tax_codes: {TAXABLE: "501"}', 'tax_codes: {TAXABLE: "501", EXEMPT: "501"}'
    )
    mended = hudson.night("2026-04-02")
    assert "IN01" not in mended["breaks"]["open"]
    assert len(list(hudson.state.documents("books", "invoice"))) == 2


@pytest.mark.case(
    "what the ERP refused stays a break on a night on which posting is stopped",
    kind="one odd thing hides another",
    places=("workflows/reconcile.py", "stores/operational/refusals.py"),
)
def test_a_refusal_stands_while_posting_is_stopped(northlight: Firm) -> None:
    """An invoice that nobody here posted carries one of our references: the ledger cannot tie."""
    northlight.far("books", f"{COMPANY}/customers", "10000", blocked="All")
    northlight.night("2026-03-31")
    northlight.sign()
    assert northlight.night("2026-04-01")["breaks"]["open"].get("IN01") == 1
    net, tax = Decimal("10.00"), Decimal("2.00")
    invoice = {
        "id": "77777777-7777-7777-7777-777777777777", "number": "PS-INV900001",
        "externalDocumentNumber": "PS-NL-9-202603-1", "postingDate": "2026-03-12",
        "invoiceDate": "2026-03-12", "dueDate": "2026-04-11", "customerNumber": "10000",
        "customerName": "City Works", "currencyCode": "GBP", "status": "Open",
        "totalAmountExcludingTax": net, "totalTaxAmount": tax,
        "totalAmountIncludingTax": net + tax, "remainingAmount": net + tax,
    }  # fmt: skip
    clock = northlight.state.clock()
    northlight.state.put("books", f"{COMPANY}/salesInvoices", invoice["id"], invoice, clock)
    for day in ("2026-04-02", "2026-04-03"):
        stopped = northlight.night(day)
        assert set(stopped["failed_checks"]) == {"ledger"}
        assert stopped["breaks"]["open"].get("IN01") == 1, stopped["breaks"]
