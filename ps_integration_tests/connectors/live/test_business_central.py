"""Business Central over the network, against a server as strict as the vendor."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ps_integration.connectors.registry import vendor
from ps_integration.errors import FixConfigError, RetryLaterError

COMPANY = "11111111-1111-4111-8111-111111111111"


def test_a_draft_is_created_posted_and_found(writer, invoice):
    draft = writer.create(invoice)
    assert (draft.outcome, draft.receipt.state) == ("accepted", "draft")
    posted = writer.post(invoice, draft.receipt.erp_id)
    assert (posted.outcome, posted.receipt.state) == ("accepted", "posted")
    assert posted.receipt.erp_id == draft.receipt.erp_id
    assert posted.receipt.number != draft.receipt.number
    assert posted.receipt.amount_minor == 109998
    assert posted.receipt.line_amounts_minor == (99998, 10000)
    assert (posted.receipt.customer_key, posted.receipt.currency) == ("c100", "GBP")
    assert writer.find(invoice.company, invoice.reference) == [posted.receipt]


def test_nothing_is_found_under_a_reference_never_sent(writer):
    assert writer.find(COMPANY, "PS-O'NEILL-202603-1") == []


@pytest.mark.parametrize("kind", ["timeout_after_commit", "status_500_after_commit", "html_200"])
def test_a_lost_reply_to_create_is_in_doubt(writer, invoice, fault, kind):
    writer.find(COMPANY, "warm the token")
    fault(kind, method="POST", path_pattern="*/salesInvoices")
    answer = writer.create(invoice)
    assert (answer.outcome, answer.recovery) == ("ambiguous", "outcome_unknown")


def test_a_lost_reply_to_create_is_settled_by_finding_the_draft(writer, invoice, fault):
    writer.find(COMPANY, "warm the token")
    fault("timeout_after_commit", method="POST", path_pattern="*/salesInvoices")
    writer.create(invoice)
    [found] = writer.find(COMPANY, invoice.reference)
    assert (found.state, found.amount_minor) == ("draft", 109998)


def test_a_lost_reply_to_post_is_settled_by_finding_the_invoice(writer, invoice, fault):
    draft = writer.create(invoice).receipt
    fault("timeout_after_commit", method="POST", path_pattern="*Microsoft.NAV.post")
    assert writer.post(invoice, draft.erp_id).outcome == "ambiguous"
    assert writer.find(COMPANY, invoice.reference)[0].state == "posted"


def test_posting_again_what_is_posted_is_in_doubt_and_not_refused(writer, invoice):
    draft = writer.create(invoice).receipt
    writer.post(invoice, draft.erp_id)
    assert writer.post(invoice, draft.erp_id).outcome == "ambiguous"


def test_a_write_is_sent_once(writer, invoice, fault, server):
    writer.find(COMPANY, "warm the token")
    fault("status_503", method="POST", path_pattern="*/salesInvoices", times=5)
    assert writer.create(invoice).outcome == "ambiguous"
    writes = [one for one in server.log.requests() if one.is_write]
    assert len(writes) == 1


def test_a_closed_period_refuses_the_posting_and_leaves_the_draft(writer, invoice):
    late = replace(invoice, posting_date=date(2026, 1, 31))
    draft = writer.create(late).receipt
    answer = writer.post(late, draft.erp_id)
    assert (answer.outcome, answer.recovery) == ("refused", "fix_data")
    assert answer.code == "Application_DialogException"
    assert writer.find(COMPANY, late.reference)[0].state == "draft"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"customer_key": "c200"}, "Application_DialogException"),
        ({"customer_key": "c999"}, "Application_DialogException"),
        ({"reference": "P" * 36}, "Application_StringExceededLength"),
        ({"company": COMPANY.replace("1", "3")}, "BadRequest_NotFound"),
    ],
)
def test_a_documented_refusal_says_which(writer, invoice, change, code):
    answer = writer.create(replace(invoice, **change))
    assert (answer.outcome, answer.code) == ("refused", code)


def test_too_many_requests_is_documented_as_not_processed(writer, invoice, fault):
    writer.find(COMPANY, "warm the token")
    fault("status_429", method="POST", path_pattern="*/salesInvoices")
    assert writer.create(invoice).outcome == "throttled"


def test_the_local_currency_is_kept_for_a_customer_of_another_currency(writer, invoice):
    assert writer.create(invoice).receipt.currency == "GBP"


def test_a_yen_invoice_counts_whole_yen(writer, invoice):
    line = replace(invoice.lines[0], quantity="1.5", unit_price="15001", tax_code=None)
    answer = writer.create(replace(invoice, currency="JPY", lines=(line,)))
    assert (answer.receipt.currency, answer.receipt.amount_minor) == ("JPY", 22502)


def test_a_credit_memo_is_created_and_posted(writer, invoice):
    memo = replace(invoice, kind="credit_memo")
    draft = writer.create(memo).receipt
    posted = writer.post(memo, draft.erp_id)
    assert (posted.receipt.kind, posted.receipt.amount_minor) == ("credit_memo", 109998)


def test_a_draft_is_discarded_and_a_posted_invoice_is_not(writer, invoice):
    gone = writer.create(invoice).receipt
    assert writer.discard_draft(COMPANY, gone.erp_id).outcome == "accepted"
    assert writer.find(COMPANY, invoice.reference) == []
    assert writer.discard_draft(COMPANY, gone.erp_id).outcome == "accepted"
    kept = writer.create(invoice).receipt
    writer.post(invoice, kept.erp_id)
    assert writer.discard_draft(COMPANY, kept.erp_id).outcome == "refused"


def test_find_does_not_mistake_a_dead_server_for_an_empty_one(writer, fault):
    writer.find(COMPANY, "warm the token")
    fault("dead", times=None)
    with pytest.raises(RetryLaterError):
        writer.find(COMPANY, "PS-1")


def test_posted_invoices_are_read_with_the_lines_that_bill_a_project(writer, invoice, bc, rows_of):
    draft = writer.create(invoice).receipt
    writer.post(invoice, draft.erp_id)
    [document] = rows_of(bc, "sales_invoices")
    assert (document["external_id"], document["status"]) == (draft.erp_id, "open")
    assert (document["reference"], document["is_posted"]) == (invoice.reference, True)
    assert (document["amount_minor"], document["tax_minor"]) == (109998, 20000)
    lines = rows_of(bc, "sales_invoices", "erp_lines")
    assert [line["amount_minor"] for line in lines] == [99998, 10000]
    assert {line["project_key"] for line in lines} == {"ap-1"}


def test_an_incremental_read_asks_from_the_bound_on(writer, invoice, bc, rows_of):
    writer.create(invoice)
    at = datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
    assert len(rows_of(bc, "sales_invoices", mode="incremental", since=at)) == 1
    later = at.replace(hour=23)
    assert rows_of(bc, "sales_invoices", mode="incremental", since=later) == []


def test_master_data_is_read_from_every_page(bc, rows_of):
    assert [row["external_id"] for row in rows_of(bc, "customers")] == [
        f"{COMPANY}/C100",
        f"{COMPANY}/C200",
    ]
    assert [row["is_blocked"] for row in rows_of(bc, "customers")] == [False, True]
    [bare], [billing] = rows_of(bc, "projects"), rows_of(bc, "project_billings")
    assert (bare["external_id"], bare["has_billing_attributes"]) == (f"{COMPANY}/AP-1", False)
    assert (billing["external_id"], billing["match_key"]) == (bare["external_id"], "ap-1")
    assert (billing["customer_key"], billing["revenue_account"]) == ("c100", "4000")
    [price] = rows_of(bc, "project_prices")
    assert (price["scope"], price["valid_to"]) == ("project_role", date(2026, 4, 1))


def test_periods_and_rates_are_read(bc, rows_of):
    periods = rows_of(bc, "accounting_periods")
    assert [(row["period"], row["state"]) for row in periods] == [
        ("2026-01", "closed"),
        ("2026-02", "open"),
        ("2026-03", "open"),
    ]
    [rate] = rows_of(bc, "currency_exchange_rates")
    assert (rate["from_currency"], rate["to_currency"]) == ("EUR", "GBP")
    assert rate["rate"] == Decimal("0.85")


def test_a_system_without_its_own_api_page_has_no_billing_streams(bc_setup, rows_of):
    options = {**bc_setup.system.options, "custom_api": None}
    plain = replace(bc_setup, system=bc_setup.system.model_copy(update={"options": options}))
    names = {stream.name for stream in vendor("business_central").build(plain).streams()}
    assert "project_billings" not in names
    assert "projects" in names


def test_the_probe_names_a_company_that_is_not_there(bc_setup):
    options = {**bc_setup.system.options, "companies": {"us": "nowhere"}}
    other = replace(bc_setup, system=bc_setup.system.model_copy(update={"options": options}))
    with pytest.raises(FixConfigError, match=r"companies\.us"):
        vendor("business_central").build(other).probe()


def test_the_probe_tells_the_servers_clock(bc):
    assert bc.probe()["server_time"] == datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
