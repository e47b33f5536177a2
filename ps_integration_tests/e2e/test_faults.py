"""Whole nights while one far side misbehaves: told plainly, nothing lost, nothing doubled."""

import json
import logging

import pytest

from ps_integration_tests.e2e.conftest import SECOND, THIRD, Edit, World
from ps_integration_tests.e2e.firm import harvest_entry

pytestmark = pytest.mark.e2e

READ_FAULTS = {
    "dead": "could not be reached",
    "timeout_before_commit": "could not be reached",
    "wrong_token": "CLOCK_TOKEN",
    "html_200": "text/html instead of JSON",
    "truncated_body": "",
    "status_429": "429",
    "status_503": "503",
    "status_500_before": "500",
}


def unread(outcome) -> dict[tuple[str, str], str]:
    return {(one["system"], one["stream"]): one["error_message"] for one in outcome.data["unread"]}


@pytest.mark.parametrize("kind", READ_FAULTS)
def test_a_time_system_that_cannot_be_read_is_named_and_stops_only_itself(
    north: World, undisturbed, kind, caplog
):
    north.fault(kind, "clock", options={"retry_after": 0})
    with caplog.at_level(logging.DEBUG):
        outcome = north.night(SECOND)
    messages = unread(outcome)
    assert outcome.exit_code == 2
    assert {system for system, _ in messages} == {"clock"}
    assert READ_FAULTS[kind] in messages["clock", "time_entries"]
    assert "clock" in messages["clock", "time_entries"]
    assert outcome.data["completeness"]["holds"]
    assert (
        north.rows("select * from raw.reads where system = 'sheets' and status <> 'complete'") == []
    )
    north.heal()
    healed = north.night(THIRD)
    assert (healed.exit_code, north.invoices()) == (0, undisturbed)
    assert north.leaks(json.dumps(outcome.data, default=str), caplog.text) == []


def test_a_watermark_stays_while_its_stream_cannot_be_read(north: World):
    before = north.rows("select * from raw.watermarks order by all")
    north.edit("time_entries", "103", hours=5)
    north.fault("truncated_body", "clock", path_pattern="/v2/time_entries*")
    north.night(SECOND)
    moved = "select * from raw.watermarks where system = 'clock' and stream = 'time_entries'"
    assert [
        row for row in before if row["stream"] == "time_entries" and row["system"] == "clock"
    ] == (north.rows(moved))


def test_what_came_while_a_system_was_dead_is_picked_up_on_the_next_night(north: World):
    north.night(SECOND)
    north.state.set_clock(SECOND)
    north.state.put("clock", "time_entries", "106", harvest_entry(106, "2026-03-09", "3"), SECOND)
    north.fault("dead", "clock")
    north.night(SECOND)
    north.heal()
    outcome = north.night(THIRD)
    assert outcome.data["posted"] == {"new": 1, "total": 8}


def test_an_erp_that_cannot_be_read_posts_nothing_and_says_so(north: World, undisturbed):
    north.fault("dead", "books")
    outcome = north.night(SECOND)
    assert outcome.exit_code == 2
    assert {system for system, _ in unread(outcome)} == {"books"}
    assert north.invoices() == []
    north.heal()
    assert north.night(THIRD).exit_code == 0
    assert north.invoices() == undisturbed


@pytest.mark.parametrize("kind", ["duplicated_page", "shifted_page"])
def test_pages_that_repeat_or_shift_lose_and_double_nothing(north: World, undisturbed, kind):
    north.fault(kind, "clock", path_pattern="/v2/time_entries*", times=2)
    north.night(SECOND)
    north.heal()
    assert north.night(THIRD).exit_code == 0
    assert north.invoices() == undisturbed


PAYLOADS = {
    "NaN hours": ("hours", {"literal": "NaN"}, "retyped_field"),
    "a missing field": ("hours", {}, "dropped_field"),
    "a retyped field": ("hours", {"value": "eight"}, "retyped_field"),
    "a missing date": ("spent_date", {}, "dropped_field"),
}


def spoil(north: World, what: str) -> str:
    """Break one entry on its way; the field that is broken."""
    field, how, kind = PAYLOADS[what]
    options = {"field": field, "only_id": "103", **how}
    north.fault(kind, "clock", path_pattern="/v2/time_entries*", options=options)
    return field


@pytest.mark.parametrize("what", PAYLOADS)
def test_a_payload_that_cannot_be_read_holds_nothing_but_itself(
    north: World, undisturbed, what, caplog
):
    field = spoil(north, what)
    outcome = north.night(SECOND)
    told = " ".join(unread(outcome).values())
    rows = north.rows("select system, stream, record_id, field, remedy from quarantine.records")
    if rows:
        assert outcome.exit_code == 1
        assert [tuple(row.values())[:4] for row in rows] == [
            ("clock", "time_entries", "103", field)
        ]
        assert rows[0]["remedy"]
    else:
        assert (outcome.exit_code, "NaN" in told) == (2, True)
    assert outcome.data["completeness"]["holds"]
    north.heal()
    assert north.night(THIRD).exit_code == 0
    assert sum(len(one) - 2 for one in north.invoices()) == 7


def test_a_posted_entry_that_becomes_unreadable_is_neither_reversed_nor_posted_again(
    north: World, undisturbed
):
    north.night(SECOND)
    north.state.set_clock(THIRD)
    north.edit("time_entries", "103", notes="touched")
    spoil(north, "a missing field")
    outcome = north.night(THIRD)
    assert outcome.exit_code == 1
    assert outcome.data["failed_checks"] == []
    assert north.invoices() == undisturbed


def test_hours_of_a_system_unread_beyond_its_limit_wait_and_others_are_posted(
    north: World, edit_firm: Edit
):
    edit_firm('account: "77"', 'account: "77"\n    freshness_hours: 20')
    north.fault("dead", "clock")
    outcome = north.night(SECOND)
    assert outcome.exit_code == 2
    assert outcome.data["breaks"]["open"] == {"IN02": 1}
    assert [head for head, *_ in north.invoices()] == ["PS-BR-1-202603-1"]


def test_a_system_out_of_reach_is_given_up_and_every_stream_says_so(north: World):
    north.fault("dead", "clock")
    messages = unread(north.night(SECOND))
    asked = sum(one.system == "clock" for one in north.server.log.requests())
    assert len(messages) == 8
    assert "not asked" in messages["clock", "time_entries"]
    assert asked == 4  # two streams, two attempts each
