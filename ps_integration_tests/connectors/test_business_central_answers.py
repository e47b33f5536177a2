"""What each answer of Business Central to a write comes to, over a table of answers."""

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import pytest

from ps_integration.connectors.auth import NoAuth
from ps_integration.connectors.body import Caps
from ps_integration.connectors.http import ApiClient, Policy
from ps_integration.connectors.protocol import ErpDocument, ErpLine
from ps_integration.connectors.vendors.business_central.api import THROTTLED
from ps_integration.connectors.vendors.business_central.options import Options
from ps_integration.connectors.vendors.business_central.writer import BusinessCentralWriter
from ps_integration_tests.connectors.server import scripted

DOCUMENT = ErpDocument(
    "PS-1", "invoice", "c", "c100", "GBP", date(2026, 3, 31), date(2026, 3, 31), None, 0, ()
)
HELD = {
    "id": "d1", "number": "S-INV1", "externalDocumentNumber": "PS-1", "status": "Draft",
    "customerNumber": "C100", "currencyCode": "GBP", "invoiceDate": "2026-03-31",
    "postingDate": "2026-03-31",
    "totalAmountExcludingTax": 0, "salesInvoiceLines": [], "@odata.etag": 'W/"1"',
}  # fmt: skip


def reply(status, body, **headers):
    return status, headers, body if isinstance(body, bytes) else json.dumps(body).encode()


def error(status, code):
    return reply(status, {"error": {"code": code, "message": "No.  CorrelationId:  1-2."}})


@contextmanager
def writing(*answers):
    with scripted(*answers) as script:
        policy = Policy(Caps(1, 1, 2), tries=1, unprocessed=THROTTLED, sleep=lambda _: None)
        client = ApiClient("bc", script.url, NoAuth(), policy)
        options = Options(tenant="t", environment="e", companies={"uk": "c"})
        yield BusinessCentralWriter(client, options), script


@pytest.mark.parametrize(
    ("answer", "outcome", "recovery"),
    [
        (error(400, "Application_DialogException"), "refused", "fix_data"),
        (error(400, "Application_FieldValidationException"), "refused", "fix_data"),
        (error(400, "Application_StringExceededLength"), "refused", "fix_data"),
        (error(400, "Internal_InvalidTableRelation"), "refused", "fix_data"),
        (error(400, "BadRequest"), "refused", "fix_configuration"),
        (error(404, "BadRequest_NotFound"), "refused", "fix_configuration"),
        (error(401, "Authentication_InvalidCredentials"), "refused", "fix_configuration"),
        (error(403, "Authorization_RequestDenied"), "refused", "fix_configuration"),
        (error(409, "Request_EntityChanged"), "refused", "retry_later"),
        (error(409, "Internal_EntityWithSameKeyExists"), "ambiguous", "outcome_unknown"),
        (error(400, "Application_SomethingNew"), "ambiguous", "outcome_unknown"),
        (reply(400, {"message": "no"}), "ambiguous", "outcome_unknown"),
        (reply(400, {"error": "no"}), "ambiguous", "outcome_unknown"),
        (reply(400, b"<html>"), "ambiguous", "outcome_unknown"),
        (error(429, "Unknown"), "throttled", "retry_later"),
        (error(408, "Unknown"), "ambiguous", "outcome_unknown"),
        (error(500, "Internal_ServerError"), "ambiguous", "outcome_unknown"),
        (error(503, "Unknown"), "ambiguous", "outcome_unknown"),
        (error(504, "Unknown"), "ambiguous", "outcome_unknown"),
        (reply(302, b"", Location="/elsewhere"), "ambiguous", "outcome_unknown"),
        (reply(202, {}), "ambiguous", "outcome_unknown"),
        (reply(201, b""), "ambiguous", "outcome_unknown"),
        (reply(201, b"<html>"), "ambiguous", "outcome_unknown"),
        (reply(201, {}), "ambiguous", "outcome_unknown"),
        (reply(201, [HELD]), "ambiguous", "outcome_unknown"),
    ],
)
def test_each_answer_to_a_create_has_one_outcome(answer, outcome, recovery):
    with writing(answer) as (writer, script):
        found = writer.create(DOCUMENT)
        assert (found.outcome, found.recovery) == (outcome, recovery)
        assert [request[0] for request in script.requests] == ["POST"]


@pytest.mark.parametrize(
    "held",
    [
        {**HELD, "externalDocumentNumber": "PS-2"},
        {**HELD, "status": "Open"},
        {**HELD, "status": "Voided"},
        {key: value for key, value in HELD.items() if key != "salesInvoiceLines"},
    ],
)
def test_a_draft_that_reads_back_otherwise_is_in_doubt(held):
    with writing(reply(201, HELD), reply(200, held)) as (writer, _):
        assert writer.create(DOCUMENT).outcome == "ambiguous"


def test_a_draft_that_reads_back_as_sent_is_accepted():
    with writing(reply(201, HELD), reply(200, HELD)) as (writer, _):
        assert writer.create(DOCUMENT).receipt.number == "S-INV1"


def test_a_draft_that_cannot_be_read_back_is_in_doubt():
    with writing(reply(201, HELD), error(500, "Internal_ServerError")) as (writer, _):
        assert writer.create(DOCUMENT).outcome == "ambiguous"


def test_a_refused_posting_counts_while_the_draft_is_seen_to_be_one():
    refused = error(400, "Application_DialogException")
    with writing(refused, reply(200, HELD)) as (writer, _):
        assert writer.post(DOCUMENT, "d1").outcome == "refused"
    with writing(refused, reply(200, {**HELD, "status": "Open"})) as (writer, _):
        assert writer.post(DOCUMENT, "d1").outcome == "ambiguous"
    with writing(refused, error(500, "Internal_ServerError")) as (writer, _):
        assert writer.post(DOCUMENT, "d1").outcome == "ambiguous"


def test_a_posting_that_leaves_a_draft_is_in_doubt():
    with writing((204, {}, b""), reply(200, HELD)) as (writer, _):
        assert writer.post(DOCUMENT, "d1").outcome == "ambiguous"


def test_a_draft_is_deleted_only_as_it_was_read():
    with writing(reply(200, HELD), (204, {}, b"")) as (writer, script):
        assert writer.discard_draft("c", "d1").outcome == "accepted"
        method, _, headers, _ = script.requests[-1]
        assert (method, headers["If-Match"]) == ("DELETE", 'W/"1"')


def test_nothing_leaves_when_the_far_side_is_not_there():
    with writing(reply(201, HELD)) as (writer, _):
        pass
    assert writer.create(DOCUMENT).outcome == "not_sent"


def test_numbers_are_sent_with_exactly_their_digits():
    line = ErpLine(
        1, "d" * 120, "0.10000", "133.333333", 1333, "ap-1", "c/AP-1", "4000", None, None
    )
    with writing(error(400, "BadRequest")) as (writer, script):
        writer.create(replace(DOCUMENT, lines=(line,)))
        body = script.requests[0][3].decode()
    assert '"quantity":0.10000' in body
    assert '"unitPrice":133.333333' in body
    assert len(json.loads(body)["salesInvoiceLines"][0]["description"]) == 100
