"""Invoices and credit memos to NetSuite, over the network."""

import json
from dataclasses import replace
from datetime import date

import pytest

from ps_integration.connectors.parse import strict_json
from ps_integration.errors import FixConfigError, RetryLaterError
from ps_integration.sandbox.vendors.netsuite import DEFAULTS, Books, void
from ps_integration_tests.connectors.server import scripted
from ps_integration_tests.posting.targets import netsuite

REF = "PS-APOLLO-202603-1"


def test_an_invoice_is_posted_under_its_reference_and_read_back(writer, invoice, held):
    answer = writer.create(invoice)
    assert (answer.outcome, answer.receipt.state) == ("accepted", "posted")
    assert answer.receipt.number == "INV1"
    assert answer.receipt.line_amounts_minor == (99_998, 10_000)
    assert (answer.receipt.customer_key, answer.receipt.currency) == ("c100", "USD")
    assert writer.find("1", REF) == [answer.receipt]
    assert held() == [(REF, "invoice", "posted", 109_998)]


def test_a_document_is_found_by_its_number_under_whatever_reference(writer, invoice, edit):
    receipt = writer.create(invoice).receipt
    edit("invoice", receipt.erp_id, externalId="BY-HAND")
    assert writer.find("1", REF) == []
    assert [one.erp_id for one in writer.numbered("1", receipt.number)] == [receipt.erp_id]
    assert writer.numbered("1", "INV999") == []
    assert receipt.tax_minor == 10_000


def test_a_credit_memo_is_written_with_positive_amounts(writer, invoice, held):
    memo = replace(invoice, reference="PS-2", kind="credit_memo")
    answer = writer.create(memo)
    assert (answer.receipt.kind, answer.receipt.state) == ("credit_memo", "posted")
    assert answer.receipt.line_amounts_minor == (99_998, 10_000)
    assert held() == [("PS-2", "credit_memo", "posted", 109_998)]


def test_what_is_sent_is_what_the_preview_shows(writer, invoice, server):
    outgoing = writer.outgoing(invoice)
    assert (outgoing.method, outgoing.path) == (
        "PUT",
        f"/services/rest/record/v1/invoice/eid:{REF}?replace=item",
    )
    body = strict_json(outgoing.body.decode())
    assert str(body["item"]["items"][0]["amount"]) == "999.98"
    writer.create(invoice)
    [logged] = [one for one in server.log.requests() if one.method == "PUT"]
    assert f"{logged.path}?{logged.query}" == outgoing.path


@pytest.mark.parametrize("kind", ["timeout_after_commit", "status_500_after_commit", "html_200"])
def test_a_lost_reply_is_in_doubt(writer, invoice, fault, kind):
    fault(kind)
    answer = writer.create(invoice)
    assert (answer.outcome, answer.recovery) == ("ambiguous", "outcome_unknown")


def test_a_lost_reply_is_settled_by_the_external_id_and_not_by_a_second_document(
    writer, invoice, fault, held, sent
):
    fault("timeout_after_commit")
    writer.create(invoice)
    assert [one.state for one in writer.find("1", REF)] == ["posted"]
    again = writer.create(invoice)
    assert again.outcome == "ambiguous"
    assert "already" in again.message
    assert len(sent("PUT")) == 1
    assert held() == [(REF, "invoice", "posted", 109_998)]


def test_a_late_first_request_leaves_one_document_of_the_same_content(
    writer, invoice, fault, held, server
):
    fault("slow_commit", delay=0.1)
    assert writer.create(invoice).outcome == "ambiguous"
    assert writer.find("1", REF) == []
    assert writer.create(invoice).outcome == "accepted"
    server.app.late_commits[0].join()
    assert held() == [(REF, "invoice", "posted", 109_998)]
    assert writer.find("1", REF)[0].line_amounts_minor == (99_998, 10_000)


def test_what_a_person_changed_in_netsuite_is_left_alone(writer, invoice, edit, server, held):
    writer.create(invoice)
    lines = server.state.get("netsuite", "invoice", "1")["item"]["items"]
    edit("invoice", "1", item={"items": lines[:1]}, subtotal=lines[0]["amount"])
    assert writer.create(invoice).outcome == "ambiguous"
    assert held() == [(REF, "invoice", "posted", 99_998)]


