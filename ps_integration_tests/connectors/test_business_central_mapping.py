"""Business Central's records as canonical rows, from recorded answers and their edges."""

from datetime import date
from decimal import Decimal

import pytest

from ps_integration.connectors.vendors.business_central import BusinessCentralConnector
from ps_integration.connectors.vendors.business_central.options import Options
from ps_integration.domain.records import RecordRefusedError
from ps_integration_tests.connectors.cases import Case, encoded, rows

COMPANY = "11111111-1111-4111-8111-111111111111"
RECORDED = Case("business_central")
OPTIONS = RECORDED.told["system"]["options"]
CHANGED = "2026-03-31T22:00:00.000Z"


@pytest.fixture
def bc():
    return BusinessCentralConnector("bc", None, Options.model_validate(OPTIONS))


def raw(record, currency="GBP", **more):
    return {"company": COMPANY, "localCurrencyCode": currency, "record": record, **more}


def line(**changes):
    record = {
        "id": "l1", "sequence": 10000, "lineType": "Account", "lineObjectNumber": "4000",
        "description": "Consulting", "quantity": Decimal("7.5"), "unitPrice": 100,
        "amountExcludingTax": 750, "netAmount": 750, "taxCode": "",
        "dimensionSetLines": [{"code": "PROJECT", "valueCode": "AP-1"}],
    }  # fmt: skip
    return {**record, **changes}


def document(memo=False, **changes):
    kind = "CreditMemo" if memo else "Invoice"
    record = {
        "id": "d1", "number": "PS-INV1", "externalDocumentNumber": "PS-1", "status": "Open",
        "customerNumber": "C100", "currencyCode": "GBP", "postingDate": "2026-03-31",
        "creditMemoDate" if memo else "invoiceDate": "2026-03-31", "remainingAmount": 900,
        "totalAmountExcludingTax": 750, "totalTaxAmount": 150, "totalAmountIncludingTax": 900,
        "lastModifiedDateTime": CHANGED, f"sales{kind}Lines": [line()],
    }  # fmt: skip
    return raw({**record, **changes})


def header(bc, payload, stream="sales_invoices"):
    return rows(bc, stream, payload)[0][1]


def test_of_the_recorded_invoices_only_revenue_lines_of_projects_are_lines(bc):
    recorded = RECORDED.records("sales_invoices")
    found = [row for one in recorded for row in rows(bc, "sales_invoices", one)]
    numbers = [values["object_number"] for table, values in found if table == "erp_lines"]
    states = [values["status"] for table, values in found if table == "erp_documents"]
    assert sorted(numbers) == ["4000", "4000", "CONSULT"]
    assert sorted(states) == ["draft", "part_paid"]


@pytest.mark.parametrize(
    ("told", "status", "is_posted", "is_standing"),
    [
        ("Draft", "draft", False, False),
        ("In Review", "draft", False, False),
        ("In_x0020_Review", "draft", False, False),
        ("Open", "open", True, True),
        ("Paid", "paid", True, True),
        ("Canceled", "cancelled", True, False),
        ("Corrective", "corrective", True, False),
    ],
)
def test_each_status_has_its_meaning(bc, told, status, is_posted, is_standing):
    values = header(bc, document(status=told))
    assert values["status"] == status
    assert (values["is_posted"], values["is_standing"]) == (is_posted, is_standing)


def test_an_unknown_status_is_refused(bc):
    with pytest.raises(RecordRefusedError, match="status='Voided'"):
        bc.parse("sales_invoices", document(status="Voided"))


@pytest.mark.parametrize(("remaining", "status"), [(900, "open"), (1, "part_paid"), (0, "open")])
def test_an_open_invoice_paid_in_part_is_part_paid(bc, remaining, status):
    assert header(bc, document(remainingAmount=remaining))["status"] == status


def test_a_credit_memo_is_positive_and_has_nothing_remaining(bc):
    (_, memo), (_, credited) = rows(bc, "sales_credit_memos", document(memo=True))
    assert (memo["kind"], memo["amount_minor"], memo["remaining_minor"]) == (
        "credit_memo",
        75000,
        None,
    )
    assert credited["amount_minor"] == 75000


