"""Raw to canonical: quarantine, incremental reads, duplicates, work dates, approvals, versions."""

import random

import pytest

from ps_integration.contracts.registry import CONTRACTS
from ps_integration_tests.workflows.conftest import make_entry

IDS = "select external_id from canonical.time_entries order by all"
QUARANTINE = "select record_id, rule, field from quarantine.records order by all"
VERSIONS = (
    "select entry_id, version_no, seconds, is_deleted from canonical.entry_versions order by all"
)


def test_one_bad_record_never_stops_the_others(suite):
    suite.land("clock", "time", make_entry("e1"), make_entry("e2", seconds="x"), make_entry("e3"))
    suite.night()
    assert suite.values(IDS) == [("e1",), ("e3",)]
    assert suite.values(QUARANTINE) == [("e2", "type", "seconds")]


@pytest.mark.parametrize(
    ("payload", "rule", "field"),
    [
        ("<html>busy</html>", "readable_json", "payload"),
        ('{"external_id": "e1", "seconds": NaN}', "readable_json", "payload"),
        ("[1]", "json_object", "payload"),
        ({"rows": [["time_entries", {}]]}, "mapping_understands_record", "external_id"),
        ({"hours": "NaN"}, "finite_number", "hours"),
        (make_entry(colour="red"), "unknown_column", "colour"),
    ],
)
def test_an_unreadable_record_is_quarantined_with_rule_and_field(suite, payload, rule, field):
    suite.land("clock", "time", e1=payload)
    suite.night()
    assert suite.values(QUARANTINE) == [("e1", rule, field)]
    assert suite.values(IDS) == []


def test_a_record_with_several_rows_is_refused_whole(suite):
    document = {
        "external_id": "i1", "kind": "invoice", "status": "open", "is_posted": True,
        "is_standing": True, "currency": "GBP", "amount_minor": 100,
    }  # fmt: skip
    line = {"external_id": "l1", "document_external_id": "i1", "currency": "XXX"}
    suite.land("books", "invoices", i1={"rows": [["erp_documents", document], ["erp_lines", line]]})
    suite.night()
    assert suite.values("select * from canonical.erp_documents") == []
    assert suite.values(QUARANTINE) == [("i1", "known_value", "currency")]


def test_a_quarantined_record_keeps_when_it_was_first_seen_and_leaves_when_fine(suite):
    suite.land("clock", "time", make_entry(currency="XXX"))
    suite.night()
    suite.land("clock", "time", make_entry(currency="YYY"))
    suite.night()
    [row] = suite.rows("select value, first_seen_at, last_seen_at from quarantine.records")
    assert (row["value"], row["first_seen_at"].day, row["last_seen_at"].day) == ("YYY", 1, 2)
    suite.land("clock", "time", make_entry(currency="GBP"))
    suite.night()
    assert suite.values(QUARANTINE) == []
    assert suite.values(IDS) == [("e1",)]


def test_a_record_still_bad_tonight_is_last_seen_tonight(suite):
    suite.land("clock", "time", make_entry(currency="XXX"))
    suite.night()
    suite.night()
    [row] = suite.rows("select first_seen_at, last_seen_at from quarantine.records")
    assert (row["first_seen_at"].day, row["last_seen_at"].day) == (1, 2)


def test_quarantine_shows_no_secret_and_no_long_value(suite):
    suite.land("clock", "time", e1='{"Authorization": "Bearer abc.def"' + "x" * 999)
    suite.night()
    [(value,)] = suite.values("select value from quarantine.records")
    assert "abc.def" not in value
    assert len(value) <= 200


def test_a_tombstone_removes_the_canonical_row_and_makes_a_deleted_version(suite):
    suite.land("clock", "time", make_entry())
    suite.night()
    suite.land("clock", "time", e1=None)
    suite.night()
    assert suite.values(IDS) == []
    assert suite.values(VERSIONS) == [("clock:e1", 1, 3600, False), ("clock:e1", 2, 3600, True)]
    assert suite.values("select is_deleted, raw_seq from billing.entries") == [(True, 2)]


def test_an_entry_that_is_in_no_row_is_not_deleted_without_a_tombstone(suite):
    suite.land("clock", "time", make_entry())
    suite.night()
    suite.warehouse.execute("delete from canonical.time_entries")
    suite.night()
    assert suite.values(VERSIONS) == [("clock:e1", 1, 3600, False)]