@pytest.mark.parametrize("day", [date(2026, 1, 31), date(2026, 2, 28), date(2027, 1, 1)])
def test_a_period_that_is_closed_locked_or_missing_refuses(writer, invoice, day, held):
    answer = writer.create(replace(invoice, invoice_date=day, posting_date=day))
    assert (answer.outcome, answer.code, answer.recovery) == ("refused", "USER_ERROR", "fix_data")
    assert held() == []


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"customer_key": "c999"}, "INVALID_CONTENT", "C999"),
        ({"customer_key": "c200"}, "INVALID_CONTENT", "subsidiary"),
        ({"company": "9"}, "INVALID_CONTENT", "subsidiary"),
        ({"lines": ()}, "USER_ERROR", "line item"),
    ],
)
def test_a_documented_refusal_says_what_to_mend(writer, invoice, changes, code, said):
    answer = writer.create(replace(invoice, **changes))
    assert (answer.outcome, answer.code, answer.recovery) == ("refused", code, "fix_data")
    assert said in answer.message


def test_the_blamed_line_is_named(writer, invoice):
    wrong = replace(invoice.lines[1], line_no=7, project_external_id="1/302")
    answer = writer.create(replace(invoice, lines=(invoice.lines[0], wrong)))
    assert (answer.outcome, answer.bad_lines) == ("refused", (7,))


@pytest.mark.parametrize(
    "changes",
    [{"currency": "GBP"}, {"reference": "PS/1"}],
)
def test_what_the_options_cannot_say_is_never_sent(writer, invoice, changes, sent):
    answer = writer.create(replace(invoice, **changes))
    assert (answer.outcome, answer.recovery) == ("refused", "fix_configuration")
    with pytest.raises(FixConfigError):
        writer.outgoing(replace(invoice, **changes))
    assert sent("PUT") == []


def test_a_revenue_account_or_tax_code_without_an_internal_id_is_never_sent(writer, invoice):
    for changes in ({"revenue_account": "4999"}, {"tax_code": "EXEMPT"}):
        line = replace(invoice.lines[0], **changes)
        answer = writer.create(replace(invoice, lines=(line,)))
        assert (answer.outcome, answer.recovery) == ("refused", "fix_configuration")


def test_too_many_calls_at_a_time_is_documented_as_not_processed(writer, invoice, fault, held):
    fault("status_429")
    assert writer.create(invoice).outcome == "throttled"
    assert held() == []


def test_refused_credentials_are_a_matter_of_configuration(url, invoice):
    setup = netsuite.setup(url)
    environ = {**netsuite.ENVIRONMENT, "NS_TOKEN_SECRET": "another"}
    writer = netsuite.vendor("netsuite").erp_writer(replace(setup, environ=environ))
    answer = writer.create(invoice)
    assert (answer.outcome, answer.recovery) == ("not_sent", "retry_later")
    with pytest.raises(FixConfigError, match="NS_TOKEN_SECRET"):
        writer.find("1", REF)


def test_a_refusal_does_not_count_while_the_document_is_there(writer, invoice, server, fault):
    """Another invoice took the reference after it was looked for: a duplicate is USER_ERROR."""
    writer.create(replace(invoice, kind="credit_memo"))
    answer = writer.create(invoice)
    assert (answer.outcome, answer.code) == ("refused", "USER_ERROR")
    assert [one.kind for one in writer.find("1", REF)] == ["credit_memo"]


def test_a_write_is_sent_once(writer, invoice, fault, sent):
    fault("status_503", times=5)
    assert writer.create(invoice).outcome == "ambiguous"
    assert len(sent("PUT")) == 1


def test_nothing_is_sent_when_netsuite_cannot_be_asked_for_the_reference(
    writer, invoice, fault, sent
):
    fault("status_503", method="GET", times=None)
    answer = writer.create(invoice)
    assert (answer.outcome, answer.recovery) == ("not_sent", "retry_later")
    assert sent("PUT") == []


def test_nothing_is_found_under_a_reference_never_sent(writer):
    assert writer.find("1", "PS-O'NEILL-1") == []


def test_find_does_not_mistake_a_dead_server_for_an_empty_one(writer, fault):
    fault("dead", path="*", method="*", times=None)
    with pytest.raises(RetryLaterError):
        writer.find("1", REF)


def test_absence_counts_only_when_query_and_record_agree():
    """Queries may lag, or a role may not see in them what it may see as a record."""
    nothing = {"items": [], "count": 0, "hasMore": False, "offset": 0, "totalResults": 0}

    def aside(path):
        return (200, {}, json.dumps(nothing).encode()) if "suiteql" in path else None

    with scripted((200, {}, b'{"id": "1"}'), aside=aside) as far:
        writer = netsuite.writer(far.url)
        with pytest.raises(RetryLaterError, match="do not show it yet"):
            writer.find("1", REF)


