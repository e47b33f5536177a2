"""The whole demonstration: what it finds, played again, and killed on the way."""

import random
import signal
import subprocess

import pytest

KILLS = 4
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


def test_every_planted_fault_is_found_and_nothing_else(played):
    assert played.said["manifest"]["differences"] == []
    assert played.said["manifest"]["found"] == played.said["manifest"]["faults"] == 27
    assert played.said["exit_code"] == 0


def test_every_hour_is_accounted_for_on_the_last_night(played):
    assert played.said["completeness"]["holds"]
    assert played.said["failed_checks"] == []
    assert played.said["quarantined"] == 0


def test_an_invoice_that_somebody_changed_stops_its_customer_alone(played):
    """It is named by BL06 on that night, and the India batch of March goes out all the same."""
    night = played.said["nights"]["2026-04-03"]
    assert (night["verdict"], night["failed_checks"]) == ("open breaks", [])
    assert night["breaks"]["open"]["BL06"] == 1
    assert night["posted"]["new"] > 0
    assert "BL06" not in played.said["breaks"]["open"]


def test_nothing_is_posted_before_the_opening_lists_are_signed(played):
    nights = played.said["nights"]
    assert nights["2026-02-18"]["posted"] == {"total": 0, "new": 0}
    assert nights["2026-02-20"]["posted"]["new"] > 0


def test_every_document_is_posted_once(played):
    assert played.end["ledger"]
    assert {count for _, count in played.end["ledger"]} == {1}


def still(rows):
    """Without what the last night's own correction puts right: one more look finds it gone."""
    return [row for row in rows if row[0] not in {"IN07", "TM07"}]


def test_a_second_run_posts_nothing_and_changes_nothing_in_the_erp(played):
    again = played.place.finish()
    end = played.place.end()
    assert again["posted"] == {"total": played.said["posted"]["total"], "new": 0}
    assert again["manifest"]["differences"] == []
    for name in ("books", "dispositions", "documents", "ledger", "breaks"):
        assert still(end[name]) == still(played.end[name]), name


def test_killed_at_any_moment_it_comes_to_the_same_end(played, new_place):
    place, chance = new_place(), random.Random(7)
    kills = 0
    while kills < KILLS:
        process = place.start()
        try:
            process.communicate(timeout=chance.uniform(4, 20))
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            kills += 1
    said = place.finish()
    assert kills > 0
    assert said["manifest"]["differences"] == []
    end = place.end()
    for name, rows in played.end.items():
        assert still(end[name]) == still(rows), name