def test_a_record_that_becomes_another_entry_deletes_the_one_it_was(suite):
    suite.land("clock", "time", a=make_entry("e1"))
    suite.night()
    suite.land("clock", "time", a=make_entry("e2"))
    suite.night()
    assert suite.values(VERSIONS) == [
        ("clock:e1", 1, 3600, False),
        ("clock:e1", 2, 3600, True),
        ("clock:e2", 1, 3600, False),
    ]


def test_an_approval_that_cannot_be_read_leaves_its_entry_approved(suite):
    request = {"external_id": "q1", "entry_external_id": "e1", "state": "approved"}
    suite.land("clock", "time", make_entry(approval_state="by_request", approved_at=None))
    suite.land("clock", "requests", request)
    suite.night()
    suite.land("clock", "requests", {**request, "state": "sonstwas"})
    suite.night()
    suite.night()
    assert suite.values(QUARANTINE) == [("q1", "known_value", "state")]
    state = "select entry_id, approval_state from canonical.current_versions"
    assert suite.values(state) == [("clock:e1", "approved")]
    suite.land("clock", "requests", q1=None)
    suite.night()
    assert suite.values(QUARANTINE) == []
    assert suite.values(state) == [("clock:e1", "draft")]


def test_what_a_record_in_quarantine_said_last_is_found_in_raw_again(suite):
    project = {"external_id": "p1", "match_key": "p-1", "name": "One", "currency": "GBP"}
    for changed in ({"name": "Two"}, {"currency": "XXX"}, {"currency": "YYY"}):
        suite.land("plan", "projects", project | changed)
    suite.night()
    name = "select name, raw_seq from canonical.projects"
    assert suite.values(name) == [("Two", 1)]
    suite.warehouse.execute("delete from canonical.projects")
    suite.warehouse.execute("update canonical.conformed set mapping_hash = ''")
    suite.night()
    assert suite.values(name) == [("Two", 1)]
    suite.land("plan", "projects", p1=None)
    suite.land("plan", "projects", project | {"currency": "XXX"})
    suite.night()
    assert suite.values(name) == []


def test_of_evidence_that_claims_one_id_the_first_stands(suite):
    one, two = ({"external_id": "p1", "match_key": "p-1", "name": name} for name in "AB")
    suite.land("plan", "projects", a=one)
    suite.night()
    suite.land("plan", "projects", b=two)
    suite.night()
    suite.night()
    assert suite.values("select name, record_id from canonical.projects") == [("A", "a")]
    assert [row[:2] for row in suite.values(QUARANTINE)] == [
        ("a", "duplicate_external_id"),
        ("b", "duplicate_external_id"),
    ]


def test_a_milestone_is_gone_when_its_source_says_so_and_not_in_quarantine(suite):
    milestone = {
        "external_id": "m1", "project_external_id": "p1", "name": "Go", "is_reached": True,
        "amount_minor": 100, "currency": "GBP", "reached_on": "2026-05-04",
    }  # fmt: skip
    task = {"external_id": "m1", "project_external_id": "p1", "name": "Go"}
    gone = "select object_id from canonical.gone_milestones"
    suite.land("plan", "stories", m1={"rows": [["milestones", milestone]]})
    suite.night()
    assert suite.values(gone) == []
    suite.land("plan", "stories", m1={"rows": [["milestones", milestone | {"currency": "XXX"}]]})
    suite.night()
    assert suite.values(gone) == []
    assert suite.values("select * from canonical.milestones") == []
    suite.land("plan", "stories", m1={"rows": [["tasks", task]]})
    suite.night()
    assert suite.values(gone) == [("plan:m1",)]
    suite.land("plan", "stories", m1={"rows": [["milestones", milestone]]})
    suite.night()
    assert suite.values(gone) == []
    suite.land("plan", "stories", m1=None)
    suite.night()
    assert suite.values(gone) == [("plan:m1",)]


def test_an_entry_that_comes_back_is_a_new_version(suite):
    suite.land("clock", "time", make_entry())
    suite.night()
    suite.land("clock", "time", e1=None)
    suite.night()
    suite.land("clock", "time", make_entry())
    suite.night()
    assert [row[1:] for row in suite.values(VERSIONS)][-1] == (3, 3600, False)


