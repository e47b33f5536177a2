"""What is owed once an entry is no longer what was billed."""

import pytest

from ps_integration_tests.billing.world import World


@pytest.fixture
def world(world: World) -> World:
    world.rate("r1")
    return world


def test_an_entry_changed_after_posting_stays_posted_and_owes_a_correction(world: World):
    world.entry("1")
    world.document("PS-P1-202603-1", "posted", ("tt:1", 3600, "100"))
    world.new_version("tt:1", seconds=5400)
    world.night()
    [part] = world.parts()
    assert (part["disposition"], part["seconds"], part["amount_minor"]) == ("posted", 5400, 15000)
    assert "Correction owed" in part["evidence"]
    [owed] = world.warehouse.rows("select * from billing.corrections_owed")
    assert (owed["owed_minor"], owed["reason"]) == (5000, "edited_after_posting")
    assert world.broken() == ([], [], [])


def test_a_rate_changed_after_posting_is_owed_too(world: World):
    world.entry("1")
    world.document("PS-P1-202603-1", "posted", ("tt:1", 3600, "90"))
    world.night()
    [owed] = world.warehouse.rows("select * from billing.corrections_owed")
    assert (owed["owed_minor"], owed["reason"]) == (1000, "rate_changed_late")
    assert world.broken() == ([], [], [])


@pytest.mark.parametrize(("change", "reason"), [
    ({"is_deleted": True}, "deleted_after_posting"),
    ({"approval_state": "submitted"}, "approval_withdrawn"),
    ({"is_billable": False}, "no_longer_billable"),
])  # fmt: skip
def test_what_is_no_longer_due_is_owed_back(world: World, change, reason: str):
    world.entry("1")
    world.document("PS-P1-202603-1", "posted", ("tt:1", 3600, "100"))
    world.new_version("tt:1", **change)
    world.night()
    [owed] = world.warehouse.rows("select * from billing.corrections_owed")
    assert (owed["owed_minor"], owed["reason"]) == (-10000, reason)
    assert world.broken() == ([], [], [])


def test_an_entry_moved_to_another_project_is_owed_back_there_and_due_here(world: World):
    world.project("p2")
    world.rate("r2", project_external_id="psa-p2")
    world.entry("1")
    world.document("PS-P1-202603-1", "posted", ("tt:1", 3600, "100"))
    world.new_version("tt:1", project_id="p2", project_external_id="tt-p2")
    world.night()
    rows = world.warehouse.rows("select * from billing.corrections_owed order by project_id")
    assert [(r["project_id"], r["owed_minor"]) for r in rows] == [("p1", -10000), ("p2", 10000)]
    assert world.broken() == ([], [], [])


def test_nothing_is_owed_while_the_entry_waits_in_quarantine(world: World):
    world.entry("1")
    world.document("PS-P1-202603-1", "posted", ("tt:1", 3600, "100"))
    world.put("quarantine.records", system="tt", stream="time_entries", record_id="1", raw_seq=2,
              object="time_entries")  # fmt: skip
    world.warehouse.execute("delete from billing.entries")  # as resolve leaves it out
    world.night()
    assert world.parts() == []
    assert world.warehouse.rows("select * from billing.corrections_owed") == []
    assert world.broken() == ([], [], [])
    [counts] = world.warehouse.rows("select * from billing.record_counts")
    assert (counts["quarantined"], counts["approved"]) == (1, 0)
