"""What each answer of Xero to a write comes to, over a table of answers."""

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import pytest

from ps_integration.connectors.auth import NoAuth
from ps_integration.connectors.body import Caps
from ps_integration.connectors.http import ApiClient, Policy
from ps_integration.connectors.protocol import ErpDocument, ErpLine
from ps_integration.connectors.vendors.xero.api import THROTTLED
from ps_integration.connectors.vendors.xero.options import Options
from ps_integration.connectors.vendors.xero.writer import XeroWriter
from ps_integration_tests.connectors.server import scripted

DOCUMENT = ErpDocument(
    "PS-1", "invoice", "t", "c100", "GBP", date(2026, 3, 31), date(2026, 3, 31), None, 0, ()
)
NO_ID = "00000000-0000-0000-0000-000000000000"
HELD = {
    "InvoiceID": "i1", "Type": "ACCREC", "InvoiceNumber": "PS-1", "Status": "AUTHORISED",
    "Contact": {"ContactID": "k1"}, "CurrencyCode": "GBP", "Date": "/Date(1774915200000+0000)/",
    "LineAmountTypes": "Exclusive", "LineItems": [], "SubTotal": 0, "StatusAttributeString": "OK",
}  # fmt: skip
CONTACT = {"Contacts": [{"ContactID": "k1", "ContactNumber": "C100"}]}


def reply(status, body, **headers):
    return status, headers, body if isinstance(body, bytes) else json.dumps(body).encode()


def told(*elements):
    return reply(200, {"Status": "OK", "Invoices": list(elements)})


def wrong(text, **more):
    errors = [] if text is None else [{"Message": text}]
    return {"InvoiceNumber": "PS-1", "InvoiceID": NO_ID, "HasErrors": True,
            "StatusAttributeString": "ERROR", "ValidationErrors": errors, **more}  # fmt: skip


def invalid(*elements, **more):
    error = {"ErrorNumber": 10, "Type": "ValidationException", "Message": "A validation exception"}
    return reply(400, {**error, "Elements": list(elements), **more})


@contextmanager
def writing(*answers, **options):
    with scripted(*answers) as script:
        policy = Policy(Caps(1, 1, 2), tries=1, unprocessed=THROTTLED, sleep=lambda _: None)
        client = ApiClient("xero", script.url, NoAuth(), policy)
        yield XeroWriter(client, Options(companies={"uk": "t"}, **options)), script


@pytest.mark.parametrize(
    ("answer", "outcome", "recovery"),
    [
        (told(wrong("Account code '9' is not a valid code")), "refused", "fix_data"),
        (told(wrong("Organisation is not subscribed to currency EUR")), "refused",
         "fix_configuration"),
        (told(wrong("Words nobody has seen yet")), "refused", "fix_data"),
        (told(wrong("Invoice # must be unique.")), "ambiguous", "outcome_unknown"),
        (told(wrong("No contact", InvoiceID="i1")), "ambiguous", "outcome_unknown"),
        (told(wrong(None)), "ambiguous", "outcome_unknown"),
        (told(wrong("No", InvoiceNumber="PS-2")), "ambiguous", "outcome_unknown"),
        (told(wrong("No"), wrong("No")), "ambiguous", "outcome_unknown"),
        (told(), "ambiguous", "outcome_unknown"),
        (reply(200, {"Invoices": "PS-1"}), "ambiguous", "outcome_unknown"),
        (reply(200, []), "ambiguous", "outcome_unknown"),
        (reply(200, b"<html>"), "ambiguous", "outcome_unknown"),
        (reply(200, b""), "ambiguous", "outcome_unknown"),
        (reply(202, {}), "ambiguous", "outcome_unknown"),
        (invalid(wrong("The document date cannot be before the end of year lock date")),
         "refused", "fix_data"),
        (invalid(wrong("No"), wrong("No")), "ambiguous", "outcome_unknown"),
        (invalid(), "ambiguous", "outcome_unknown"),
        (invalid(Elements="none"), "ambiguous", "outcome_unknown"),
        (reply(400, {"Type": "PostDataInvalidException", "Message": "JSON was invalid"}),
         "refused", "fix_configuration"),
        (reply(400, {"Type": "PostDataInvalidException", "Message": "Idempotency Key: used"}),
         "ambiguous", "outcome_unknown"),
        (reply(400, {"Type": "NewException", "Message": "?"}), "ambiguous", "outcome_unknown"),
        (reply(400, {"Title": "Bad Request", "Detail": "Idempotency Key: k is used with"}),
         "ambiguous", "outcome_unknown"),
        (reply(401, {"Title": "Unauthorized", "Status": 401, "Detail": "TokenExpired"}),
         "refused", "fix_configuration"),
        (reply(403, {"Title": "Forbidden", "Status": 403}), "refused", "fix_configuration"),
        (reply(401, {"surprise": 1}), "ambiguous", "outcome_unknown"),
        (reply(404, b"not found"), "ambiguous", "outcome_unknown"),
        (reply(404, {"Title": "Not Found"}), "ambiguous", "outcome_unknown"),
        (reply(429, b"", **{"X-Rate-Limit-Problem": "minute"}), "throttled", "retry_later"),
        (reply(500, {"Title": "An error occurred"}), "ambiguous", "outcome_unknown"),
        (reply(503, b"rate limit"), "ambiguous", "outcome_unknown"),
        (reply(504, b""), "ambiguous", "outcome_unknown"),
        (reply(302, b"", Location="/elsewhere"), "ambiguous", "outcome_unknown"),
    ],
)  # fmt: skip
def test_each_answer_to_a_create_has_one_outcome(answer, outcome, recovery):
    with writing(answer) as (writer, script):
        found = writer.create(DOCUMENT)
        assert (found.outcome, found.recovery) == (outcome, recovery)
        assert [request[0] for request in script.requests] == ["PUT"]


