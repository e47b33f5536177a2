"""A line typed into the ERP by hand: what it bills is accepted, taken back, and goes stale."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from ps_integration.domain.identity import current_user
from ps_integration.sandbox.vendors.business_central import collection
from ps_integration.stores.operational.match_decisions import Decider
from ps_integration.workflows import match_work
from ps_integration.workflows.config_check import load_checked
from ps_integration.workflows.nightly import operational_store, snapshot
from ps_integration_tests.e2e import firm
from ps_integration_tests.e2e.conftest import SECOND, THIRD, Edit, World
from ps_integration_tests.e2e.test_commands import run, said
from ps_integration_tests.workbook.edit import MatchBook

pytestmark = pytest.mark.e2e
FOURTH = THIRD + timedelta(days=1)
LINE, ENTRY = "S-HAND/10000", "clock:103"


def type_invoice(world: World, number: str, hours: str, net: str, **changes: object) -> None:
    """Somebody bills hours of AP-1 in the ERP itself."""
    at, key = world.state.clock(), f"77777777-0000-4000-8000-{sum(map(ord, number)):012d}"
    amount, tax = Decimal(net), Decimal(net) / 5
    world.state.put("books", collection(firm.UK, "salesInvoices"), key, {
        "id": key, "number": number, "externalDocumentNumber": "", "postingDate": "2026-03-06",
        "invoiceDate": "2026-03-06", "dueDate": "2026-04-05", "customerNumber": "C100",
        "customerName": "Northwind", "currencyCode": "GBP", "status": "Open",
        "totalAmountExcludingTax": amount, "totalTaxAmount": tax,
        "totalAmountIncludingTax": amount + tax, "remainingAmount": amount + tax, **changes,
    }, at)  # fmt: skip
    line = key.replace("77777777", "88888888")
    dimension = {
        "id": "33333333-0000-4000-8000-000000000000",
        "code": "PROJECT",
        "parentId": line,
        "parentType": "salesInvoiceLine",
        "valueCode": "AP-1",
    }
    world.state.put("books", collection(firm.UK, "salesInvoiceLines"), line, {
        "id": line, "documentId": key, "sequence": 10_000, "lineType": "Account",
        "lineObjectNumber": "4000", "description": "Workshop", "quantity": Decimal(hours),
        "unitPrice": amount / Decimal(hours), "taxCode": "STANDARD", "taxPercent": Decimal(20),
        "netAmount": amount, "netTaxAmount": tax, "netAmountIncludingTax": amount + tax,
        "amountExcludingTax": amount, "totalTaxAmount": tax, "amountIncludingTax": amount + tax,
        "dimensionSetLines": [dimension],
    }, at)  # fmt: skip


@pytest.fixture
def typed(north: World, edit_firm: Edit) -> World:
    """After a night that met a line typed by hand; a person approves, so everything is planned."""
    edit_firm("max_lines_per_batch: 100", "max_lines_per_batch: 0")
    north.accept()
    north.state.set_clock(SECOND)
    type_invoice(north, "S-HAND", "4", "400.00")
    north.night(SECOND)
    return north


def tm02(world: World) -> list[str]:
    rows = world.rows("select detail from reconciliation.found where rule = 'TM02'")
    return [str(row["detail"]) for row in rows]


def fate(world: World, entry_id: str = ENTRY) -> tuple[object, object]:
    [row] = world.rows(
        f"select disposition, reason from billing.dispositions where entry_id = '{entry_id}'"
    )
    return row["disposition"], row["reason"]


def planned(world: World) -> set[object]:
    rows = world.rows(
        "select pl.object_id from ops.posting_lines as pl "
        "inner join ops.documents as dc on pl.document_ref = dc.document_ref "
        "where dc.state = 'planned'"
    )
    return {row["object_id"] for row in rows}


def balances(world: World) -> bool:
    rows = world.rows(
        "select holds from billing.completeness union all select holds from billing.ledger_equation"
        " union all select holds from billing.record_counts"
    )
    links = world.rows("select * from billing.broken_links")
    return bool(rows) and all(row["holds"] for row in rows) and not links


def accept(world: World) -> int:
    done = run(
        world, "matches", "accept", LINE, ENTRY, "--note", "Billed before the trip", "--json"
    )
    assert done.exit_code == 0, done.output
    return int(said(done)["decision_id"])


def test_an_accepted_match_quiets_the_line_and_is_never_billed_twice(typed: World):
    [told] = tm02(typed)
    assert f"It bills ({ENTRY})" in told
    [listed] = said(run(typed, "matches", "list", "--status", "confirmed", "--json"))["lines"]
    assert (listed["line"], listed["entries"]) == (LINE, ENTRY)
    assert fate(typed) == ("deferred", "probably_billed_by_hand")
    assert ENTRY not in planned(typed)
    accept(typed)
    typed.night(THIRD)
    assert tm02(typed) == []
    assert fate(typed) == ("settled_elsewhere", "billed_by_hand")
    assert ENTRY not in planned(typed)
    assert len(planned(typed)) == 6  # everything else is planned anew
    assert balances(typed)
    story = run(typed, "why", ENTRY).stdout
    assert f"Billed by hand in ERP document {LINE}: accepted by {current_user()} on" in story
    assert "Billed before the trip" in story
    assert run(typed, "audit", "verify").exit_code == 0
    [run_id] = typed.rows("select run_id from config.run")
    assert run(typed, "replay", str(run_id["run_id"])).exit_code == 0
    [line] = said(run(typed, "matches", "list", "--json"))["lines"]
    assert line["status"] == "accepted"


def batch_of(world: World, entry_id: str = ENTRY) -> str:
    [row] = world.rows(
        "select dc.batch_id from ops.documents as dc inner join ops.posting_lines as pl "
        f"on dc.document_ref = pl.document_ref where pl.object_id = '{entry_id}' "
        "and dc.state = 'planned'"
    )
    return str(row["batch_id"])


OTHER = "clock:104"
DIFFERENT = ("matches", "accept", LINE, OTHER, "--note", "so be it", "--despite-difference")
"""An entry that matching did not think of, and that is planned."""


def second(world: World, number: int, who: str = "olga") -> None:
    """Another user of the machine confirms what the one who runs the tests has proposed."""
    file = load_checked(world.firm_path)
    by = Decider(who, datetime.now(UTC), "Seen the mail", file.firm.approval)
    with snapshot(file) as warehouse, operational_store(file) as store:
        match_work.confirm(store, warehouse, number, by)


def propose(world: World) -> int:
    done = run(world, *DIFFERENT, "--json")
    assert said(done)["decision"] == "proposed", done.output
    return int(said(done)["decision_id"])


def test_what_was_planned_with_the_entry_cannot_be_approved_any_more(typed: World):
    second(typed, propose(typed))
    done = run(typed, "batches", "approve", batch_of(typed, OTHER), "--note", "ok", "--json")
    assert "is superseded, only planned ones are decided" in said(done)["message"]


def test_taken_back_everything_is_as_before(typed: World):
    number = accept(typed)
    typed.night(THIRD)
    done = run(typed, "matches", "withdraw", str(number), "--note", "Wrong customer")
    assert done.exit_code == 0
    typed.night(FOURTH)
    assert f"It bills ({ENTRY})" in tm02(typed)[0]
    assert (fate(typed), balances(typed)) == (("deferred", "probably_billed_by_hand"), True)
    assert ENTRY not in planned(typed)
    assert said(run(typed, "matches", "list", "--json"))["decisions"] == []
    [kept] = said(run(typed, "matches", "list", "--all", "--json"))["decisions"]
    assert kept["state"].startswith(f"withdrawn by {current_user()}")
    again = run(typed, "matches", "withdraw", str(number), "--note", "twice", "--json")
    assert "none of that number stands" in said(again)["message"]
    assert accept(typed) > number


def test_a_decision_about_an_entry_that_has_changed_counts_no_longer(typed: World):
    accept(typed)
    typed.night(THIRD)
    typed.edit("time_entries", "103", hours=Decimal(5), rounded_hours=Decimal(5))
    typed.night(FOURTH)
    [told] = tm02(typed)
    assert "which counts no longer: clock:103 has changed. Withdraw it" in told
    assert ENTRY in planned(typed)
    assert balances(typed)


def test_a_decision_about_a_line_that_is_gone_counts_no_longer(typed: World):
    accept(typed)
    type_invoice(typed, "S-HAND", "4", "400.00", status="Canceled")
    typed.night(THIRD)
    assert (tm02(typed), fate(typed)) == ([], ("queued", "planned"))
    [decided] = said(run(typed, "matches", "list", "--json"))["decisions"]
    assert decided["state"] == "counts no longer: line 10000 of S-HAND is not in the ERP any more"
    assert balances(typed)


@pytest.mark.parametrize(("words", "reason"), [
    (("S-NONE/1", ENTRY), "listed no line typed by hand of that name"),
    ((LINE, "clock:999"), "knew no entry of that name"),
    ((LINE, "sheets:t3"), "is not approved, it is draft"),
    ((LINE, "sheets:t1"), "its currency is EUR, that of S-HAND/10000 GBP"),
    ((LINE, "clock:104"), "the ERP bills 4.00 h and 400.00 GBP, the entries come to 2.25 h"),
    ((LINE, ENTRY, "clock:105"), "--despite-difference accepts it as it is"),
])  # fmt: skip
def test_what_cannot_be_accepted_says_why(typed: World, words, reason):
    done = run(typed, "matches", "accept", *words, "--note", "so be it", "--json")
    assert (done.exit_code, reason in said(done)["message"]) == (2, True), done.output


def test_an_entry_is_claimed_once(typed: World):
    type_invoice(typed, "S-TWIN", "4", "400.00")
    typed.night(THIRD)
    number = accept(typed)
    other = ("matches", "accept", "S-TWIN/10000", ENTRY, "--note", "this one", "--json")
    assert f"withdraw {number} takes it back" in said(run(typed, *other))["message"]
    typed.night(FOURTH)
    [told] = tm02(typed)
    assert "S-TWIN" in told
    assert ENTRY not in told


def test_lines_that_split_an_entry_are_accepted_together(typed: World):
    type_invoice(typed, "S-TWIN", "4", "400.00")
    typed.night(THIRD)
    words = ("matches", "accept", LINE, "clock:101", "--with-line", "S-TWIN/10000")
    assert run(typed, *words, "--note", "Two invoices").exit_code == 0
    typed.night(FOURTH)
    assert (tm02(typed), balances(typed)) == ([], True)
    assert fate(typed, "clock:101") == ("settled_elsewhere", "billed_by_hand")
    assert f"document {LINE}, S-TWIN/10000: accepted" in run(typed, "why", "clock:101").stdout


def test_a_match_is_accepted_and_taken_back_in_the_nights_workbook(typed: World):
    [*_, filed] = sorted((typed.folder / "state" / "reports").glob("*/exceptions.xlsx"))
    book = MatchBook(filed.read_bytes()).set("Decision", "accept")
    path = typed.folder / "work.xlsx"
    load = ("breaks", "import", str(path), "--json")
    path.write_bytes(book.bytes())
    assert "Matches!I4: say why" in said(run(typed, *load))["message"]
    path.write_bytes(book.set("Note", "Billed before the trip").bytes())
    assert "1 decision would be carried out" in run(typed, *load[:-1], "--dry-run").stdout
    [choice] = said(run(typed, *load))["matches"].values()
    assert choice == {"verb": "accept", "note": "Billed before the trip"}
    assert "1 decision carried out before" in run(typed, *load[:-1]).stdout
    typed.night(THIRD)
    assert (tm02(typed), balances(typed)) == ([], True)
    assert fate(typed) == ("settled_elsewhere", "billed_by_hand")
    assert run(typed, "audit", "verify").exit_code == 0
    later = typed.folder / "later.xlsx"
    assert run(typed, "breaks", "export", str(later)).exit_code == 0
    book = MatchBook(later.read_bytes()).set("Decision", "withdraw").set("Note", "Wrong customer")
    later.write_bytes(book.bytes())
    assert run(typed, "breaks", "import", str(later)).exit_code == 0
    typed.night(FOURTH)
    assert fate(typed) == ("deferred", "probably_billed_by_hand")


def test_what_is_rejected_is_never_offered_again(typed: World):
    wrong = ("matches", "reject", LINE, "clock:104", "--note", "no", "--json")
    assert f"the last night offered {ENTRY}" in said(run(typed, *wrong))["message"]
    done = run(typed, "matches", "reject", LINE, "--note", "Another trip", "--json")
    [number] = said(done)["decision_ids"]
    for night in (THIRD, FOURTH):
        typed.night(night)
        [told] = tm02(typed)
        assert ENTRY not in told
        assert (fate(typed)[0], balances(typed)) == ("queued", True)
    run(typed, "matches", "withdraw", str(number), "--note", "It was")
    typed.night(FOURTH + timedelta(days=1))
    assert f"It bills ({ENTRY})" in tm02(typed)[0]


def test_an_entry_on_its_way_to_the_erp_cannot_be_accepted(typed: World):
    approved = run(typed, "batches", "approve", batch_of(typed, OTHER), "--note", "ok")
    assert approved.exit_code == 0
    done = run(typed, *DIFFERENT, "--json")
    assert "which is approved: it is billed from here" in said(done)["message"]
