from datetime import date

import pytest

from ps_integration.billing import account as accounting
from ps_integration.billing import statements
from ps_integration.billing.account import account
from ps_integration.billing.completeness import DISPOSITIONS, completeness_groups
from ps_integration_tests.billing.world import World

GROUP = {"legal_entity": "UK", "currency": "GBP", "period": "2026-03"}


@pytest.fixture
def world(world: World) -> World:
    """Posted, in flight, ready, covered, unpriced, not approved, quarantined and deleted time."""
    world.rate("r1")
    world.project("fixed", billing_type="fixed_fee")
    world.project("norate")
    for number in "1234":
        world.entry(number, 3601)
    world.entry("5", project_id="fixed")
    world.entry("6", project_id="norate")
    world.entry("7", approval_state="draft")
    world.entry("8", is_deleted=True)
    world.document("PS-P1-202603-1", "posted", ("tt:1", 3601, "100"), ("tt:2", 3601, "100"))
    world.document("PS-P1-202603-2", "approved", ("tt:3", 3601, "100"))
    world.put("raw.records", raw_seq=100, system="tt", stream="time_entries", record_id="bad",
              is_tombstone=False)  # fmt: skip
    world.put("quarantine.records", system="tt", stream="time_entries", record_id="bad",
              raw_seq=100, object="time_entries")  # fmt: skip
    world.put("raw.records", raw_seq=101, system="tt", stream="time_entries", record_id="gone",
              is_tombstone=True)  # fmt: skip
    world.new_version("tt:4", seconds=3601)
    world.night()
    return world


def test_both_equations_hold_on_a_clean_night(world: World):
    assert world.broken() == ([], [], [])
    [counts] = world.warehouse.rows("select * from billing.record_counts")
    del counts["holds"]
    assert counts == {"system": "tt", "raw_records": 11, "approved": 6, "not_approved": 1,
                      "deleted": 2, "quarantined": 1, "superseded": 1}  # fmt: skip
    [ledger] = world.warehouse.rows("select * from billing.ledger_equation")
    assert (ledger["confirmed_minor"], ledger["in_flight_minor"]) == (20006, 10003)
    assert (ledger["target_minor"], ledger["erp_minor"]) == (30009, 20006)


@pytest.mark.parametrize("mutation", [
    "delete from billing.dispositions where entry_id = 'tt:4'",
    "insert into billing.dispositions from billing.dispositions where entry_id = 'tt:4'",
    "insert into billing.dispositions from billing.dispositions where entry_id = 'tt:6'",
    "update billing.dispositions set seconds = seconds + 1 where entry_id = 'tt:4'",
    "update billing.dispositions set amount_minor = amount_minor + 1 where entry_id = 'tt:4'",
    "update billing.dispositions set amount_minor = null where entry_id = 'tt:4'",
    "update billing.dispositions set amount_minor = 0 where entry_id = 'tt:6'",
    "update billing.dispositions set disposition = 'lost' where entry_id = 'tt:4'",
    "update billing.dispositions set disposition = null where entry_id = 'tt:4'",
    "update billing.dispositions set period = '2026-04' where entry_id = 'tt:4'",
    "delete from canonical.entry_versions where entry_id = 'tt:5'",
    "update canonical.entry_versions set seconds = 3600 where entry_id = 'tt:4'",
    "update canonical.entry_versions set approval_state = 'approved' where entry_id = 'tt:7'",
    "update canonical.entry_versions set is_deleted = true where entry_id = 'tt:5'",
    "delete from raw.records where record_id = '5'",
    "update canonical.rates set unit_price = 100.01",
])  # fmt: skip
def test_completeness_fails_and_names_the_group_when_one_row_is_touched(world: World, mutation):
    world.warehouse.execute(mutation)
    account(world.warehouse)
    groups = world.broken()[0]
    assert GROUP in [{key: group[key] for key in GROUP} for group in groups]


