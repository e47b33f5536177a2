"""The generated firm: the same every time, of the promised size, honest about its own faults."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from ps_integration.sandbox.state import SandboxState
from ps_integration.sandbox.world.documents import entries, records_at
from ps_integration.sandbox.world.entries import Entry, ordinary
from ps_integration.sandbox.world.events import NIGHTS, changes, prepare
from ps_integration.sandbox.world.people import PEOPLE
from ps_integration.sandbox.world.projects import PROJECTS, staffing

LAST = NIGHTS[-1].instant


@pytest.fixture(scope="module")
def at_the_end():
    return records_at(LAST)


def dump(state):
    with state.reading() as transaction:
        return transaction.connection.execute(
            "select system, collection, id, document, created_at, updated_at from documents"
            " order by 1, 2, 3"
        ).fetchall()


def played_world(folder, nights):
    state = SandboxState(folder / "sandbox.sqlite")
    for night in nights:
        prepare(state, night)
    rows = dump(state)
    state.close()
    return rows


def test_the_same_seed_gives_the_same_world(tmp_path):
    assert played_world(tmp_path / "a", NIGHTS[:2]) == played_world(tmp_path / "b", NIGHTS[:2])


def test_another_seed_gives_other_hours():
    first, second = ordinary(1), ordinary(2)
    assert [one.minutes for one in first] != [one.minutes for one in second]


def test_the_firm_has_sixty_people_twenty_five_projects_and_twelve_thousand_entries(at_the_end):
    records = at_the_end
    counts = Counter(collection for _, collection, _ in records if collection == "time_entries")
    booked = [key for key in records if key[1] == "time_entries" and key[0] != "kantata"]
    assert len(PEOPLE) == 60
    assert len(PROJECTS) == 25
    assert len(booked) == 12_000
    assert counts["time_entries"] > len(booked)


def test_everybody_has_work_and_every_entity_sells_and_staffs():
    staffed = staffing()
    assert all(staffed[person] for person in PEOPLE)
    pairs = {(one.person.entity, one.project.entity) for one in entries()}
    assert {(a, b) for a in ("US", "UK", "IN") for b in ("US", "UK")} <= pairs


def test_a_night_prepared_twice_changes_nothing(tmp_path):
    state = SandboxState(tmp_path / "sandbox.sqlite")
    prepare(state, NIGHTS[0])
    before = dump(state)
    prepare(state, NIGHTS[0])
    assert dump(state) == before
    state.close()


def test_nothing_of_a_night_is_dated_after_it():
    for before, night in zip((None, *NIGHTS[:2]), NIGHTS[:3], strict=True):
        since = before.instant if before else None
        found = list(changes(since, night.instant))
        assert found
        assert max(change.at for change in found) <= night.instant


def test_records_keep_the_instant_they_were_entered(tmp_path):
    state = SandboxState(tmp_path / "sandbox.sqlite")
    prepare(state, NIGHTS[0])
    entry = next(one for one in ordinary() if one.person.system == "harvest_us")
    stored = state.get_stored("harvest_us", "time_entries", entry.id)
    assert (stored.created_at, stored.updated_at) == (entry.created_at, entry.updated_at)
    state.close()


def entry_numbered(number) -> Entry:
    return next(one for one in entries() if one.number == number)


@pytest.mark.parametrize(
    ("number", "started", "minutes"),
    [
        (900_051, datetime(2026, 3, 19, 17, 40, tzinfo=UTC), 150),  # over midnight in Kolkata
        (900_052, datetime(2026, 3, 29, 0, 30, tzinfo=UTC), 60),  # over the change of the clocks
    ],
)
def test_hours_around_midnight_and_the_change_of_clocks_are_true(
    at_the_end, number, started, minutes
):
    record = at_the_end["clockify_emea", "time_entries", entry_numbered(number).id]
    interval = record.document["timeInterval"]
    start, end = (datetime.fromisoformat(interval[name]) for name in ("start", "end"))
    assert start == started
    assert end - start == timedelta(minutes=minutes)


def test_the_psa_holds_the_same_hours_except_where_a_fault_says_otherwise(at_the_end):
    records = at_the_end
    differing = []
    for one in entries():
        copy = records.get(("kantata", "time_entries", one.kantata_id))
        if copy is not None and copy.document["time_in_minutes"] != one.minutes:
            differing.append(one.number)
    assert differing == [900_034, 900_035, 900_049]


def test_harvest_hours_have_no_more_than_two_decimals(at_the_end):
    for (system, collection, _), record in at_the_end.items():
        if (system, collection) == ("harvest_us", "time_entries"):
            hours = record.document["hours"]
            assert hours == hours.quantize(Decimal("0.01"))


def test_nobody_works_after_leaving_but_for_the_planted_entry():
    late = [
        one.number
        for one in entries()
        if one.person.name == "Walter York" and one.work_date > date(2026, 2, 28)
    ]
    assert late == [900_032]
