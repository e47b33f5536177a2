"""What the connector reads from a live Tryton, as canonical rows."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from ps_integration.connectors.registry import vendor
from ps_integration.errors import FixConfigError, RetryLaterError
from ps_integration_tests.tryton.test_writer import posted


def by(found, name):
    return {one[name]: one for one in found}


def refund(rpc, invoice):
    """Credit an invoice as a person does, so that it is cancelled."""
    rpc.context |= {"active_model": "account.invoice", "active_id": invoice}
    rpc.context["active_ids"] = [invoice]
    wizard = rpc.call("wizard.account.invoice.credit.create")[0]
    start = {"start": {"with_refund": True, "invoice_date": None}}
    rpc.call("wizard.account.invoice.credit.execute", wizard, start, "credit")


def test_parties_become_customers_who_belong_to_no_company(rows, rpc):
    (gone,) = rpc.create("party.party", {"name": "Gone", "code": "C900"})
    rpc.model("party.party", "write", [gone], {"active": False})
    found = by(rows("parties")["customers"], "match_key")
    assert found["c100"]["name"] == "Northwind"
    assert (found["c100"]["currency"], found["c100"]["legal_entity"]) == (None, None)
    assert (found["c100"]["is_blocked"], found["c900"]["is_blocked"]) == (False, True)


def test_projects_take_account_tax_and_customer_from_tryton_s_own_masters(rows):
    found = by(rows("projects", cost_centres={"de": "CC-DE"})["projects"], "match_key")
    project = found["ap-1"]
    assert (project["customer_key"], project["currency"]) == ("c100", "EUR")
    assert (project["revenue_account"], project["tax_code"]) == ("4000", "19%")
    assert (project["status"], project["billing_rule"]) == ("active", "manual")
    assert (project["cost_centre"], project["purchase_order"]) == ("CC-DE", None)
    assert found["ap-2"]["tax_code"] is None


def test_what_tryton_has_no_field_for_is_read_from_where_the_firm_writes_it(rows, rpc):
    work = rpc.one("project.work", [["name", "like", "AP-2%"]])
    rpc.model("project.work", "write", [work], {"comment": "Order PO-77, billed in GBP"})
    keys = {
        "currency_key": {"field": "comment", "pattern": r"billed in (\w+)"},
        "purchase_order_key": {"field": "comment", "pattern": r"PO-\d+"},
    }
    project = by(rows("projects", **keys)["projects"], "match_key")["ap-2"]
    assert (project["currency"], project["purchase_order"]) == ("GBP", "PO-77")


def test_periods_say_which_months_take_postings(rows):
    found = by(rows("periods")["accounting_periods"], "period")
    assert len(found) == 12
    assert (found["2026-01"]["state"], found["2026-03"]["state"]) == ("closed", "open")
    assert (found["2026-03"]["starts_on"], found["2026-03"]["ends_on"]) == (
        date(2026, 3, 1),
        date(2026, 4, 1),
    )


def test_exchange_rates_are_quotients_of_quotes(rows):
    found = {one["valid_on"]: one for one in rows("exchange_rates")["fx_rates"]}
    pound = found[date(2026, 1, 1)]
    assert (pound["from_currency"], pound["to_currency"]) == ("GBP", "EUR")
    assert pound["rate"] == Decimal("1.25")


def test_an_invoice_and_a_credit_note_come_with_the_lines_that_bill_projects(
    rows, writer, document
):
    posted(writer, document("PS-R-1"))
    posted(writer, document("PS-R-2", kind="credit_memo"))
    found = rows("invoices")
    documents = by(found["erp_documents"], "reference")
    invoice, credit = documents["PS-R-1"], documents["PS-R-2"]
    assert (invoice["kind"], invoice["status"], invoice["is_posted"]) == ("invoice", "open", True)
    assert (invoice["amount_minor"], invoice["tax_minor"], invoice["total_minor"]) == (
        23750,
        4512,
        28262,
    )
    assert invoice["remaining_minor"] == 28262
    assert (credit["kind"], credit["amount_minor"]) == ("credit_memo", 23750)
    assert credit["remaining_minor"] is None
    (line,) = [
        one for one in found["erp_lines"] if one["document_external_id"] == invoice["external_id"]
    ]
    assert (line["project_key"], line["object_number"]) == ("ap-1", "4000")
    assert (line["quantity"], line["unit_price"]) == (Decimal("1.58333"), Decimal("150.0000"))
    assert (line["amount_minor"], line["tax_code"], line["line_no"]) == (23750, "19%", 1)


def test_a_draft_is_not_posted_and_owes_nothing(rows, writer, document):
    writer.create(document("PS-R-3"))
    draft = by(rows("invoices")["erp_documents"], "reference")["PS-R-3"]
    assert (draft["status"], draft["is_posted"], draft["remaining_minor"]) == ("draft", False, None)
    assert draft["is_standing"] is False
    assert draft["posting_date"] == date(2026, 3, 31)


def test_a_refund_undoes_its_invoice_and_both_come_to_nothing(rows, rpc, writer, document):
    receipt = posted(writer, document("PS-R-4"))
    refund(rpc, int(receipt.erp_id))
    found = by(rows("invoices")["erp_documents"], "external_id")
    memo = [one for one in found.values() if one["status"] == "corrective"]
    undone = found[receipt.erp_id]
    assert undone["status"] == "cancelled"
    assert [(one["is_posted"], one["is_standing"]) for one in (undone, *memo)] == [
        (True, False), (True, False)
    ]  # fmt: skip
    assert [(one["reference"], one["amount_minor"]) for one in memo] == [("PS-R-4", 23750)]


def test_since_an_instant_only_what_was_made_or_changed_comes(rows, rpc):
    everything = rows("parties")["customers"]
    later = datetime.now(UTC) + timedelta(minutes=5)
    assert rows("parties", since=later) == {}
    newest = max(one["updated_at"] for one in everything)
    assert len(rows("parties", since=newest)["customers"]) < len(everything)


def test_a_line_changed_by_itself_brings_its_invoice_again(rows, rpc, writer, document):
    draft = writer.create(document("PS-R-5")).receipt
    before = datetime.now(UTC)
    line = rpc.one("account.invoice.line", [["invoice", "=", int(draft.erp_id)]])
    rpc.model("account.invoice.line", "write", [line], {"note": "Seen"})
    (found,) = rows("invoices", since=before)["erp_documents"]
    assert found["reference"] == "PS-R-5"


def test_pages_hold_every_record_once(rows):
    whole = rows("periods")["accounting_periods"]
    assert rows("periods", page_size=5)["accounting_periods"] == whole


def test_a_database_that_is_not_there_is_asked_again_later_and_never_empty(setup_at):
    connector = vendor("tryton").build(setup_at(database="elsewhere"))
    with pytest.raises(RetryLaterError):
        connector.probe()


def test_the_probe_names_a_company_that_the_user_does_not_see(setup_at):
    with pytest.raises(FixConfigError, match="no company 99"):
        vendor("tryton").build(setup_at(companies={"de": "99"})).probe()
