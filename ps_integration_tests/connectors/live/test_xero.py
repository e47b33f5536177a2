"""Xero over the network, against a server as strict as the vendor."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import requests

from ps_integration.connectors.parse import strict_json
from ps_integration.connectors.protocol import Ask, ErpDocument, ErpLine
from ps_integration.connectors.registry import vendor
from ps_integration.errors import FixConfigError, RetryLaterError
from ps_integration.sandbox.faults import Fault, add_fault
from ps_integration.sandbox.vendors.xero import ORGANISATIONS, collection
from ps_integration_tests.posting.targets import xero

REF = "PS-APOLLO-202603-1"
TENANT = xero.TENANT
LINE = ErpLine(1, "Consulting March", "7.5", "133.33", 99998, "apollo", f"{TENANT}/APOLLO",
               "4000", "TAXABLE", "East")  # fmt: skip
REVIEW = replace(LINE, line_no=2, description="Review", quantity="1.00000", unit_price="100",
                 amount_minor=10000, tax_code=None, cost_centre=None)  # fmt: skip
INVOICE = ErpDocument(
    reference=REF,
    kind="invoice",
    company=TENANT,
    customer_key="c100",
    currency="USD",
    invoice_date=date(2026, 3, 31),
    posting_date=date(2026, 3, 31),
    purchase_order="PO 7",
    amount_minor=109998,
    lines=(LINE, REVIEW),
)
NOTE = replace(INVOICE, kind="credit_memo")


@pytest.fixture
def target(tmp_path):
    with xero.serving(tmp_path) as target:
        yield target


@pytest.fixture
def writer(target):
    made = xero.writer(target.base_url, cost_centre_tracking="Region")
    made.find(TENANT, "warm the token")
    return made


@pytest.fixture
def drafting(target):
    made = xero.writer(target.base_url, draft_first=True)
    made.find(TENANT, "warm the token")
    return made


@pytest.fixture
def books(target):
    return vendor("xero").build(xero.setup(target.base_url, page_size=2))


def fault(target, kind, method="PUT", **more):
    add_fault(target.state, Fault(kind, "*", method, **{"times": 1, **more}))


def change(target, set_name, key, **fields):
    place = collection(TENANT, set_name)
    before = target.state.get(xero.SYSTEM, place, key)
    target.state.put(xero.SYSTEM, place, key, {**before, **fields}, target.state.clock())


def writes(target):
    return [one for one in target.server.log.requests() if one.is_write]


def outcome(answer):
    return (answer.outcome, answer.code, answer.recovery)


def test_an_invoice_is_approved_by_the_call_that_creates_it(writer, target):
    answer = writer.create(INVOICE)
    assert (answer.outcome, answer.receipt.state) == ("accepted", "posted")
    assert answer.receipt.line_amounts_minor == (99998, 10000)
    assert (answer.receipt.customer_key, answer.receipt.number) == ("c100", REF)
    assert writer.find(TENANT, REF) == [answer.receipt]
    assert xero.documents(target.state) == [(REF, "invoice", "posted", 109998)]


def test_a_line_is_tracked_to_its_project_and_cost_centre(writer, target):
    writer.create(INVOICE)
    [stored] = target.state.documents(xero.SYSTEM, collection(TENANT, "Invoices"))
    assert [one["Option"] for one in stored["LineItems"][0]["Tracking"]] == ["APOLLO", "East"]
    assert (stored["Reference"], stored["DueDate"]) == ("PO 7", "2026-04-30")


def test_the_bytes_of_the_preview_are_the_bytes_that_are_sent(writer, target):
    shown = writer.outgoing(INVOICE)
    token = {"grant_type": "client_credentials", "client_id": "sandbox-client",
             "client_secret": "sandbox-secret"}  # fmt: skip
    signed = requests.post(f"{target.base_url}/connect/token", data=token, timeout=5).json()
    sent = requests.request(
        shown.method,
        f"{target.base_url}/api.xro/2.0{shown.path}",
        data=shown.body,
        headers={
            "Authorization": f"Bearer {signed['access_token']}",
            "Xero-Tenant-Id": TENANT,
            "Accept": "application/json",
            "Idempotency-Key": f"{TENANT}/invoice/{REF}",
        },
        timeout=5,
    )
    assert sent.json()["Invoices"][0]["StatusAttributeString"] == "OK"
    assert writer.create(INVOICE).outcome == "accepted"  # the same key: another body is a 400
    assert len(xero.documents(target.state)) == 1


def test_a_resend_after_a_lost_answer_is_told_of_the_first_document(writer, target):
    fault(target, "timeout_after_commit")
    lost = writer.create(INVOICE)
    assert (lost.outcome, lost.recovery) == ("ambiguous", "outcome_unknown")
    again = writer.create(INVOICE)
    assert (again.outcome, again.receipt.reference) == ("accepted", REF)
    assert len(xero.documents(target.state)) == 1


def test_a_resend_after_the_key_is_forgotten_stops_at_the_number(writer, target):
    fault(target, "timeout_after_commit")
    writer.create(INVOICE)
    target.state.set_clock(xero.NOW + timedelta(minutes=7))
    assert outcome(writer.create(INVOICE)) == ("ambiguous", "number_taken", "outcome_unknown")
    assert len(xero.documents(target.state)) == 1


def test_the_same_key_with_other_amounts_is_in_doubt_and_makes_nothing(writer, target):
    writer.create(INVOICE)
    other = replace(INVOICE, lines=(REVIEW,), amount_minor=10000)
    assert writer.create(other).outcome == "ambiguous"
    assert xero.documents(target.state) == [(REF, "invoice", "posted", 109998)]


def test_a_kept_answer_does_not_pass_off_a_deleted_draft(drafting, target):
    draft = drafting.create(INVOICE).receipt
    drafting.discard_draft(TENANT, draft.erp_id)
    assert drafting.create(INVOICE).outcome == "ambiguous"
    assert [one.state for one in drafting.find(TENANT, REF)] == ["cancelled"]


def test_a_new_reference_after_a_discarded_draft_makes_a_new_document(drafting, target):
    draft = drafting.create(INVOICE).receipt
    drafting.discard_draft(TENANT, draft.erp_id)
    assert drafting.create(replace(INVOICE, reference=f"{REF}2")).outcome == "accepted"
    assert [state for _, _, state, _ in xero.documents(target.state)] == ["cancelled", "draft"]


def test_a_draft_is_created_and_approved(drafting):
    draft = drafting.create(INVOICE)
    posted = drafting.post(INVOICE, draft.receipt.erp_id)
    assert (draft.receipt.state, posted.receipt.state) == ("draft", "posted")
    assert posted.receipt.erp_id == draft.receipt.erp_id


def test_approving_again_is_accepted_and_changes_nothing(drafting, target):
    draft = drafting.create(INVOICE).receipt
    first = drafting.post(INVOICE, draft.erp_id)
    assert drafting.post(INVOICE, draft.erp_id) == first


def test_a_credit_note_is_written_looked_up_and_approved(writer, drafting, target):
    drafting.create(NOTE)
    [draft] = drafting.find(TENANT, REF)
    assert (draft.kind, draft.state) == ("credit_memo", "draft")
    assert drafting.post(NOTE, draft.erp_id).receipt.state == "posted"
    assert xero.documents(target.state) == [(REF, "credit_memo", "posted", 109998)]


def test_an_invoice_and_a_credit_note_under_one_reference_have_keys_of_their_own(writer):
    assert [writer.create(one).outcome for one in (INVOICE, NOTE)] == ["accepted"] * 2
    assert len(writer.find(TENANT, REF)) == 2


def test_a_locked_period_refuses_the_invoice(writer, target):
    late = replace(INVOICE, invoice_date=date(2026, 1, 31), posting_date=date(2026, 1, 31))
    answer = writer.create(late)
    assert outcome(answer) == ("refused", "lock_date", "fix_data")
    assert "currently set at 31-Jan-2026" in answer.message
    assert xero.documents(target.state) == []


def test_a_refusal_names_the_lines_that_are_to_blame(writer):
    wrong = replace(REVIEW, revenue_account="9999")
    answer = writer.create(replace(INVOICE, lines=(LINE, wrong)))
    assert (answer.outcome, answer.bad_lines) == ("refused", (2,))


def test_a_locked_period_refuses_to_approve_and_leaves_the_draft(drafting):
    late = replace(INVOICE, invoice_date=date(2026, 1, 31), posting_date=date(2026, 1, 31))
    draft = drafting.create(late).receipt
    answer = drafting.post(late, draft.erp_id)
    assert outcome(answer) == ("refused", "lock_date", "fix_data")
    assert drafting.find(TENANT, REF)[0].state == "draft"


@pytest.mark.parametrize(
    ("changed", "code", "recovery"),
    [
        ({"customer_key": "c200"}, "contact", "fix_data"),
        ({"customer_key": "c999"}, "contact", "fix_data"),
        ({"currency": "GBP"}, "currency", "fix_configuration"),
        ({"lines": (replace(LINE, revenue_account="9999"),)}, "account", "fix_data"),
        ({"lines": (replace(LINE, revenue_account="4100"),)}, "account", "fix_data"),
        ({"lines": (replace(LINE, tax_code="NOWHERE"),)}, "tax", "fix_data"),
        ({"lines": (replace(LINE, amount_minor=99997),)}, "line_total", "fix_data"),
        ({"lines": (replace(LINE, project_external_id="x/GEMINI"),)}, "tracking", "fix_data"),
        ({"company": "nobody"}, "403", "fix_configuration"),
    ],
)
def test_a_documented_refusal_says_why_and_what_to_do(writer, target, changed, code, recovery):
    assert outcome(writer.create(replace(INVOICE, **changed))) == ("refused", code, recovery)
    assert xero.documents(target.state) == []


@pytest.mark.parametrize("kind", ["timeout_after_commit", "status_500_after_commit", "html_200"])
def test_a_lost_answer_is_in_doubt(writer, target, kind):
    fault(target, kind)
    assert writer.create(INVOICE).outcome == "ambiguous"


def test_a_service_that_is_away_is_in_doubt_and_asked_once(writer, target):
    fault(target, "status_503", times=5)
    assert writer.create(INVOICE).outcome == "ambiguous"
    assert len(writes(target)) == 1


def test_too_many_requests_is_documented_as_not_processed(writer, target):
    fault(target, "status_429", options={"retry_after": 7})
    answer = writer.create(INVOICE)
    assert (answer.outcome, answer.retry_after_seconds) == ("throttled", 7)
    assert xero.documents(target.state) == []


def test_a_voided_and_a_deleted_document_are_found_as_cancelled(writer, drafting, target):
    kept = writer.create(INVOICE).receipt
    change(target, "Invoices", kept.erp_id, Status="VOIDED", LineItems=[])
    gone = drafting.create(NOTE).receipt
    drafting.discard_draft(TENANT, gone.erp_id)
    assert [one.state for one in writer.find(TENANT, REF)] == ["cancelled", "cancelled"]


def test_only_a_draft_is_discarded(writer, drafting):
    draft = drafting.create(INVOICE).receipt
    assert drafting.discard_draft(TENANT, draft.erp_id).outcome == "accepted"
    assert drafting.discard_draft(TENANT, draft.erp_id).outcome == "accepted"
    posted = writer.create(replace(INVOICE, reference=f"{REF}2")).receipt
    assert writer.discard_draft(TENANT, posted.erp_id).outcome == "refused"
    unknown = "00000000-0000-4000-8000-00000000000f"
    assert writer.discard_draft(TENANT, unknown).outcome == "accepted"


def test_find_takes_no_longer_reference_for_ours(writer):
    writer.create(replace(INVOICE, reference=f"{REF}2"))
    assert writer.find(TENANT, REF) == []


def test_find_does_not_mistake_a_dead_server_for_an_empty_one(writer, target):
    fault(target, "dead", "*", times=None)
    with pytest.raises(RetryLaterError):
        writer.find(TENANT, REF)


def test_ours_lists_drafts_and_credit_notes_and_nothing_of_others(writer, drafting):
    drafting.create(INVOICE)
    writer.create(replace(NOTE, reference="PS-APOLLO-202603-2"))
    writer.create(replace(INVOICE, reference="BY-HAND-1"))
    found = {one.reference: one.state for one in writer.ours(TENANT, "PS-")}
    assert found == {REF: "draft", "PS-APOLLO-202603-2": "posted"}


def test_a_customer_may_be_named_by_the_id_of_the_contact(target):
    contact = "c1000000-0000-4000-8000-000000000001"
    writer = xero.writer(target.base_url, contact_key="ContactID")
    answer = writer.create(replace(INVOICE, customer_key=contact))
    assert answer.receipt.customer_key == contact


def test_a_reference_too_long_for_a_key_never_leaves(writer, target):
    with pytest.raises(FixConfigError, match="128"):
        writer.create(replace(INVOICE, reference="P" * 128))
    assert writes(target) == []


def read(connector, name, table="", since=None):
    (stream,) = [one for one in connector.streams() if one.name == name]
    ask = Ask(stream, "full" if since is None else "incremental", since, None, xero.NOW)
    found = [
        row
        for page in connector.pages(ask)
        for record in page
        for row in connector.parse(name, strict_json(record.payload))
    ]
    return [dict(row.values) for row in found if row.table == (table or stream.feeds[0])]


def test_documents_are_read_with_the_lines_that_bill_a_project(writer, books, target):
    made = writer.create(INVOICE).receipt
    change(target, "Invoices", made.erp_id, AmountDue=Decimal("50.00"))
    [document] = read(books, "invoices")
    assert (document["external_id"], document["status"]) == (made.erp_id, "part_paid")
    assert (document["reference"], document["customer_key"]) == (REF, "c100")
    assert (document["amount_minor"], document["tax_minor"]) == (109998, 10000)
    lines = read(books, "invoices", "erp_lines")
    assert [line["amount_minor"] for line in lines] == [99998, 10000]
    assert {line["project_key"] for line in lines} == {"apollo"}


def test_every_page_is_read_and_only_what_changed_when_asked(writer, books, target):
    for number in range(3):
        target.state.set_clock(xero.NOW + timedelta(minutes=number))
        writer.create(replace(INVOICE, reference=f"{REF}{number}"))
    assert len(read(books, "invoices")) == 3
    assert len(read(books, "invoices", since=xero.NOW + timedelta(minutes=1))) == 2
    assert read(books, "invoices", since=xero.NOW + timedelta(minutes=3)) == []


def test_master_data_is_read(books):
    assert [(row["match_key"], row["is_blocked"]) for row in read(books, "contacts")] == [
        ("c100", False),
        ("c200", True),
    ]
    projects = read(books, "tracking_categories")
    assert [(row["external_id"], row["status"]) for row in projects] == [
        ("US01/APOLLO", "active"),
        ("US01/GEMINI", "closed"),
    ]


def test_months_are_closed_up_to_the_later_lock_date(books):
    states = {row["period"]: row["state"] for row in read(books, "organisation")}
    assert [states[f"2026-{month:02d}"] for month in (1, 2, 12)] == ["closed", "open", "open"]
    assert (min(states), max(states)) == ("2023-04", "2027-04")


def test_the_probe_names_the_organisation_and_tells_the_clock(books, target):
    assert books.probe() == {"companies": {TENANT: "North US"}, "server_time": xero.NOW}


def test_the_probe_refuses_an_organisation_that_is_not_ours(target):
    strange = xero.setup(target.base_url, companies={"us": "nobody"})
    with pytest.raises(FixConfigError, match="403"):
        vendor("xero").build(strange).probe()


def test_a_half_locked_month_is_open(target, books):
    organisation = {**xero.ORGANISATION, "PeriodLockDate": "2026-03-15"}
    target.state.put(xero.SYSTEM, ORGANISATIONS, TENANT, organisation, datetime.now(UTC))
    states = {row["period"]: row["state"] for row in read(books, "organisation")}
    assert (states["2026-02"], states["2026-03"]) == ("closed", "open")
