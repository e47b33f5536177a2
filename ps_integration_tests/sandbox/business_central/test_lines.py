"""Lines and their dimensions, addressed in every way the vendor allows."""

from concurrent.futures import ThreadPoolExecutor

import pytest


def only_line(client, made, **params):
    [line] = client.get(f"salesInvoices({made['id']})/salesInvoiceLines", **params)["value"]
    return line


def test_a_line_can_be_posted_by_itself_with_its_document(client, invoice):
    made = client.post("salesInvoices", {**invoice, "salesInvoiceLines": []})
    line = {**invoice["salesInvoiceLines"][0], "documentId": made["id"]}
    added = client.post("salesInvoiceLines", line)
    path = f"salesInvoices({made['id']})/salesInvoiceLines({added['id']})"
    assert client.get(path)["amountExcludingTax"] == 999.98


def test_a_line_without_a_document_is_refused(client, invoice):
    [line] = invoice["salesInvoiceLines"]
    text = client.refusal("POST", "salesInvoiceLines", json=line)
    assert text == "You must specify a Document Id to create a line."


def test_an_account_can_be_named_by_id(client, invoice, record):
    _, key = record("accounts", 2)
    invoice["salesInvoiceLines"][0] |= {"accountId": key, "lineObjectNumber": ""}
    line = only_line(client, client.post("salesInvoices", invoice))
    assert (line["lineObjectNumber"], line["accountId"]) == ("4000", key)


def test_a_discount_lowers_the_amount(client, invoice):
    invoice["salesInvoiceLines"][0] |= {"quantity": 1, "unitPrice": 100.01, "discountPercent": 50}
    line = only_line(client, client.post("salesInvoices", invoice))
    assert (line["discountAmount"], line["amountExcludingTax"]) == (50.01, 50.0)


def test_a_taken_sequence_is_refused(client, invoice):
    [line] = invoice["salesInvoiceLines"]
    invoice["salesInvoiceLines"] = [{**line, "sequence": 10000}, {**line, "sequence": 10000}]
    code = client.code("POST", "salesInvoices", json=invoice)
    assert code == "Internal_EntityWithSameKeyExists"


@pytest.mark.parametrize(
    "change", [{"sequence": 5}, {"lineObjectNumber": "4100"}, {"lineType": "Rubbish"}]
)
def test_a_lines_place_and_object_stay(client, invoice, change):
    line = only_line(client, client.post("salesInvoices", invoice))
    tag = {"If-Match": line["@odata.etag"]}
    client.code("PATCH", f"salesInvoiceLines({line['id']})", headers=tag, json=change)


def test_a_changed_line_keeps_its_dimensions(client, invoice):
    line = only_line(client, client.post("salesInvoices", invoice))
    path = f"salesInvoiceLines({line['id']})"
    client.call("PATCH", path, status=200, headers={"If-Match": "*"}, json={"quantity": 1})
    [row] = client.get(f"{path}/dimensionSetLines")["value"]
    assert (row["code"], row["valueCode"], row["parentId"]) == ("PROJECT", "P100", line["id"])


def test_a_dimension_can_be_named_by_ids(client, invoice, record):
    _, value = record("dimensionValues", 0)
    rows = [{"id": "22222222-0000-4000-8000-000000000001", "valueId": value}]
    made = client.post("salesInvoices", {**invoice, "dimensionSetLines": rows})
    [row] = client.get(f"salesInvoices({made['id']})/dimensionSetLines")["value"]
    assert (row["code"], row["valueDisplayName"]) == ("PROJECT", "Apollo")


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([{"valueCode": "P100"}], 'The "id" or "code" field must be filled in.'),
        ([{"code": "PROJECT"}], 'The "valueId" or "valueCode" field must be filled in.'),
        (
            [{"code": "PROJECT", "valueCode": "P100"}, {"code": "PROJECT", "valueCode": "P100"}],
            "The dimension set line already exists.",
        ),
    ],
)
def test_a_dimension_is_named_whole_and_once(client, invoice, rows, text):
    made = {**invoice, "dimensionSetLines": rows}
    assert client.refusal("POST", "salesInvoices", json=made).startswith(text)


def test_a_blocked_account_is_refused(client, state, invoice, record):
    collection, key = record("accounts", 2)
    document = {"id": key, "number": "4000", "directPosting": True, "blocked": True}
    state.put("bc", collection, key, document, state.clock())
    code = client.code("POST", "salesInvoices", json=invoice)
    assert code == "Application_FieldValidationException"


def test_lines_without_quantity_or_object_cannot_be_posted(client, invoice):
    made = client.post("salesInvoices", invoice)
    path = f"salesInvoices({made['id']})/Microsoft.NAV.post"
    line = only_line(client, made)
    one, tag = f"salesInvoiceLines({line['id']})", {"If-Match": "*"}
    client.call("PATCH", one, status=200, headers=tag, json={"quantity": 0})
    assert "do not have a quantity" in client.refusal("POST", path)
    client.call("DELETE", one, status=204, headers=tag)
    client.post(f"salesInvoices({made['id']})/salesInvoiceLines", {"description": "only words"})
    assert client.refusal("POST", path) == "There is nothing to post."


@pytest.mark.parametrize(
    ("method", "action", "status"),
    [("POST", "release", 501), ("GET", "post", 404), ("DELETE", "post", 405)],
)
def test_an_action_the_page_does_not_have_is_refused(client, invoice, method, action, status):
    made = client.post("salesInvoices", invoice)
    client.code(method, f"salesInvoices({made['id']})/Microsoft.NAV.{action}", status=status)


def test_a_credit_memo_cannot_be_cancelled_here(client, invoice):
    lines = invoice.pop("salesInvoiceLines")
    made = client.post("salesCreditMemos", {**invoice, "salesCreditMemoLines": lines})
    path = f"salesCreditMemos({made['id']})/Microsoft.NAV.cancel"
    assert client.code("POST", path, status=501) == "BadRequest_MethodNotImplemented"


@pytest.mark.parametrize("change", [{"currencyCode": "EUR"}, {"customerNumber": "10000"}])
def test_a_header_change_is_checked_and_completed(client, invoice, change):
    made = client.post("salesInvoices", invoice)
    path = f"salesInvoices({made['id']})"
    changed = client.call("PATCH", path, status=200, headers={"If-Match": "*"}, json=change)
    assert {name: changed[name] for name in change} == change
    wrong = {"If-Match": "*"}
    client.code("PATCH", path, headers=wrong, json={"customerNumber": "404"})


def test_a_currency_can_be_named_by_id(client, invoice, record):
    _, key = record("currencies", 0)
    assert client.post("salesInvoices", {**invoice, "currencyId": key})["currencyCode"] == "EUR"
    missing = {**invoice, "currencyId": "99999999-0000-4000-8000-000000000000"}
    assert "currencyId" in client.refusal("POST", "salesInvoices", json=missing)


def test_a_changed_currency_rounds_the_lines_anew(client, invoice):
    made = client.post("salesInvoices", invoice)
    path = f"salesInvoices({made['id']})"
    change = {"currencyCode": "JPY"}
    changed = client.call("PATCH", path, status=200, headers={"If-Match": "*"}, json=change)
    assert changed["totalAmountExcludingTax"] == 1000


def test_two_connections_posting_one_draft_post_it_once(client, invoice):
    made = client.post("salesInvoices", invoice)
    address = f"{client.root}/salesInvoices({made['id']})/Microsoft.NAV.post"

    def post_it(_):
        return client.fresh_post(address).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(post_it, range(4)))
    assert statuses == [204, 400, 400, 400]
