"""The Xero server's answers hold against the vendor's own OpenAPI description (an excerpt of it).

Known differences, which the description's own examples show: days come a second time as text, a
line in error says why, and every answer has an envelope.
"""

import json
from pathlib import Path

import jsonschema
import pytest

from ps_integration.sandbox.vendors.xero.kinds import CREDIT_NOTE, INVOICE
from ps_integration.sandbox.vendors.xero.lines import FIELDS
from ps_integration.sandbox.vendors.xero.reading import OPTIONS
from ps_integration_tests.sandbox.xero.conftest import LINE, element

SPEC = json.loads((Path(__file__).parent / "openapi.json").read_text("utf-8"))
SCHEMAS = SPEC["components"]["schemas"]
ENVELOPE = ("Id", "Status", "ProviderName", "DateTimeUTC")
BESIDES = {
    "Invoice": ("DateString", "DueDateString"),
    "CreditNote": ("DateString", "DueDateString"),
    "LineItem": ("ValidationErrors",),
}
SETS = {"Organisation": "Organisations"}


def closed(node):
    """Refuse what a schema does not name."""
    if isinstance(node, list):
        return [closed(one) for one in node]
    if not isinstance(node, dict):
        return node
    out = {key: closed(value) for key, value in node.items()}
    return out | (
        {"additionalProperties": False} if isinstance(out.get("properties"), dict) else {}
    )


@pytest.fixture(scope="module")
def components():
    schemas = json.loads(json.dumps(SCHEMAS))
    for name, more in BESIDES.items():
        schemas[name]["properties"] |= {field: {} for field in more}
    for name in ("Invoices", "CreditNotes", "Contacts", "Accounts", "TaxRates",
                 "TrackingCategories", "Organisations"):  # fmt: skip
        schemas[name]["properties"] |= {field: {"type": "string"} for field in ENVELOPE}
    return {"schemas": {name: closed(schema) for name, schema in schemas.items()}}


@pytest.fixture
def check(components):
    def run(body, name):
        document = {"$ref": f"#/components/schemas/{name}", "components": components}
        jsonschema.Draft7Validator(document).validate(body)

    return run


@pytest.mark.parametrize("path", SPEC["paths"])
def test_a_list_is_as_described(call, put, check, path):
    put(element(), element("PS-2", Status="DRAFT"))
    name = path.removeprefix("/")
    params = {"page": 1} if "query:page" in SPEC["paths"][path]["get"] else {}
    body = call(path, params=params).json()
    assert body[SETS.get(name, name)] or name == "CreditNotes"
    check(body, SETS.get(name, name))


def test_a_credit_note_is_as_described(call, check):
    note = {**element(Type="ACCRECCREDIT"), "CreditNoteNumber": "PS-1"}
    del note["InvoiceNumber"]
    made = call("/CreditNotes", "PUT", json={"CreditNotes": [note]}).json()
    check(made, "CreditNotes")
    key = made["CreditNotes"][0]["CreditNoteID"]
    check(call(f"/CreditNotes/{key}").json(), "CreditNotes")


def test_saved_and_refused_elements_are_as_described(put, check):
    body = put(element(), element("PS-2", LineItems=[{**LINE, "AccountCode": "9"}])).json()
    assert [one["StatusAttributeString"] for one in body["Invoices"]] == ["OK", "ERROR"]
    check(body, "Invoices")


def test_an_error_is_as_described(put, check, components):
    body = put(element(Contact={}), summarizeErrors="true").json()
    told = {name: body[name] for name in ("ErrorNumber", "Type", "Message")}
    check({**told, "Elements": []}, "Error")
    named = components["schemas"]["Element"]["properties"]
    assert set(body["Elements"][0]) & set(named) >= {"InvoiceID", "ValidationErrors"}


@pytest.mark.parametrize("path", SPEC["paths"])
def test_every_list_takes_the_options_that_are_described(path):
    name = path.removeprefix("/")
    described = {one.removeprefix("query:") for one in SPEC["paths"][path]["get"]}
    assert described - {"header:If-Modified-Since"} == OPTIONS[SETS.get(name, name)]


def test_what_a_document_may_be_sent_with_is_described():
    assert set(SCHEMAS["Invoice"]["properties"]) >= INVOICE.fields - {"CreditNoteNumber"}
    unknown = CREDIT_NOTE.fields - set(SCHEMAS["CreditNote"]["properties"])
    assert unknown == {"Url", "ExpectedPaymentDate"}
    assert set(SCHEMAS["LineItem"]["properties"]) >= FIELDS


def test_the_check_can_fail(check):
    with pytest.raises(jsonschema.ValidationError):
        check({"Invoices": [{"Surprise": 1}]}, "Invoices")