@pytest.mark.parametrize(
    ("told", "applies_to"),
    [("d9", "d9"), ("00000000-0000-0000-0000-000000000000", None), ("", None)],
)
def test_a_credit_memo_names_the_invoice_that_it_settles(bc, told, applies_to):
    [(_, memo), _] = rows(bc, "sales_credit_memos", document(memo=True, invoiceId=told))
    assert memo["applies_to"] == applies_to


def test_a_blank_currency_is_the_companys_own(bc):
    assert header(bc, document(currencyCode=""))["currency"] == "GBP"


def test_yen_have_no_decimals(bc):
    assert header(bc, document(currencyCode="JPY"))["amount_minor"] == 750
    with pytest.raises(RecordRefusedError, match="totalTaxAmount"):
        bc.parse("sales_invoices", document(currencyCode="JPY", totalTaxAmount=Decimal("0.5")))


def test_a_reference_left_blank_is_none(bc):
    assert header(bc, document(externalDocumentNumber=""))["reference"] is None


@pytest.mark.parametrize(
    "changes",
    [
        {"lineObjectNumber": "6000"},
        {"dimensionSetLines": []},
        {"dimensionSetLines": [{"code": "AREA", "valueCode": "AP-1"}]},
        {"lineType": "Comment", "lineObjectNumber": ""},
        {"lineType": "Resource"},
    ],
)
def test_a_line_off_revenue_or_without_a_project_is_no_erp_line(bc, changes):
    found = rows(bc, "sales_invoices", document(salesInvoiceLines=[line(**changes)]))
    assert [table for table, _ in found] == ["erp_documents"]


def test_a_line_counts_after_the_invoice_discount(bc):
    discounted = document(salesInvoiceLines=[line(netAmount=700)])
    assert rows(bc, "sales_invoices", discounted)[1][1]["amount_minor"] == 70000


def test_an_invoice_without_its_lines_is_refused(bc):
    payload = document()
    del payload["record"]["salesInvoiceLines"]
    with pytest.raises(RecordRefusedError, match="salesInvoiceLines"):
        bc.parse("sales_invoices", payload)


@pytest.mark.parametrize(
    ("blocked", "is_blocked"),
    [
        (" ", False),
        ("_x0020_", False),
        ("", False),
        ("Ship", False),
        ("Invoice", True),
        ("All", True),
    ],
)
def test_a_customer_blocked_for_invoices_is_blocked(bc, blocked, is_blocked):
    record = {"number": "C100", "displayName": "N", "currencyCode": "", "blocked": blocked,
              "lastModifiedDateTime": CHANGED}  # fmt: skip
    assert header(bc, raw(record), "customers")["is_blocked"] is is_blocked


def billing(**changes):
    record = {
        "projectNumber": "AP-1", "customerNumber": "C100", "currencyCode": "EUR", "taxCode": "",
        "revenueAccountNumber": "4000", "costCentreCode": "", "billingRule": "",
        "purchaseOrderNumber": "", "status": "Open", "startingDate": "0001-01-01",
        "endingDate": "2026-06-30", "lastModifiedDateTime": CHANGED,
    }  # fmt: skip
    return raw({**record, **changes})


def test_blank_billing_terms_are_none_and_not_text(bc):
    values = header(bc, billing(), "project_billings")
    assert (values["tax_code"], values["starts_on"], values["closed_on"]) == (None, None, None)
    assert (values["has_billing_attributes"], values["status"]) == (True, "active")


def test_a_completed_project_closed_on_its_ending_date(bc):
    values = header(bc, billing(status="Completed"), "project_billings")
    assert (values["status"], values["closed_on"]) == ("closed", date(2026, 6, 30))


