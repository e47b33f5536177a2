"""Xero's records as canonical rows: what is special about the vendor."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ps_integration.connectors.fields import Fields
from ps_integration.connectors.parse import strict_json
from ps_integration.connectors.vendors.xero import documents, masters
from ps_integration.connectors.vendors.xero.api import day, literal, opt_instant
from ps_integration.connectors.vendors.xero.options import Options
from ps_integration.contracts.typed import arrow_table
from ps_integration.contracts.validate import validate
from ps_integration.domain.records import RecordRefusedError
from ps_integration_tests.connectors.cases import Case, changed

OPTIONS = Options(companies={"uk": "t"}, revenue_accounts=("200",))
LINE = {
    "LineItemID": "l1",
    "AccountCode": "200",
    "Quantity": 2,
    "UnitAmount": 20,
    "LineAmount": 40,
    "TaxAmount": 6,
    "Tracking": [{"Name": "Project", "Option": "AP-1"}],
}
INVOICE = {"InvoiceID": "i1", "InvoiceNumber": "INV-7", "Status": "AUTHORISED",
           "CurrencyCode": "NZD", "Date": "/Date(1552262400000+0000)/", "SubTotal": 40,
           "TotalTax": 6, "Total": 46, "AmountDue": 46, "LineAmountTypes": "Exclusive",
           "LineItems": [LINE], "UpdatedDateUTC": "/Date(1552327126117+0000)/"}  # fmt: skip


def read(**fields):
    raw = {"company": "t", "customerNumber": "C100", "record": {**INVOICE, **fields}}
    return [dict(row.values) for row in documents.invoice(raw, OPTIONS)]


def test_a_price_of_many_decimals_that_nobody_sums_makes_no_invoice_unreadable():
    odd = {"UnitAmount": Decimal("0.33333333333333"), "Quantity": Decimal("120.123456789")}
    line = read(LineItems=[{**LINE, **odd}])[1]
    assert (line["unit_price"], line["quantity"]) == (Decimal("0.333333"), Decimal("120.12346"))
    assert arrow_table("erp_lines", [line])[1] == []


def test_dates_are_milliseconds_of_utc_whatever_the_offset_says():
    record = Fields({"a": "/Date(1552262400000+0000)/", "b": "/Date(1552327126117+1300)/",
                     "c": "/Date(1551399323399)/"})  # fmt: skip
    assert day(record, "a") == date(2019, 3, 11)
    assert opt_instant(record, "b") == datetime(2019, 3, 11, 17, 58, 46, 117000, UTC)
    assert day(record, "c") == date(2019, 3, 1)


@pytest.mark.parametrize("value", ["2019-03-11", "/Date(x)/", "/Date(99999999999999999)/", 1])
def test_another_form_of_date_is_refused(value):
    with pytest.raises(RecordRefusedError):
        read(Date=value)


def test_a_document_without_a_date_is_refused():
    with pytest.raises(RecordRefusedError) as caught:
        read(Date=None)
    assert caught.value.problem.rule == "value_missing"


@pytest.mark.parametrize(
    ("fields", "status", "is_posted", "is_standing"),
    [
        ({"Status": "DRAFT"}, "draft", False, False),
        ({"Status": "SUBMITTED"}, "draft", False, False),
        ({}, "open", True, True),
        ({"AmountDue": 6}, "part_paid", True, True),
        ({"Status": "PAID", "AmountDue": 0}, "paid", True, True),
        ({"Status": "VOIDED", "LineItems": []}, "cancelled", True, False),
        ({"Status": "DELETED"}, "cancelled", False, False),
    ],
)
def test_a_status_is_what_it_means_in_the_books(fields, status, is_posted, is_standing):
    document = read(**fields)[0]
    assert document["status"] == status
    assert (document["is_posted"], document["is_standing"]) == (is_posted, is_standing)


@pytest.mark.parametrize(
    ("fields", "credited"),
    [
        ({"AmountPaid": 46, "AmountCredited": 0}, 0),
        ({"AmountPaid": 0, "AmountCredited": 46}, 4600),
        ({"AmountPaid": 26, "AmountCredited": 20}, 2000),
        # money that came earlier: 46.00 applied, of which 30.00 and 6.00 are payments
        (
            {
                "AmountPaid": 0,
                "AmountCredited": 46,
                "Prepayments": [{"AppliedAmount": 30}],
                "Overpayments": [{"AppliedAmount": 6}],
                "CreditNotes": [{"AppliedAmount": 10}],
            },
            1000,
        ),
        ({}, None),
    ],
)
def test_what_credit_notes_settled_is_told_apart_from_money(fields, credited):
    document = read(Status="PAID", AmountDue=0, **fields)[0]
    assert (document["status"], document["credited_minor"]) == ("paid", credited)


def test_tax_is_taken_off_lines_that_include_it():
    _, line = read(LineAmountTypes="Inclusive")
    assert line["amount_minor"] == 3400


def test_a_line_counts_on_a_revenue_account_with_a_project():
    elsewhere = {**LINE, "AccountCode": "400"}
    untracked = {**LINE, "Tracking": [{"Name": "Region", "Option": "East"}]}
    words = {"LineItemID": "l4", "Description": "words only", "Tracking": []}
    rows = read(LineItems=[words, elsewhere, untracked, LINE])
    assert [row["line_no"] for row in rows[1:]] == [4]


def test_options_of_other_categories_are_no_projects():
    category = {"TrackingCategoryID": "c", "Name": "Region", "Options": [{"Name": "East"}]}
    assert list(masters.projects({"company": "t", "record": category}, OPTIONS)) == []


def test_a_contact_without_a_currency_has_the_organisations():
    contact = {"ContactID": "k", "Name": "N", "ContactStatus": "ACTIVE", "ContactNumber": None}
    raw = {"company": "t", "baseCurrency": "NZD", "record": contact}
    [row] = masters.customer(raw, OPTIONS)
    assert (row.values["currency"], row.values["match_key"]) == ("NZD", None)


def test_the_later_of_two_lock_dates_closes():
    organisation = {"OrganisationID": "o", "PeriodLockDate": "/Date(1546214400000+0000)/",
                    "EndOfYearLockDate": "/Date(1548892800000+0000)/"}  # fmt: skip
    raw = {"company": "t", "month": "2019-03-01", "record": organisation}
    states = {row.values["period"]: row.values["state"] for row in masters.periods(raw, OPTIONS)}
    assert [states[f"2019-0{month}"] for month in (1, 2)] == ["closed", "open"]


def test_an_organisation_without_lock_dates_has_only_open_months():
    raw = {"company": "t", "month": "2019-03-01", "record": {"OrganisationID": "o"}}
    assert {row.values["state"] for row in masters.periods(raw, OPTIONS)} == {"open"}


def test_a_text_in_a_filter_cannot_leave_its_quotes():
    assert literal('a" OR "1"=="1') == '"a\\" OR \\"1\\"==\\"1"'


@pytest.mark.parametrize("stream", Case("xero").streams())
def test_recorded_records_keep_the_contracts(stream):
    case = Case("xero")
    for record in case.records(stream):
        for row in case.connector().parse(stream, record):
            table, typing = arrow_table(row.table, [dict(row.values)])
            _, broken = validate(row.table, table, date(2026, 4, 1))
            assert [*typing, *broken] == [], row


def test_a_document_of_an_unknown_customer_is_read():
    record = changed(Case("xero").records("invoices")[0], "customerNumber", None)
    document = Case("xero").connector().parse("invoices", record)[0]
    assert document.values["customer_key"] is None


def test_the_vendors_own_example_is_read():
    example = strict_json(
        '{"Type":"ACCREC","InvoiceID":"d4956132-ed94-4dd7-9eaa-aa22dfdf06f2","InvoiceNumber":'
        '"INV-0001","Reference":"Red Fish, Blue Fish","AmountDue":0.0,"Contact":{"ContactID":'
        '"a3675fc4-f8dd-4f03-ba5b-f1870566bcd7","Name":"Barney Rubble-83203"},"DateString":'
        '"2018-10-20 00:00:00","Date":"/Date(1539993600000+0000)/","Status":"VOIDED",'
        '"LineAmountTypes":"Exclusive","LineItems":[],"SubTotal":40.0,"TotalTax":0.0,'
        '"Total":40.0,"UpdatedDateUTC":"/Date(1541176290160+0000)/","CurrencyCode":"NZD"}'
    )
    raw = {"company": "t", "customerNumber": None, "record": example}
    [document] = documents.invoice(raw, OPTIONS)
    assert document.values["posting_date"] == date(2018, 10, 20)
    assert (document.values["status"], document.values["amount_minor"]) == ("cancelled", 4000)