@pytest.mark.parametrize("mutation", [
    "delete from billing.entries where entry_id = 'tt:4'",
    "update billing.entries set is_primary = false where entry_id = 'tt:4'",
    "update billing.entries set seconds = 7200 where entry_id = 'tt:4'",
    "update billing.entries set approval_state = 'draft' where entry_id = 'tt:4'",
    "insert into billing.entries from billing.entries where entry_id = 'tt:4'",
])  # fmt: skip
def test_completeness_fails_when_the_resolved_entries_are_wrong(world: World, mutation: str):
    world.warehouse.execute(mutation)
    world.night()
    assert world.broken()[0]


@pytest.mark.parametrize("mutation", [
    "delete from raw.records where record_id = '7'",
    "delete from raw.records where record_id = 'bad'",
    "delete from raw.records where record_id = '4' and raw_seq < 8",
    "delete from quarantine.records",
    "delete from canonical.entry_versions where entry_id = 'tt:7'",
    "delete from canonical.entry_versions where entry_id = 'tt:4' and version_no = 1",
    "insert into canonical.entry_versions from canonical.entry_versions where entry_id = 'tt:7'",
    ("insert into canonical.entry_versions from canonical.entry_versions "
    "where entry_id = 'tt:4' and version_no = 1"),
    ("insert into canonical.entry_versions from canonical.entry_versions "
    "where entry_id = 'tt:4' and version_no = 2"),
    ("insert into raw.records (system, stream, record_id, raw_seq, is_tombstone) "
    "values ('tt', 'time_entries', 'new', 102, false)"),
])  # fmt: skip
def test_record_counts_fail_when_a_record_is_in_no_drawer_or_in_two(world: World, mutation: str):
    world.warehouse.execute(mutation)
    account(world.warehouse)
    assert [row["system"] for row in world.broken()[1]] == ["tt"]


@pytest.mark.parametrize("mutation", [
    "delete from ops.posting_lines where object_id = 'tt:1'",
    "delete from ops.posting_lines where object_id = 'tt:3'",
    "insert into ops.posting_lines from ops.posting_lines where object_id = 'tt:1'",
    "update ops.posting_lines set amount_minor = amount_minor + 1 where object_id = 'tt:1'",
    "update ops.posting_lines set amount_minor = amount_minor + 1 where object_id = 'tt:3'",
    "update ops.posting_lines set object_id = 'tt:4' where object_id = 'tt:1'",
    "delete from ops.documents where state = 'posted'",
    "delete from ops.documents where state = 'approved'",
    "insert into ops.documents from ops.documents where state = 'approved'",
    "update ops.documents set amount_minor = amount_minor + 1 where state = 'approved'",
    "update ops.documents set readback_minor = readback_minor - 1",
    "update ops.documents set readback_minor = null",
    ("insert into billing.corrections_owed (entry_id, legal_entity, currency, period, owed_minor) "
     "values ('tt:1', 'UK', 'GBP', '2026-03', 5)"),
])  # fmt: skip
def test_ledger_fails_and_names_the_group_when_one_row_is_touched(world: World, mutation: str):
    if "corrections_owed" in mutation:
        world.warehouse.execute(mutation)
        files = [name for name in accounting._FILES if name != "corrections"]
        statements.run(world.warehouse, tuple(files), {"revenue_account": ""})
    else:
        world.warehouse.execute(mutation)
        account(world.warehouse)
    groups = world.broken()[2]
    assert GROUP in [{key: group[key] for key in GROUP} for group in groups]


def erp_document(world: World, reference: str, minor: int, **fields: object) -> None:
    world.put("canonical.erp_documents", **{
        "system": "bc", "company": "UKCO", "external_id": reference, "kind": "invoice",
        "reference": reference, "is_posted": True, "is_standing": True, "currency": "GBP",
        "posting_date": date(2026, 3, 5), "amount_minor": minor,
    } | fields)  # fmt: skip


def test_another_document_under_our_reference_is_not_what_we_posted(world: World):
    """TM05 names it and holds its customer; the books of the rest tie without it."""
    world.warehouse.execute("update ops.documents set erp_id = 'ours' where state = 'posted'")
    erp_document(world, "PS-P1-202603-1", 20006, external_id="ours")
    erp_document(world, "PS-P1-202603-1", 20006, external_id="copied")
    account(world.warehouse)
    assert world.broken()[2] == []
    world.warehouse.execute(
        "update canonical.erp_documents set amount_minor = 1 where external_id = 'ours'"
    )
    account(world.warehouse)
    assert world.broken()[2] != []