@pytest.mark.parametrize(
    ("filled", "scope"),
    [
        ({"projectNumber": "AP-1", "resourceNumber": "R1"}, "assignment"),
        ({"projectNumber": "AP-1", "roleCode": "C"}, "project_role"),
        ({"projectNumber": "AP-1", "workTypeCode": "C"}, "project_role"),
        ({"projectNumber": "AP-1"}, "project"),
        ({"roleCode": "C"}, "role"),
        ({"resourceNumber": "R1"}, "resource"),
    ],
)
def test_a_price_is_as_wide_as_the_fields_left_blank(bc, filled, scope):
    blank = dict.fromkeys(("projectNumber", "resourceNumber", "roleCode", "workTypeCode"), "")
    record = {"id": "p1", **blank, **filled, "currencyCode": "", "unitPrice": 150,
              "startingDate": "0001-01-01", "endingDate": "0001-01-01"}  # fmt: skip
    values = header(bc, raw(record), "project_prices")
    assert (values["scope"], values["valid_to"], values["currency"]) == (scope, None, "GBP")


def test_a_price_for_nothing_in_particular_is_refused(bc):
    record = {"id": "p1", "unitPrice": 150, "currencyCode": ""}
    with pytest.raises(RecordRefusedError, match="projectNumber"):
        bc.parse("project_prices", raw(record))


def rate(**changes):
    record = {"id": "x1", "currencyCode": "JPY", "startingDate": "2026-03-01",
              "exchangeRateAmount": 100, "relationalCurrencyCode": "",
              "relationalExchangeRateAmount": Decimal("0.53")}  # fmt: skip
    return raw({**record, **changes})


def test_a_rate_is_relational_over_exchange_amount(bc):
    values = header(bc, rate(), "currency_exchange_rates")
    assert (values["from_currency"], values["to_currency"]) == ("JPY", "GBP")
    assert values["rate"] == Decimal("0.0053")


def test_a_rate_to_another_currency_names_it(bc):
    values = header(bc, rate(relationalCurrencyCode="EUR"), "currency_exchange_rates")
    assert values["to_currency"] == "EUR"


@pytest.mark.parametrize("name", ["exchangeRateAmount", "relationalExchangeRateAmount"])
def test_a_rate_of_zero_is_refused(bc, name):
    with pytest.raises(RecordRefusedError, match=name):
        bc.parse("currency_exchange_rates", rate(**{name: 0}))


def calendar(*periods, first="0001-01-01", last="0001-01-01"):
    records = [{"startingDate": start, "closed": closed} for start, closed in periods]
    return raw(records, setup={"allowPostingFrom": first, "allowPostingTo": last})


def states(bc, payload):
    return [
        (values["period"], values["state"]) for _, values in rows(bc, "accounting_periods", payload)
    ]


def test_the_allowed_posting_range_opens_and_closes_months(bc):
    year = [(f"2026-0{month}-01", False) for month in (1, 2, 3, 4)]
    found = states(bc, calendar(*year, first="2026-02-10", last="2026-03-31"))
    assert found == [
        ("2026-01", "closed"),
        ("2026-02", "open"),
        ("2026-03", "open"),
        ("2026-04", "not_open"),
    ]


def test_a_closed_fiscal_year_is_closed_whatever_the_range(bc):
    assert states(bc, calendar(("2025-12-01", True), ("2026-01-01", False))) == [
        ("2025-12", "closed"),
        ("2026-01", "open"),
    ]


def test_a_quarter_is_its_three_months(bc):
    found = states(bc, calendar(("2026-01-01", False), ("2026-04-01", False)))
    assert [month for month, _ in found] == ["2026-01", "2026-02", "2026-03", "2026-04"]


def test_a_period_that_begins_inside_a_month_is_refused(bc):
    with pytest.raises(RecordRefusedError, match="startingDate"):
        bc.parse("accounting_periods", calendar(("2026-01-04", False)))


def test_records_without_an_id_are_each_kept():
    body = encoded({"value": [{"number": "A"}, {"number": "B"}]})
    with RECORDED.far((200, {}, body)) as far:
        kept = RECORDED.read(far.url, "customers")
    assert len({one.record_id for one in kept}) == 2
