import json
from datetime import timedelta

import pytest

from ps_integration.sandbox.vendors.xero import collection
from ps_integration_tests.posting.targets import xero
from ps_integration_tests.sandbox.xero.conftest import LINE, element


def errors(answer):
    return [one["Message"] for one in answer.json()["Invoices"][0]["ValidationErrors"]]


def held(target):
    return [ref for ref, *_ in xero.documents(target.state)]


def test_each_element_is_saved_or_not_by_itself(put, target):
    answer = put(element("PS-1"), element("PS-2", Contact={"ContactNumber": "C9"}), element("PS-3"))
    told = [one["StatusAttributeString"] for one in answer.json()["Invoices"]]
    assert (answer.status_code, told) == (200, ["OK", "ERROR", "OK"])
    assert held(target) == ["PS-1", "PS-3"]


def test_errors_are_summarised_unless_asked_otherwise(put):
    answer = put(element(Contact={}), summarizeErrors="true")
    assert (answer.status_code, answer.json()["Type"]) == (400, "ValidationException")


def test_a_key_gives_its_answer_again_for_six_minutes(put, target):
    first = put(element(), key="k").json()
    target.state.set_clock(xero.NOW + timedelta(minutes=5, seconds=59))
    assert put(element(), key="k").json() == first
    target.state.set_clock(xero.NOW + timedelta(minutes=6))
    assert errors(put(element(), key="k")) == ["Invoice # must be unique."]
    assert held(target) == ["PS-1"]


def test_a_key_gives_a_refusal_again_though_its_reason_is_gone(put, target):
    wrong = element(Contact={"ContactNumber": "C200"})
    refused = put(wrong, key="k").json()
    place, key = collection(xero.TENANT, "Contacts"), xero.BOOKS["Contacts"][1]["id"]
    before = target.state.get(xero.SYSTEM, place, key)
    target.state.put(
        xero.SYSTEM, place, key, {**before, "ContactStatus": "ACTIVE"}, target.state.clock()
    )
    assert put(wrong, key="k").json() == refused
    assert put(wrong, key="other").json()["Invoices"][0]["StatusAttributeString"] == "OK"


def test_a_key_is_refused_for_another_request(put, target):
    put(element(), key="k")
    answer = put(element("PS-2"), key="k")
    assert (answer.status_code, "different request" in answer.json()["Detail"]) == (400, True)
    assert held(target) == ["PS-1"]


@pytest.mark.parametrize("key", ["", "k" * 129])
def test_a_key_is_neither_empty_nor_too_long(put, key):
    assert put(element(), key=key).status_code == 400


def test_post_overwrites_the_invoice_of_that_number(call, put, target):
    put(element())
    changed = element(LineItems=[{**LINE, "Quantity": 3}])
    answer = call("/Invoices", "POST", json={"Invoices": [changed]})
    assert answer.json()["Invoices"][0]["SubTotal"] == 150
    assert xero.documents(target.state) == [("PS-1", "invoice", "posted", 15_000)]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (["DRAFT", "DELETED"], True),
        (["DRAFT", "AUTHORISED", "VOIDED"], True),
        (["AUTHORISED", "DELETED"], False),
        (["DRAFT", "VOIDED"], False),
        (["DRAFT", "DELETED", "AUTHORISED"], False),
        (["AUTHORISED", "VOIDED", "AUTHORISED"], False),
    ],
)
def test_states_follow_each_other_as_documented(call, put, path, allowed):
    made = put(element(Status=path[0])).json()["Invoices"][0]["InvoiceID"]
    for status in path[1:]:
        body = {"Invoices": [{"InvoiceID": made, "Status": status}]}
        answer = call("/Invoices", "POST", json=body)
    assert answer.ok is allowed


def test_a_void_that_says_more_than_its_status_is_refused(call, put):
    made = put(element()).json()["Invoices"][0]["InvoiceID"]
    body = {"Invoices": [{"InvoiceID": made, "Status": "VOIDED", "Reference": "x"}]}
    assert call("/Invoices", "POST", json=body).status_code == 400


def test_the_number_of_a_deleted_invoice_is_free_and_of_a_voided_one_is_not(call, put):
    for before, after in (("DRAFT", "DELETED"), ("AUTHORISED", "VOIDED")):
        made = put(element(Status=before)).json()["Invoices"][0]["InvoiceID"]
        body = {"Invoices": [{"InvoiceID": made, "Status": after}]}
        assert call("/Invoices", "POST", json=body).ok
    assert errors(put(element())) == ["Invoice # must be unique."]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Type": "ACCPAY"}, "Type"),
        ({"Status": "PAID"}, "status PAID"),
        ({"DueDate": None}, "due date"),
        ({"LineItems": []}, "line items"),
        ({"Date": "2025-12-31"}, "end of year lock date"),
        ({"Date": "2026-01-31"}, "period lock date"),
        ({"CurrencyCode": "GBP"}, "not subscribed to currency GBP"),
        ({"LineItems": [{**LINE, "LineAmount": 99}]}, "line total 99"),
        ({"LineItems": [{**LINE, "AccountCode": "6000"}]}, "Account code '6000'"),
        ({"LineItems": [{**LINE, "AccountCode": None}]}, "Account code must"),
        ({"LineItems": [{**LINE, "TaxType": "ODD"}]}, "TaxType code ODD"),
        ({"LineItems": [{**LINE, "Description": ""}]}, "Description"),
        ({"LineItems": [{**LINE, "Quantity": -2}]}, "greater than or equal to zero"),
        ({"LineItems": [{**LINE, "Tracking": [{"Name": "Project", "Option": "?"}]}]}, "tracking"),
    ],
)
def test_what_may_not_be_approved_is_refused_with_a_reason(put, target, changes, words):
    assert any(words in text for text in errors(put(element(**changes))))
    assert held(target) == []


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        b'{"Invoices": []}',
        b'{"Invoices": [{"Surprise": 1}]}',
        json.dumps({"Invoices": [element(Date="31/03/2026")]}).encode(),
        json.dumps({"Invoices": [element(LineItems=[{**LINE, "Quantity": "2"}])]}).encode(),
    ],
)
def test_a_body_that_cannot_be_read_saves_nothing(call, target, body):
    answer = call("/Invoices", "PUT", data=body)
    assert (answer.status_code, answer.json()["Type"]) == (400, "PostDataInvalidException")
    assert held(target) == []


def test_an_unreadable_element_takes_back_those_before_it(put, target):
    assert put(element("PS-1"), element("PS-2", Date="no day"), key="k").status_code == 400
    assert held(target) == []


@pytest.mark.parametrize(
    ("amounts", "told"),
    [("Exclusive", (100, 10, 110)), ("Inclusive", (90.91, 9.09, 100)), ("NoTax", (100, 0, 100))],
)
def test_tax_is_added_taken_out_or_left_away(put, amounts, told):
    made = put(element(LineAmountTypes=amounts)).json()["Invoices"][0]
    assert (made["SubTotal"], made["TotalTax"], made["Total"]) == told


def test_unit_amounts_keep_two_decimals_or_four_when_asked(put):
    lines = [{**LINE, "UnitAmount": 33.3333, "Quantity": 3}]
    assert put(element("A", LineItems=lines)).json()["Invoices"][0]["SubTotal"] == 99.99
    assert put(element("B", LineItems=lines), unitdp=4).json()["Invoices"][0]["SubTotal"] == 100
