"""What people in an ERP do with our documents: each brings one into a state the vendor knows.

What a person can do by hand goes through the vendor's own protocol. What they cannot (a payment
that the bank brings, a state that only another module sets) is written into the far side.
"""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from decimal import Decimal
from typing import Any, Final

from ps_integration.sandbox.servers.tryton.server import Live
from ps_integration_tests.regressions.firm import COMPANY, Firm
from ps_integration_tests.regressions.test_erp_states import xero
from ps_integration_tests.tryton.test_reading import refund

Act = Callable[[Firm, str, str], None]
"""In this firm, bring the document of this ERP id into this state."""
HALF: Final = Decimal("60.00")
"""Half of an invoice of 100.00 with 20 % tax."""


def in_business_central(firm: Firm, erp_id: str, word: str) -> None:
    """Post, cancel, delete and credit over HTTP; other states are written."""
    place = f"salesInvoices({erp_id})"
    found = _found(firm, f"{COMPANY}/salesInvoices", erp_id)
    status = found["status"]
    if (status, word) == ("Draft", "gone"):
        firm.bc_send("DELETE", place)
    elif word == "gone":
        firm.state.delete("books", f"{COMPANY}/salesInvoices", erp_id, firm.state.clock())
    elif (status, word) == ("Draft", "Open"):
        firm.bc_send("POST", f"{place}/Microsoft.NAV.post")
    elif (status, word) == ("Open", "Canceled"):
        firm.bc_send("POST", f"{place}/Microsoft.NAV.cancel")
    elif word in {"half credited", "credited"}:
        _credit(firm, found, 0.5 if word == "half credited" else 1)
    else:
        left = {"Paid": Decimal(0), "half paid": HALF}.get(word, found["remainingAmount"])
        told = {"status": "Open" if word == "half paid" else word, "remainingAmount": left}
        firm.far("books", f"{COMPANY}/salesInvoices", erp_id, **told)


def _credit(firm: Firm, invoice: Mapping[str, Any], hours: float) -> None:
    line = {"lineType": "Account", "lineObjectNumber": "4000", "taxCode": "STANDARD"}
    told = {
        "customerNumber": invoice["customerNumber"], "invoiceId": invoice["id"],
        "creditMemoDate": "2026-04-02", "postingDate": "2026-04-02",
        "salesCreditMemoLines": [{**line, "quantity": hours, "unitPrice": 100}],
    }  # fmt: skip
    made = firm.bc_send("POST", "salesCreditMemos", told)
    firm.bc_send("POST", f"salesCreditMemos({made['id']})/Microsoft.NAV.post")


def in_xero(firm: Firm, erp_id: str, word: str) -> None:
    """Submit, approve, delete and void over HTTP; payments, credits and jumps are written."""
    place = f"{COMPANY}/Invoices"
    found = _found(firm, place, erp_id)
    by_hand = {"DRAFT": {"SUBMITTED", "AUTHORISED", "DELETED"}, "AUTHORISED": {"VOIDED"}}
    if word == "gone":
        firm.state.delete("books", place, erp_id, firm.state.clock())
    elif word in by_hand.get(found["Status"], ()):
        told = {"InvoiceID": erp_id, "Status": word}
        xero(firm, "POST", "Invoices?unitdp=4", {"Invoices": [told]})
    else:
        settled = {"PAID": 2, "half paid": 1, "credited": 2, "half credited": 1}.get(word, 0)
        by = "AmountCredited" if word.endswith("credited") else "AmountPaid"
        status = {0: word, 1: "AUTHORISED", 2: "PAID"}[settled]
        due = found["AmountDue"] - settled * HALF
        told = {**found, "Status": status, by: settled * HALF, "AmountDue": due}
        firm.state.put("books", place, erp_id, told, firm.state.clock())


def in_netsuite(firm: Firm, erp_id: str, word: str) -> None:
    """Every state is written: approvals, payments, voiding to zero, deletion."""
    if word == "gone":
        firm.state.delete("books", "invoice", erp_id, firm.state.clock())
        return
    found = _found(firm, "invoice", erp_id)
    zero = Decimal(0)
    told: dict[str, object] = {"approvalStatus": {"id": {"D": "1", "E": "3"}.get(word, "2")}}
    if word == "V":
        lines = [{**line, "amount": zero, "rate": zero} for line in found["item"]["items"]]
        told |= dict.fromkeys(("subtotal", "taxTotal", "total", "amountRemaining"), zero)
        told |= {"voided": True, "item": {"items": lines}}
    elif word in {"B", "credited"}:
        told["amountRemaining"] = zero
    elif word.startswith("half"):
        told["amountRemaining"] = found["total"] / 2
    firm.far("books", "invoice", erp_id, **told)


def in_tryton(live: Live) -> Act:
    """Validate, post, cancel, refund and delete over its RPC; the rest is written."""

    def act(firm: Firm, erp_id: str, word: str) -> None:
        rpc, key = live.rpc(), int(erp_id)
        rpc.context = {"company": int(live.companies["HU"])}
        [found] = rpc.read("account.invoice", [["id", "=", key]], "state")
        is_draft = found["state"] == "draft"
        buttons = {"validated": "validate_invoice", "posted": "post", "cancelled": "cancel"}
        if is_draft and word in buttons:
            rpc.model("account.invoice", buttons[word], [key])
        elif is_draft and word == "gone":
            rpc.model("account.invoice", "cancel", [key])
            rpc.model("account.invoice", "delete", [key])
        elif word == "cancelled":
            refund(rpc, key)
        else:
            change = f"update account_invoice set state = '{word}' where id = ?"
            if word == "gone":
                change = "delete from account_invoice where id = ?"
            place = firm.folder / "tryton" / "erp.sqlite"
            with closing(sqlite3.connect(place, timeout=30, isolation_level=None)) as books:
                books.execute(change, (key,))

    return act


def _found(firm: Firm, collection: str, erp_id: str) -> dict[str, Any]:
    found = firm.state.get("books", collection, erp_id)
    assert found is not None, erp_id
    return found
