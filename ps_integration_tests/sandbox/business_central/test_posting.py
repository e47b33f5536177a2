"""Posting, cancelling, crediting: dates, states and the ledger entries they leave."""

import pytest

from ps_integration.sandbox.faults import Fault, add_fault


def post(client, made, *, kind="salesInvoices"):
    client.post(f"{kind}({made['id']})/Microsoft.NAV.post", status=204)
    return client.get(f"{kind}({made['id']})")


def entries(client, number):
    found = client.get("generalLedgerEntries", **{"$filter": f"documentNumber eq '{number}'"})
    return {
        row["accountNumber"]: row["debitAmount"] - row["creditAmount"] for row in found["value"]
    }


def test_posting_keeps_the_id_and_takes_a_number_of_the_posted_series(client, invoice):
    posted = post(client, client.post("salesInvoices", invoice))
    assert (posted["number"], posted["status"]) == ("PS-INV000001", "Open")
    assert posted["remainingAmount"] == 999.98


def test_posting_enters_a_balanced_ledger(client, invoice):
    invoice["salesInvoiceLines"][0]["taxCode"] = "STANDARD"
    posted = post(client, client.post("salesInvoices", invoice))
    found = entries(client, posted["number"])
    assert found == {"1100": 1199.98, "4000": -999.98, "2200": -200.0}


def test_ledger_entries_carry_the_dimensions_of_the_lines(client, invoice):
    post(client, client.post("salesInvoices", invoice))
    options = {"$filter": "accountNumber eq '4000'", "$expand": "dimensionSetLines"}
    [row] = client.get("generalLedgerEntries", **options)["value"]
    assert [line["valueCode"] for line in row["dimensionSetLines"]] == ["P100"]


def test_a_resource_line_goes_to_the_account_of_its_resource(client, invoice):
    invoice["salesInvoiceLines"][0] |= {"lineType": "Resource", "lineObjectNumber": "CONSULT"}
    posted = post(client, client.post("salesInvoices", invoice))
    assert entries(client, posted["number"])["4100"] == -999.98


def test_a_foreign_invoice_enters_the_ledger_in_local_currency(client, invoice):
    posted = post(client, client.post("salesInvoices", {**invoice, "currencyCode": "EUR"}))
    assert entries(client, posted["number"]) == {"1100": 849.98, "4000": -849.98}


def test_a_currency_without_a_rate_is_refused(client, invoice):
    made = client.post("salesInvoices", {**invoice, "currencyCode": "CHF"})
    path = f"salesInvoices({made['id']})/Microsoft.NAV.post"
    assert client.code("POST", path) == "Internal_DataNotFoundFilter"
    assert client.get(f"salesInvoices({made['id']})")["status"] == "Draft"


@pytest.mark.parametrize("day", ["2026-01-31", "2025-12-31", "2027-01-01"])
def test_a_date_that_is_not_open_is_refused(client, invoice, day):
    made = client.post("salesInvoices", {**invoice, "postingDate": day})
    text = client.refusal("POST", f"salesInvoices({made['id']})/Microsoft.NAV.post")
    assert text == "The Posting Date is not within your range of allowed posting dates."
    assert client.get("generalLedgerEntries")["value"] == []


def test_a_second_post_is_refused(client, invoice):
    made = client.post("salesInvoices", invoice)
    post(client, made)
    text = client.refusal("POST", f"salesInvoices({made['id']})/Microsoft.NAV.post")
    assert text == "The action can be applied to a draft invoice only."


def test_a_draft_without_lines_is_refused(client, invoice):
    made = client.post("salesInvoices", {**invoice, "salesInvoiceLines": []})
    text = client.refusal("POST", f"salesInvoices({made['id']})/Microsoft.NAV.post")
    assert text == "Please add at least one line item to the invoice."


def test_a_customer_blocked_after_the_draft_is_refused(client, state, invoice, record):
    made = client.post("salesInvoices", invoice)
    collection, key = record("customers", 0)
    document = {"id": key, "number": "10000", "blocked": "Invoice"}
    state.put("bc", collection, key, document, state.clock())
    text = client.refusal("POST", f"salesInvoices({made['id']})/Microsoft.NAV.post")
    assert text.endswith("when Customer 10000 is blocked with type Invoice")


def test_a_negative_invoice_is_refused(client, invoice):
    invoice["salesInvoiceLines"][0]["quantity"] = -1
    made = client.post("salesInvoices", invoice)
    text = client.refusal("POST", f"salesInvoices({made['id']})/Microsoft.NAV.post")
    assert text == "The total amount for the invoice must be 0 or greater."


