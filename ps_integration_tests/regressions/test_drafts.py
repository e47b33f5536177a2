"""Documents that stand in the ERP otherwise than they were approved: drafts, and what is held."""

import pytest

from ps_integration_tests.regressions.firm import Firm

REFERENCE = "PS-NL-1-202603-1"


def draft(firm: Firm, reference: str, price: str) -> None:
    """A person's draft of one line in Business Central."""
    line = {"lineType": "Account", "lineObjectNumber": "4000", "quantity": 1, "unitPrice": 0}
    firm.bc_send(
        "POST",
        "salesInvoices",
        {
            "externalDocumentNumber": reference,
            "customerNumber": "10000",
            "currencyCode": "GBP",
            "invoiceDate": "2026-03-03",
            "postingDate": "2026-03-03",
            "salesInvoiceLines": [{**line, "unitPrice": float(price)}],
        },
    )


@pytest.mark.case(
    "a document that must wait for a person is named the same night, and the next night ends",
    kind="facts of breaks read as what they are not",
    places=(
        "stores/operational/refusals.py",
        "stores/operational/breaks.py",
        "stores/operational/break_queries.py",
        "workflows/voiding.py",
    ),
)
def test_a_held_document_is_named_at_once_and_stops_no_night(northlight: Firm) -> None:
    northlight.edit(
        "drops/hours-2026-03.csv", "1005,P-22,NL-2,Review,24.5,Y", "1005,P-22,NL-2,Review,2,Y"
    )
    northlight.night("2026-03-31")
    northlight.sign()
    draft(northlight, REFERENCE, "500.00")
    held = northlight.night("2026-04-01")
    assert held["breaks"]["open"].get("IN01") == 1
    assert held["verdict"] == "open breaks"
    assert "933.88 GBP at risk" in held["sentence"]
    told = northlight.said("dlq", "show", REFERENCE)
    assert "933.88 GBP approved, 500.00 GBP in the ERP" in str(told)
    assert "line 1: 903.75 GBP approved, 500.00 GBP in the ERP" in str(told)
    after = northlight.night("2026-04-02")
    assert after["breaks"]["open"].get("IN01") == 1
    assert northlight.documents()[0][1:] == ("Draft", 500)