def test_two_records_with_one_external_id_are_both_quarantined_until_one_goes(suite):
    suite.land("clock", "time", a=make_entry(), b=make_entry())
    suite.night()
    suite.night()
    assert suite.values(IDS) == []
    assert [row[:2] for row in suite.values(QUARANTINE)] == [
        ("a", "duplicate_external_id"),
        ("b", "duplicate_external_id"),
    ]
    assert {row[0].day for row in suite.values("select first_seen_at from quarantine.records")} == {
        1
    }
    suite.land("clock", "time", b=None)
    suite.night()
    assert suite.values(IDS) == [("e1",)]
    assert suite.values(QUARANTINE) == []


def test_a_duplicate_that_arrives_later_takes_the_first_one_with_it(suite):
    suite.land("clock", "time", a=make_entry())
    suite.night()
    suite.land("clock", "time", b=make_entry())
    suite.night()
    assert suite.values(IDS) == []
    assert len(suite.values(VERSIONS)) == 1
    assert suite.values("select * from billing.entries") == []


def test_good_and_quarantined_records_are_all_records(suite):
    chance = random.Random(7)  # a seeded case, not a secret
    faults = [{}, {}, {"currency": "XXX"}, {"note": "a\0b"}, {"seconds": 10**7}, {"seconds": 1.5}]
    payloads = [
        make_entry(f"e{chance.randrange(150)}" if chance.random() < 0.1 else f"e{number}",
                   **chance.choice(faults))
        for number in range(200)
    ]  # fmt: skip
    suite.land("clock", "time", **{f"k{i}": payload for i, payload in enumerate(payloads)})
    suite.night()
    good = {row[0] for row in suite.values("select record_id from canonical.time_entries")}
    bad = {row[0] for row in suite.values("select record_id from quarantine.records")}
    assert good.isdisjoint(bad)
    assert len(good) + len(bad) == 200


def snapshot(suite):
    tables = ("time_entries", "projects", "crosswalk", "entry_versions")
    return [suite.values(f"select * from canonical.{table} order by all") for table in tables]


def test_conforming_twice_changes_nothing(suite):
    suite.land("clock", "time", make_entry(), make_entry("e2"), make_entry("e3", seconds=10**9))
    suite.land("plan", "projects", {"external_id": "p1", "match_key": "alpha"})
    suite.night()
    before = snapshot(suite)
    suite.night()
    assert suite.result.row_count == 0
    assert snapshot(suite) == before


def test_a_changed_mapping_conforms_everything_anew_to_the_same_rows(suite):
    suite.land("clock", "time", make_entry(), make_entry("e2"))
    suite.night()
    before = snapshot(suite)
    changed = suite.firm_file["systems"][0] | {"options": {"note": "other"}}
    suite.firm_file = suite.firm_file | {"systems": [changed, *suite.firm_file["systems"][1:]]}
    suite.night()
    assert suite.result.row_count == 2
    assert snapshot(suite) == before


def test_a_feedback_field_never_makes_a_version(suite):
    suite.land("clock", "time", make_entry())
    suite.night()
    suite.land("clock", "time", make_entry(is_invoiced=True, note="billed", is_locked=True))
    suite.night()
    assert len(suite.values(VERSIONS)) == 1
    assert suite.values("select is_invoiced from billing.entries") == [(True,)]


def test_changed_hours_make_a_version(suite):
    suite.land("clock", "time", make_entry())
    suite.night()
    suite.land("clock", "time", make_entry(seconds=7200))
    suite.night()
    assert [row[1:3] for row in suite.values(VERSIONS)] == [(1, 3600), (2, 7200)]


def test_an_entry_that_turns_bad_keeps_its_version_and_is_not_billed(suite):
    suite.land("clock", "time", make_entry())
    suite.night()
    suite.land("clock", "time", make_entry(currency="XXX"))
    result = suite.night()
    assert len(suite.values(VERSIONS)) == 1
    assert suite.values("select * from billing.entries") == []
    assert result.metadata["entries_in_quarantine"] == 1


@pytest.mark.parametrize(
    ("zone", "started_at", "day"),
    [
        ("Europe/London", "2026-03-28T23:30:00+00:00", "2026-03-28"),
        ("Europe/London", "2026-03-29T23:30:00+00:00", "2026-03-30"),  # an hour ahead by then
        ("America/New_York", "2026-05-05T03:59:59+00:00", "2026-05-04"),
        ("Asia/Kolkata", "2026-05-04T18:30:00+00:00", "2026-05-05"),
    ],
)
def test_the_work_date_is_the_calendar_date_where_the_person_is(suite, zone, started_at, day):
    suite.land("clock", "time", make_entry(work_date=None, started_at=started_at))
    suite.land("clock", "people", {"external_id": "r1", "time_zone": zone})
    suite.night()
    assert suite.values("select cast(work_date as varchar) from canonical.time_entries") == [(day,)]


