"""Documents that stand in the ERP otherwise than they were approved: drafts, and what is held."""

from decimal import Decimal

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


@pytest.mark.case(
    "what people do with drafts in the ERP is learned the next night",
    kind="what the ERP says of a document is read in one posting mode only",
    places=(
        "workflows/post.py",
        "workflows/create.py",
        "workflows/drafts.py",
        "reconciliation/rules/bl05_posted_document_changed.sql",
    ),
)
def test_drafts_are_read_back_while_people_post_them(northlight: Firm) -> None:
    firm = northlight
    firm.edit("drops/hours-2026-03.csv", "1005,P-22,NL-2,Review,24.5", "1005,P-22,NL-2,Review,2")
    firm.edit("firm.yaml", "going_live:", "posting: {mode: draft}\n\ngoing_live:")
    firm.edit("firm.yaml", "currency: GBP, time_zone", "voided: rebill, currency: GBP, time_zone")
    firm.night("2026-03-31")
    firm.sign()
    made = firm.night("2026-04-01")
    assert sorted(firm.documents()) == [
        ("salesInvoices", "Draft", Decimal(190)), ("salesInvoices", "Draft", Decimal("933.88")),
    ]  # fmt: skip
    assert made["posted"] == {"new": 0, "total": 0}
    by_reference = {one["externalDocumentNumber"]: one["id"] for one in firm.bc("salesInvoices")}
    firm.bc_send("POST", f"salesInvoices({by_reference['PS-NL-2-202603-1']})/Microsoft.NAV.post")
    firm.bc_send("DELETE", f"salesInvoices({by_reference['PS-NL-1-202603-1']})")

    read = firm.night("2026-04-02")
    assert read["posted"]["total"] == 1  # one line, 190.00
    assert sorted(firm.documents()) == [
        ("salesInvoices", "Draft", Decimal("933.88")), ("salesInvoices", "Open", Decimal(190)),
    ]  # fmt: skip
    assert read["failed_checks"] == []

    [again] = [one for one in firm.bc("salesInvoices") if one["status"] == "Draft"]
    lines = firm.bc(f"salesInvoices({again['id']})/salesInvoiceLines")
    edited = f"salesInvoices({again['id']})/salesInvoiceLines({lines[0]['id']})"
    firm.bc_send("DELETE", edited)
    firm.edit("drops/hours-2026-03.csv", "1005,P-22,NL-2,Review,2,", "1005,P-22,NL-2,Review,1,")
    last = firm.night("2026-04-03")
    assert last["breaks"]["open"].get("BL05") == 1
    firm.approve()
    last = firm.night("2026-04-04")
    memos = [one for one in firm.documents() if one[0] == "salesCreditMemos"]
    assert [state for _, state, _ in memos] == ["Draft"]
    assert last["posted"]["total"] == 1
    assert last["failed_checks"] == []