def test_a_posted_invoice_cannot_be_changed_or_deleted(client, invoice):
    made = client.post("salesInvoices", invoice)
    post(client, made)
    path, tag = f"salesInvoices({made['id']})", {"If-Match": "*"}
    client.code("PATCH", path, headers=tag, json={"externalDocumentNumber": "other"})
    client.code("DELETE", path, headers=tag)
    client.code("POST", f"{path}/salesInvoiceLines", json={"description": "late"})


def test_cancelling_posts_a_corrective_memo_that_reverses_the_ledger(client, invoice):
    made = client.post("salesInvoices", invoice)
    posted = post(client, made)
    client.post(f"salesInvoices({made['id']})/Microsoft.NAV.cancel", status=204)
    cancelled = client.get(f"salesInvoices({made['id']})")
    assert (cancelled["status"], cancelled["remainingAmount"]) == ("Canceled", 0)
    [memo] = client.get("salesCreditMemos", **{"$expand": "salesCreditMemoLines"})["value"]
    assert (memo["status"], memo["invoiceNumber"]) == ("Corrective", posted["number"])
    assert memo["salesCreditMemoLines"][0]["amountExcludingTax"] == 999.98
    assert entries(client, memo["number"]) == {"1100": -999.98, "4000": 999.98}


def test_a_draft_a_cancelled_and_a_part_paid_invoice_cannot_be_cancelled(client, state, invoice):
    made = client.post("salesInvoices", invoice)
    path = f"salesInvoices({made['id']})/Microsoft.NAV.cancel"
    assert "posted invoice only" in client.refusal("POST", path)
    post(client, made)
    change = {"remainingAmount": 1}
    with state.transaction() as transaction:
        collection = client.collection("salesInvoices")
        transaction.merge("bc", collection, made["id"], change, state.clock())
    assert "fully or partially paid" in client.refusal("POST", path)
    change = {"remainingAmount": made["remainingAmount"]}
    with state.transaction() as transaction:
        transaction.merge("bc", collection, made["id"], change, state.clock())
    client.post(path, status=204)
    assert "already been canceled" in client.refusal("POST", path)


def test_a_credit_memo_lowers_what_remains_of_its_invoice(client, invoice):
    made = client.post("salesInvoices", invoice)
    post(client, made)
    memo = client.post(
        "salesCreditMemos",
        {
            "customerNumber": "10000",
            "externalDocumentNumber": "PSI-UK-0002",
            "postingDate": "2026-03-31",
            "invoiceId": made["id"],
            "salesCreditMemoLines": [
                {**invoice["salesInvoiceLines"][0], "quantity": 1, "unitPrice": 99.98}
            ],
        },
    )
    posted = post(client, memo, kind="salesCreditMemos")
    assert posted["number"] == "PS-CR000001"
    assert entries(client, posted["number"]) == {"1100": -99.98, "4000": 99.98}
    assert client.get(f"salesInvoices({made['id']})")["remainingAmount"] == 900


def test_a_lost_reply_leaves_the_draft_in_the_books(client, state, invoice):
    add_fault(state, Fault("timeout_after_commit", "bc", path_pattern="*/salesInvoices", times=1))
    with pytest.raises(client.broken):
        client.post("salesInvoices", invoice)
    text = "externalDocumentNumber eq 'PSI-UK-0001'"
    assert len(client.get("salesInvoices", **{"$filter": text})["value"]) == 1


def batch(client, invoice, *, isolation):
    wrong = {**invoice, "customerNumber": "404"}
    operations = [
        {"id": str(place), "method": "POST", "url": "salesInvoices", "body": body}
        for place, body in enumerate((invoice, wrong), start=1)
    ]
    answer = client.call(
        "POST", "$batch", status=200, headers=isolation, json={"requests": operations}
    )
    return [(reply["id"], reply["status"]) for reply in answer["responses"]]


def test_a_snapshot_batch_is_all_or_nothing(client, invoice):
    assert batch(client, invoice, isolation={"Isolation": "snapshot"}) == [("2", 400)]
    assert client.get("salesInvoices")["value"] == []


def test_a_plain_batch_keeps_what_went_before_the_failure(client, invoice):
    assert batch(client, invoice, isolation={}) == [("1", 201), ("2", 400)]
    assert len(client.get("salesInvoices")["value"]) == 1