def test_without_a_known_time_zone_the_entry_waits_and_is_released_when_it_comes(suite):
    undated = make_entry(work_date=None, started_at="2026-05-04T10:00:00+00:00")
    suite.land("clock", "time", undated)
    suite.land("clock", "people", {"external_id": "r1", "time_zone": "Mars/Base"})
    suite.night()
    suite.night()
    [row] = suite.rows("select * from quarantine.records")
    assert (row["rule"], row["field"]) == ("work_date_needs_time_zone", "work_date")
    assert (row["first_seen_at"].day, row["last_seen_at"].day) == (1, 2)
    assert suite.values("select * from canonical.entry_versions") == []
    suite.land("clock", "people", {"external_id": "r1", "time_zone": "Europe/London"})
    suite.night()
    assert suite.values(QUARANTINE) == []
    assert len(suite.values(VERSIONS)) == 1


REQUEST = {"external_id": "q1", "entry_external_id": "e1"}
MAY = "2026-05-0{}T10:00:00+00:00"


@pytest.mark.parametrize(
    ("decisions", "state"),
    [
        ([], "draft"),
        ([("submitted", 1)], "submitted"),
        ([("submitted", 1), ("approved", 2)], "approved"),
        ([("approved", 2), ("rejected", 1)], "approved"),
        ([("approved", 1), ("withdrawn", 2)], "draft"),
        ([("approved", 1), ("rejected", 2)], "rejected"),
    ],
)
def test_the_latest_decision_is_the_state_of_an_entry_approved_by_request(suite, decisions, state):
    suite.land("clock", "time", make_entry(approval_state="by_request", approved_at=None))
    for number, (decided, day) in enumerate(decisions):
        request = REQUEST | {"external_id": f"q{number}", "state": decided}
        suite.land("clock", "requests", request | {"decided_at": MAY.format(day)})
    suite.night()
    assert suite.values("select approval_state from billing.entries") == [(state,)]


def test_approval_without_an_instant_is_first_seen_approved_and_marked_observed(suite):
    suite.land("clock", "time", make_entry(approved_at=None))
    suite.night()
    suite.land("clock", "time", make_entry(approved_at=None, seconds=60))
    suite.night()
    found = suite.rows("select approved_at, is_approved_at_observed from canonical.entry_versions")
    assert [(row["approved_at"].day, row["is_approved_at_observed"]) for row in found] == [
        (1, True)
    ] * 2


def test_a_withdrawn_approval_is_a_new_version(suite):
    suite.land("clock", "time", make_entry(approval_state="by_request", approved_at=None))
    suite.land("clock", "requests", REQUEST | {"state": "approved", "decided_at": MAY.format(1)})
    suite.night()
    suite.land("clock", "requests", q1=None)
    suite.night()
    states = suite.values("select approval_state from canonical.entry_versions order by version_no")
    assert states == [("approved",), ("draft",)]


def test_every_contract_is_a_check_with_counts_and_samples(suite):
    suite.land("clock", "time", *[make_entry(f"e{i}", currency="XXX") for i in range(7)])
    suite.land("clock", "time", make_entry("good"))
    suite.night()
    checks = {check.name: check for check in suite.result.checks}
    assert len(checks) == len(CONTRACTS)
    entries = checks["contract_time_entries"]
    assert (entries.passed, entries.severity, entries.is_blocking) == (False, "warn", False)
    assert (entries.metadata["row_count"], entries.metadata["quarantined_count"]) == (1, 7)
    assert len(entries.metadata["sample"]) == 5
    assert checks["contract_legal_entities"].metadata["row_count"] == 2
    assert checks["contract_customers"].passed


def test_a_configured_crosswalk_row_replaces_the_automatic_ones(suite):
    suite.firm_file = suite.firm_file | {
        "crosswalk": [{"object": "project", "id": "Beta", "system": "clock", "external_id": "p1"}]
    }
    suite.land("clock", "projects", {"external_id": "p1", "match_key": "alpha"})
    suite.land("plan", "projects", {"external_id": "9", "match_key": "alpha"})
    suite.night()
    found = suite.values("select system, canonical_id, how from canonical.crosswalk order by all")
    assert found == [("clock", "beta", "configured"), ("plan", "alpha", "match_key")]