def test_every_create_of_a_document_has_the_same_key_and_no_other_has_it():
    others = (replace(DOCUMENT, kind="credit_memo"), replace(DOCUMENT, reference="PS-2"),
              replace(DOCUMENT, company="u"))  # fmt: skip
    with writing(reply(503, b"")) as (writer, script):
        for document in (DOCUMENT, replace(DOCUMENT, amount_minor=7), *others):
            writer.create(document)
    keys = [headers["Idempotency-Key"] for _, _, headers, _ in script.requests]
    assert keys[0] == keys[1] == "t/invoice/PS-1"
    assert len(set(keys)) == 4


@pytest.mark.parametrize(
    "held",
    [
        {**HELD, "InvoiceNumber": "PS-2"},
        {**HELD, "Status": "DRAFT"},
        {**HELD, "Status": "DELETED"},
        {**HELD, "Status": "SURPRISE"},
        {**HELD, "LineItems": None},
        {**HELD, "Date": "2026-03-31"},
    ],
)
def test_a_document_that_reads_back_otherwise_is_in_doubt(held):
    with writing(told(HELD), told(held), reply(200, CONTACT)) as (writer, _):
        assert writer.create(DOCUMENT).outcome == "ambiguous"


def test_a_document_that_reads_back_as_sent_is_accepted_with_its_customer():
    with writing(told(HELD), told(HELD), reply(200, CONTACT)) as (writer, _):
        answer = writer.create(DOCUMENT)
    assert (answer.outcome, answer.receipt.customer_key) == ("accepted", "c100")


def test_a_warning_does_not_refuse():
    warned = {**HELD, "StatusAttributeString": "WARNING", "Warnings": [{"Message": "odd rate"}]}
    with writing(told(warned), told(HELD), reply(200, CONTACT)) as (writer, _):
        assert writer.create(DOCUMENT).outcome == "accepted"


def test_a_document_that_cannot_be_read_back_is_in_doubt():
    with writing(told(HELD), reply(500, {})) as (writer, _):
        assert writer.create(DOCUMENT).outcome == "ambiguous"


def test_a_refused_approval_counts_while_the_draft_is_seen_to_be_one():
    refused = invalid(wrong("lock date", InvoiceID="i1"))
    draft = {**HELD, "Status": "DRAFT"}
    with writing(refused, told(draft), reply(200, CONTACT), draft_first=True) as (writer, _):
        assert writer.post(DOCUMENT, "i1").outcome == "refused"
    with writing(refused, told(HELD), reply(200, CONTACT), draft_first=True) as (writer, _):
        assert writer.post(DOCUMENT, "i1").outcome == "ambiguous"
    with writing(refused, reply(500, {}), draft_first=True) as (writer, _):
        assert writer.post(DOCUMENT, "i1").outcome == "ambiguous"


def test_an_approval_that_leaves_a_draft_is_in_doubt():
    draft = {**HELD, "Status": "DRAFT"}
    with writing(told(draft), told(draft), reply(200, CONTACT)) as (writer, _):
        assert writer.post(DOCUMENT, "i1").outcome == "ambiguous"


def test_an_approval_answered_without_the_document_is_in_doubt():
    with writing(told({**HELD, "InvoiceID": "other"})) as (writer, _):
        assert writer.post(DOCUMENT, "i1").outcome == "ambiguous"


def test_a_draft_is_deleted_by_its_status_alone():
    draft = {**HELD, "Status": "DRAFT"}
    with writing(told(draft), reply(200, CONTACT), told(draft)) as (writer, script):
        assert writer.discard_draft("t", "i1").outcome == "accepted"
    method, path, headers, body = script.requests[-1]
    assert (method, path.partition("?")[0], headers["Xero-Tenant-Id"]) == ("POST", "/Invoices", "t")
    assert json.loads(body) == {"Invoices": [{"InvoiceID": "i1", "Status": "DELETED"}]}


def test_nothing_leaves_when_the_far_side_is_not_there():
    with writing(told(HELD)) as (writer, _):
        pass
    assert writer.create(DOCUMENT).outcome == "not_sent"


def test_numbers_are_sent_with_exactly_their_digits():
    line = ErpLine(1, "d", "0.10000", "133.333333", 1333, "ap-1", "t/AP-1", "4000", None, None)
    with writing(reply(503, b"")) as (writer, script):
        writer.create(replace(DOCUMENT, lines=(line,)))
        body = script.requests[0][3].decode()
    assert '"Quantity":0.10000,"UnitAmount":133.333333,"LineAmount":13.33' in body
    assert json.loads(body)["Invoices"][0]["LineItems"][0]["Tracking"] == [
        {"Name": "Project", "Option": "AP-1"}
    ]