@pytest.mark.parametrize(("minor", "holds"), [(20006, True), (20005, False)])
def test_the_erps_own_document_outweighs_what_was_read_back(world: World, minor: int, holds: bool):
    erp_document(world, "PS-P1-202603-1", minor)
    account(world.warehouse)
    assert (world.broken()[2] == []) is holds


def test_a_difference_that_a_break_names_and_holds_stops_nobody_else(world: World):
    """Where the customer of the changed document waits, the books of the others tie without it."""
    world.warehouse.execute("update ops.documents set erp_id = 'ours' where state = 'posted'")
    erp_document(world, "PS-P1-202603-1", 20106, external_id="ours")
    (row,) = world.warehouse.rows("select customer_key from ops.documents where erp_id = 'ours'")
    named = {"rule": "BL06", "record_key": "PS-P1-202603-1", "blocked_kind": "customer"}
    world.put("reconciliation.found", **named, blocked_id="somebody else")
    account(world.warehouse)
    assert [(one["erp_minor"], one["confirmed_minor"]) for one in world.broken()[2]] == [
        (20106, 20006)
    ]
    world.put("reconciliation.found", **named, blocked_id=row["customer_key"])
    account(world.warehouse)
    assert world.broken()[2] == []
    assert not world.warehouse.rows("from billing.broken_links where equation = 'ledger'")
    [ledger] = world.warehouse.rows(
        "select confirmed_minor, erp_minor, named_minor from billing.ledger_equation"
        " where erp_minor <> confirmed_minor"
    )
    assert ledger == {"confirmed_minor": 20006, "erp_minor": 20106, "named_minor": 100}


def test_a_document_doubled_in_the_erp_breaks_the_ledger(world: World):
    erp_document(world, "PS-P1-202603-1", 20006)
    erp_document(world, "PS-P1-202603-1", 20006)
    account(world.warehouse)
    assert world.broken()[2][0]["erp_minor"] == 40012


def test_a_document_under_our_reference_that_we_did_not_post_breaks_the_ledger(world: World):
    erp_document(world, "PS-P9-202603-1", 500)
    account(world.warehouse)
    assert world.broken()[2][0]["unexplained"] == 1


def test_other_documents_of_the_erp_are_not_ours_to_explain(world: World):
    erp_document(world, "MANUAL-7", 500)
    account(world.warehouse)
    assert world.broken()[2] == []


def test_a_credit_memo_counts_below_zero(world: World):
    world.document("PS-P1-202603-3", "posted", ("tt:1", -3601, "100"), kind="credit_memo",
                   readback_minor=10003)  # fmt: skip
    world.warehouse.execute("update ops.posting_lines set correction_no = 1 "
                            "where document_ref = 'PS-P1-202603-3'")  # fmt: skip
    world.new_version("tt:1", is_billable=False)
    world.night()
    assert world.broken() == ([], [], [])
    assert world.warehouse.rows("select * from billing.corrections_owed") == []


def test_what_cannot_be_placed_is_unassigned_and_still_counted(world: World):
    world.entry("9", project_id=None, project_external_id="tt-nowhere", project_matches=0,
                legal_entity=None, currency=None)  # fmt: skip
    world.night()
    assert world.broken() == ([], [], [])
    groups = {row["legal_entity"]: row for row in completeness_groups(world.warehouse)}
    assert groups["unassigned"]["excepted_seconds"] == 3600
    assert groups["unassigned"]["unpriced"] == 1


def test_groups_show_hours_and_amounts_that_add_up(world: World):
    [group] = completeness_groups(world.warehouse)
    assert {key: group[key] for key in GROUP} == GROUP
    for unit in ("hours", "amount", "seconds"):
        parts = [group[f"{name}_{unit}"] for name in DISPOSITIONS]
        assert sum(parts) == group[f"approved_{unit}"]
    assert (str(group["posted_amount"]), str(group["queued_amount"])) == ("200.06", "200.06")
    assert (str(group["posted_hours"]), str(group["approved_hours"])) == ("2.00", "6.00")