def test_a_voided_invoice_is_cancelled(writer, invoice, server):
    writer.create(invoice)
    with server.state.transaction() as transaction:
        void(Books(transaction, "netsuite", DEFAULTS, netsuite.NOW), "invoice", "1")
    [found] = writer.find("1", REF)
    assert (found.state, found.amount_minor) == ("cancelled", 0)


def test_a_document_that_netsuite_put_into_another_period_is_dated_there(writer, invoice, edit):
    writer.create(invoice)
    edit("invoice", "1", postingPeriod={"id": "604"})
    assert writer.find("1", REF)[0].posting_date == date(2026, 4, 1)


def test_ours_lists_one_subsidiary_and_takes_an_underscore_for_itself(writer, invoice):
    for reference in ("PS_1", "PSA1", "PS_2"):
        writer.create(replace(invoice, reference=reference))
    assert [one.reference for one in writer.ours("1", "PS_")] == ["PS_1", "PS_2"]
    assert writer.ours("2", "PS_") == []


def test_a_yen_invoice_counts_whole_yen(writer, invoice):
    line = replace(
        invoice.lines[0], quantity="1.5", unit_price="15001", amount_minor=22_502, tax_code=None
    )
    answer = writer.create(replace(invoice, currency="JPY", amount_minor=22_502, lines=(line,)))
    assert (answer.receipt.currency, answer.receipt.amount_minor) == ("JPY", 22_502)


def test_the_capability_is_that_of_an_external_id(url):
    plain = netsuite.writer(url).capability
    assert (plain.posting_class, plain.creates_then_posts) == ("U", False)
    drafts = netsuite.writer(url, invoice_approval="draft", concurrency=2).capability
    assert (drafts.posting_class, drafts.creates_then_posts, drafts.concurrency) == ("F", True, 2)


def told(*details):
    return json.dumps({"title": "Bad Request", "status": 400, "o:errorDetails": details}).encode()


@pytest.mark.parametrize(
    "answer",
    [
        told({"o:errorCode": "NEVER_HEARD_OF", "detail": "?"}),
        told({"o:errorCode": "USER_ERROR", "detail": "!"}, {"o:errorCode": "NEVER_HEARD_OF"}),
        told({"o:errorCode": "DUP_RCRD", "detail": "This record already exists."}),
        told(),
        b'{"message": "no"}',
        b"no",
    ],
)
def test_a_refusal_that_is_not_documented_is_in_doubt(invoice, answer):
    with scripted((404, {}, b"{}"), (400, {}, answer)) as far:
        got = netsuite.writer(far.url).create(invoice)
    assert (got.outcome, got.recovery) == ("ambiguous", "outcome_unknown")


def test_a_refusal_that_the_record_contradicts_is_in_doubt(invoice):
    refused = (
        400,
        {},
        told({"o:errorCode": "USER_ERROR", "detail": "This record already exists."}),
    )
    with scripted((404, {}, b"{}"), refused, (200, {}, b'{"id": "1"}')) as far:
        got = netsuite.writer(far.url).create(invoice)
    assert (got.outcome, got.code) == ("ambiguous", "USER_ERROR")


def test_a_refusal_is_in_doubt_while_nobody_can_look(invoice):
    refused = (400, {}, told({"o:errorCode": "USER_ERROR", "detail": "no"}))
    with scripted((404, {}, b"{}"), refused, (503, {}, b"{}")) as far:
        assert netsuite.writer(far.url).create(invoice).outcome == "ambiguous"


@pytest.mark.parametrize("code", ["INVALID_LOGIN", "INSUFFICIENT_PERMISSION"])
def test_a_right_that_is_missing_is_a_matter_of_configuration(invoice, code):
    refused = (403, {}, told({"o:errorCode": code, "detail": "no"}))
    with scripted((404, {}, b"{}"), refused) as far:
        got = netsuite.writer(far.url).create(invoice)
    assert (got.outcome, got.recovery) == ("refused", "fix_configuration")


def test_what_is_no_internal_id_is_not_asked_for(writer, sent):
    assert writer.discard_draft("1", "").outcome == "not_sent"
    with pytest.raises(FixConfigError):
        writer.ours("US01", "PS-")
    assert sent("DELETE") == []
