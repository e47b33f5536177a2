"""Drafts: what they compute, what they refuse, and where a repeated call hurts."""

import pytest

ONLY = {"$filter": "externalDocumentNumber eq 'PSI-UK-0001'"}


def test_a_draft_computes_amounts_in_minor_units(client, invoice):
    invoice["salesInvoiceLines"][0] |= {"taxCode": "STANDARD"}
    made = client.post("salesInvoices", invoice)
    assert (made["totalAmountExcludingTax"], made["totalTaxAmount"]) == (999.98, 200.0)
    assert (made["totalAmountIncludingTax"], made["remainingAmount"]) == (1199.98, 1199.98)
    assert (made["status"], made["number"], made["currencyCode"]) == ("Draft", "S-INV000001", "GBP")
    assert (made["postingDate"], made["dueDate"]) == ("2026-03-31", "2026-04-30")


@pytest.mark.parametrize(
    ("currency", "quantity", "price", "amount"),
    [
        ("EUR", 0.5, 0.01, 0.01),
        ("EUR", -0.5, 0.01, -0.01),
        ("JPY", 1, 100.5, 101),
        ("EUR", 0.123456, 1000, 123.46),
        ("EUR", 1000, 0.000004, 0),
    ],
)
def test_an_amount_rounds_half_away_from_zero(client, invoice, currency, quantity, price, amount):
    invoice["currencyCode"] = currency
    invoice["salesInvoiceLines"][0] |= {"quantity": quantity, "unitPrice": price}
    assert client.post("salesInvoices", invoice)["totalAmountExcludingTax"] == amount


def test_two_posts_with_one_external_number_make_two_drafts(client, invoice):
    client.post("salesInvoices", invoice)
    client.post("salesInvoices", invoice)
    assert len(client.get("salesInvoices", **ONLY)["value"]) == 2


def test_a_repeated_line_post_appends_the_line_again(client, invoice):
    made = client.post("salesInvoices", invoice)
    [line] = invoice["salesInvoiceLines"]
    path = f"salesInvoices({made['id']})/salesInvoiceLines"
    client.post(path, line)
    client.post(path, line)
    assert [row["sequence"] for row in client.get(path)["value"]] == [10000, 20000, 30000]
    assert client.get(f"salesInvoices({made['id']})")["totalAmountExcludingTax"] == 2999.94


def test_a_refused_line_leaves_no_draft_behind(client, invoice):
    invoice["salesInvoiceLines"].append({"lineType": "Account", "lineObjectNumber": "9999"})
    assert client.refusal("POST", "salesInvoices", json=invoice) == "Account does not exist."
    assert client.get("salesInvoices")["value"] == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"customerNumber": "404"}, "Application_DialogException"),
        ({"customerNumber": ""}, "Application_DialogException"),
        ({"customerNumber": "20000"}, "Application_DialogException"),
        ({"currencyCode": "XXX"}, "Application_DialogException"),
        ({"externalDocumentNumber": "x" * 36}, "Application_StringExceededLength"),
        ({"projectNumber": "P100"}, "BadRequest"),
        ({"status": "Open"}, "BadRequest_InvalidOperation"),
        ({"postingDate": "31/03/2026"}, "BadRequest"),
        ({"customerNumber": 10000}, "BadRequest"),
    ],
)
def test_a_wrong_header_is_refused(client, invoice, change, code):
    assert client.code("POST", "salesInvoices", json={**invoice, **change}) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"description": "x" * 101}, "Application_StringExceededLength"),
        ({"jobNumber": "P100"}, "BadRequest"),
        ({"quantity": "7.5"}, "BadRequest"),
        ({"amountExcludingTax": 5}, "BadRequest_InvalidOperation"),
        ({"lineObjectNumber": "1100"}, "Application_FieldValidationException"),
        ({"lineType": "Resource"}, "Internal_InvalidTableRelation"),
        ({"taxCode": "NONE"}, "Internal_InvalidTableRelation"),
        ({"dimensionSetLines": [{"code": "PROJECT", "valueCode": "P9"}]},
         "Application_DialogException"),
        ({"dimensionSetLines": [{"code": "REGION", "valueCode": "UK"}]},
         "Application_DialogException"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_refused(client, invoice, change, code):
    invoice["salesInvoiceLines"][0] |= change
    assert client.code("POST", "salesInvoices", json=invoice) == code


def test_a_body_that_is_not_json_is_refused(client):
    assert client.refusal("POST", "salesInvoices", data="{") == "Invalid Request Body"


def test_the_currency_defaults_to_the_customers_and_shows_the_local_code(client, invoice):
    made = client.post("salesInvoices", {**invoice, "currencyCode": ""})
    assert (made["currencyCode"], made["currencyId"]) == (
        "GBP",
        "00000000-0000-0000-0000-000000000000",
    )


def test_a_change_needs_the_current_tag(client, invoice):
    made = client.post("salesInvoices", invoice)
    path, change = f"salesInvoices({made['id']})", {"externalDocumentNumber": "PSI-UK-0002"}
    assert client.code("PATCH", path, json=change) == "BadRequest_InvalidToken"
    tag = {"If-Match": made["@odata.etag"]}
    changed = client.call("PATCH", path, status=200, headers=tag, json=change)
    assert changed["externalDocumentNumber"] == "PSI-UK-0002"
    assert (
        client.code("PATCH", path, status=409, headers=tag, json=change) == "Request_EntityChanged"
    )


def test_a_draft_and_its_lines_can_be_deleted(client, invoice):
    made = client.post("salesInvoices", invoice)
    client.call("DELETE", f"salesInvoices({made['id']})", status=204, headers={"If-Match": "*"})
    assert client.get("salesInvoices", **ONLY)["value"] == []
    text = f"documentId eq {made['id']}"
    assert client.get("salesInvoiceLines", **{"$filter": text})["value"] == []


def test_a_line_can_be_changed_and_deleted_until_posted(client, invoice):
    made = client.post("salesInvoices", invoice)
    path = f"salesInvoices({made['id']})/salesInvoiceLines"
    [line] = client.get(path)["value"]
    one, tag = f"salesInvoiceLines({line['id']})", {"If-Match": "*"}
    client.call("PATCH", one, status=200, headers=tag, json={"quantity": 2})
    assert client.get(f"salesInvoices({made['id']})")["totalAmountExcludingTax"] == 266.66
    client.call("DELETE", one, status=204, headers=tag)
    assert client.get(f"salesInvoices({made['id']})")["totalAmountExcludingTax"] == 0


def test_master_data_cannot_be_written(client):
    assert client.code("POST", "projects", status=405, json={}) == "BadRequest_MethodNotAllowed"


def test_seeded_numbers_are_not_given_again(client, state, invoice, record):
    collection, _ = record("salesInvoices", 0)
    document = {"id": "seeded", "number": "S-INV000001", "status": "Draft"}
    state.put("bc", collection, "seeded", document, state.clock())
    assert client.post("salesInvoices", invoice)["number"] == "S-INV000002"
