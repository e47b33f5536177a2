"""NetSuite's customers, projects, periods and documents, over the network and page by page."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from ps_integration.connectors.protocol import Ask
from ps_integration.connectors.registry import vendor
from ps_integration.connectors.vendors.netsuite import suiteql
from ps_integration.domain.records import RecordRefusedError
from ps_integration.errors import BadAnswerError
from ps_integration_tests.connectors.server import scripted
from ps_integration_tests.posting.targets import netsuite


def test_masters_of_the_configured_subsidiaries_are_read(rows_of):
    [customer] = rows_of("customers")
    assert (customer["external_id"], customer["match_key"]) == ("1/201", "c100")
    assert (customer["currency"], customer["legal_entity"]) == ("USD", "us")
    [project] = rows_of("projects")
    assert (project["external_id"], project["match_key"]) == ("1/301", "apollo")
    assert (project["customer_key"], project["has_billing_attributes"]) == ("c100", False)


def test_every_subsidiary_and_every_page_is_read(rows_of):
    companies = {"us": "1", "uk": "2"}
    found = rows_of("customers", companies=companies, page_size=1)
    assert [row["external_id"] for row in found] == ["1/201", "2/202"]
    assert len(rows_of("accounting_periods", companies=companies, page_size=1)) == 8


def test_a_closed_or_receivables_locked_period_takes_no_invoice(rows_of):
    periods = rows_of("accounting_periods")
    assert [(row["period"], row["state"]) for row in periods] == [
        ("2026-01", "closed"),
        ("2026-02", "closed"),
        ("2026-03", "open"),
        ("2026-04", "open"),
    ]


def test_billing_attributes_come_from_the_firms_own_fields(rows_of, edit):
    edit("job", "301", custentity_tax="TAXABLE", custentity_account="4000")
    fields = {"tax_code": "custentity_tax", "revenue_account": "custentity_account"}
    [project] = rows_of("projects", project_fields=fields)
    assert (project["tax_code"], project["revenue_account"]) == ("TAXABLE", "4000")
    assert project["has_billing_attributes"] is True
    assert project["purchase_order"] is None


def test_an_invoice_is_read_with_the_lines_that_bill_a_project(writer, invoice, rows_of):
    writer.create(invoice)
    [document] = rows_of("invoices")
    assert (document["status"], document["is_posted"]) == ("open", True)
    assert document["is_standing"] is True
    assert (document["reference"], document["number"]) == (invoice.reference, "INV1")
    assert (document["amount_minor"], document["tax_minor"]) == (109_998, 10_000)
    assert (document["total_minor"], document["remaining_minor"]) == (119_998, 119_998)
    lines = rows_of("invoices", "erp_lines")
    assert [line["amount_minor"] for line in lines] == [99_998, 10_000]
    assert [line["quantity"] for line in lines] == [Decimal("7.5"), Decimal(1)]
    assert {line["project_key"] for line in lines} == {"apollo"}
    assert rows_of("credit_memos") == []


def test_a_part_paid_and_a_paid_invoice_are_told_apart(writer, invoice, edit, rows_of):
    writer.create(invoice)
    edit("invoice", "1", amountRemaining=Decimal("0.01"))
    assert rows_of("invoices")[0]["status"] == "part_paid"
    edit("invoice", "1", amountRemaining=Decimal("0.00"))
    assert rows_of("invoices")[0]["status"] == "paid"


def test_an_incremental_read_asks_in_the_users_time_zone(rows_of):
    at = netsuite.NOW
    assert len(rows_of("customers", since=at)) == 1
    assert rows_of("customers", since=at + timedelta(seconds=1)) == []
    tokyo = rows_of("customers", time_zone="Asia/Tokyo")[0]["updated_at"]
    assert tokyo == at - timedelta(hours=16)


def test_an_end_that_comes_too_early_is_not_believed():
    """`hasMore` has been seen false while rows were left."""
    names = ("id", "startdate", "enddate", "closed", "alllocked", "arlocked")
    first = dict(zip(names, ("1", "2026-01-01", "2026-01-31", "T", "F", "F"), strict=True))
    later = dict(zip(names, ("2", "2026-02-01", "2026-02-28", "F", "F", "F"), strict=True))

    def aside(path):
        row = later if "offset=1" in path else first
        told = {"items": [row], "count": 1, "hasMore": False, "totalResults": 2}
        return 200, {}, json.dumps(told).encode()

    with scripted((404, {}, b"{}"), aside=aside) as far:
        connector = vendor("netsuite").build(netsuite.setup(far.url, page_size=1))
        ask = Ask(connector.streams()[0], "full", None, None, netsuite.NOW)
        assert [len(page) for page in connector.pages(ask)] == [1, 1]


@pytest.mark.parametrize("settings", [{"query_rows_max": 2}])
@pytest.mark.parametrize("page_size", [1, 2])
def test_what_one_query_cannot_show_is_asked_for_from_the_last_id_on(
    settings, rows_of, writer, invoice, monkeypatch, page_size
):
    monkeypatch.setattr(suiteql, "ROWS_MAX", 2)
    periods = rows_of("accounting_periods", page_size=page_size)
    assert [row["external_id"] for row in periods] == ["1/601", "1/602", "1/603", "1/604"]
    for number in range(3):
        writer.create(replace(invoice, reference=f"PS-{number}", lines=invoice.lines[1:]))
    found = rows_of("invoices", page_size=page_size)
    assert [row["reference"] for row in found] == ["PS-0", "PS-1", "PS-2"]


def test_lines_that_are_not_the_total_are_refused(writer, invoice, edit, rows_of):
    writer.create(invoice)
    edit("invoice", "1", total=Decimal("1.00"))
    with pytest.raises(RecordRefusedError, match="total_mismatch"):
        rows_of("invoices")


def test_a_receipt_of_figures_that_disagree_cannot_be_read(writer, invoice, edit):
    writer.create(invoice)
    edit("invoice", "1", total=Decimal("1.00"))
    with pytest.raises(BadAnswerError, match="total_mismatch"):
        writer.find("1", invoice.reference)


def test_the_probe_tells_the_servers_clock(url):
    told = vendor("netsuite").build(netsuite.setup(url)).probe()
    assert (told["account"], told["server_time"]) == ("1234567_SB1", netsuite.NOW)
