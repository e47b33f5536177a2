"""The day of work whose vendor gives none: fixed when first seen, whatever becomes of profiles."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration_tests.workflows.conftest import Suite, make_entry

ZONES = ("Europe/London", "Asia/Kolkata", "America/Chicago", "Pacific/Auckland")
START = "2026-03-31T21:30:00+00:00"
DAYS = "select external_id, work_date from canonical.time_entries order by external_id"
MADE_FROM = "select zone, zone_raw_seq, how from canonical.work_days order by external_id"


def person(zone, who="r1", **changed):
    return {"external_id": who, "time_zone": zone} | changed


def clocked(entry="e1", start=START, **changed):
    return make_entry(entry, started_at=start, **changed) | {"work_date": None}


def day_of(start, zone):
    return datetime.fromisoformat(start).astimezone(ZoneInfo(zone)).date()


def test_a_person_who_moves_takes_no_earlier_work_along(suite):
    suite.land("clock", "people", person("Europe/London"))
    suite.land("clock", "time", clocked())
    suite.night()
    suite.land("clock", "people", person("Asia/Kolkata"))
    suite.land("clock", "time", clocked(note="east shore"), clocked("e2"))
    suite.night()
    assert suite.values(DAYS) == [("e1", date(2026, 3, 31)), ("e2", date(2026, 4, 1))]
    assert suite.values(MADE_FROM) == [
        ("Europe/London", 1, "derived"),
        ("Asia/Kolkata", 3, "derived"),
    ]
    versions = "select count(*) from canonical.entry_versions where external_id = 'e1'"
    assert suite.values(versions) == [(1,)]


def test_a_corrected_start_is_dated_where_the_person_was(suite):
    suite.land("clock", "people", person("Europe/London"))
    suite.land("clock", "time", clocked())
    suite.night()
    suite.land("clock", "people", person("Asia/Kolkata"))
    suite.land("clock", "time", clocked(start="2026-04-01T22:59:00+00:00"))
    suite.night()
    assert suite.values(DAYS) == [("e1", date(2026, 4, 1))]


def test_an_entry_that_comes_before_its_person_is_dated_by_the_first_profile(suite):
    suite.land("clock", "time", clocked())
    suite.night()
    suite.land("clock", "people", person("Asia/Kolkata"))
    suite.night()
    suite.land("clock", "people", person("Europe/London"))
    suite.land("clock", "time", clocked(note="again"))
    suite.night()
    assert suite.values(DAYS) == [("e1", date(2026, 4, 1))]


def test_a_profile_that_loses_its_zone_leaves_the_earlier_one(suite):
    suite.land("clock", "people", person("Europe/London"))
    suite.land("clock", "people", person("Mars/Base"))
    suite.land("clock", "time", clocked())
    suite.night()
    assert suite.values(DAYS) == [("e1", date(2026, 3, 31))]


def test_an_upgraded_store_keeps_the_days_it_has_while_the_start_is_the_same(suite):
    suite.land("clock", "people", person("Asia/Kolkata"))
    suite.land("clock", "time", clocked(), clocked("e2"))
    suite.night()
    # as the version before had it: derived anew from a later profile
    suite.warehouse.execute("update canonical.time_entries set work_date = date '2026-03-31'")
    for table in ("kept_days", "work_days", "shown_zones"):
        suite.warehouse.execute(f"drop table canonical.{table}")
    suite.warehouse.execute("update canonical.conformed set mapping_hash = 'of the version before'")
    suite.warehouse.close()
    suite.warehouse = Warehouse(suite.folder / "warehouse.duckdb")
    suite.night()
    assert suite.values(DAYS) == [("e1", date(2026, 3, 31)), ("e2", date(2026, 3, 31))]
    suite.land("clock", "time", clocked(note="x"), clocked("e2", "2026-03-31T21:31:00+00:00"))
    suite.night()
    assert suite.values(DAYS) == [("e1", date(2026, 3, 31)), ("e2", date(2026, 4, 1))]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.sampled_from(("r1", "r2")), st.sampled_from(ZONES)),
        st.tuples(st.just("note"), st.sampled_from(("e1", "e2", "e3"))),
        st.tuples(
            st.just("start"),
            st.sampled_from(("e1", "e2", "e3")),
            st.datetimes(datetime(2026, 3, 28), datetime(2026, 4, 2), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants them bare
        ),
        st.just(("night",)),
    ),
    max_size=9,
)


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_only_the_start_moves_a_day_and_a_rebuild_gives_the_same(tmp_path_factory, steps):
    """An independent account: the zone each entry was born in, and its start."""
    folder = tmp_path_factory.mktemp("days")
    with Warehouse(Path(folder) / "w.duckdb") as warehouse:
        suite = Suite(warehouse, folder)
        zones = {"r1": "Europe/London", "r2": "Asia/Kolkata"}
        for who, zone in zones.items():
            suite.land("clock", "people", person(zone, who))
        born, starts = {}, {}
        for turn, step in enumerate((*steps, ("night",))):
            if step[0] == "move":
                zones[step[1]] = step[2]
                suite.land("clock", "people", person(step[2], step[1]))
            elif step[0] == "night":
                suite.night()
            else:
                entry = step[1]
                who = "r1" if entry == "e1" else "r2"
                start = step[2].replace(microsecond=0).isoformat() if step[0] == "start" else START
                starts[entry] = starts.get(entry, START) if step[0] == "note" else start
                born.setdefault(entry, zones[who])
                suite.land(
                    "clock",
                    "time",
                    clocked(entry, starts[entry], resource_external_id=who, note=f"turn {turn}"),
                )
        expected = [(entry, day_of(starts[entry], born[entry])) for entry in sorted(born)]
        assert suite.values(DAYS) == expected
        for table in ("time_entries", "shown_zones", "work_days", "conformed", "resources"):
            warehouse.execute(f"delete from canonical.{table}")
        suite.night()
        assert suite.values(DAYS) == expected


@pytest.mark.parametrize("days", [-1, 1, -2])
def test_a_milestone_of_an_upgraded_store_is_not_moved_by_a_zone(suite, days):
    suite.warehouse.execute(
        "insert into canonical.milestones (system, external_id, reached_on)"
        " values ('plan', 'm1', date '2026-03-31')"
    )
    suite.warehouse.execute(
        "insert into canonical.kept_milestone_days select 'plan', 'm1', date '2026-03-31' + $days",
        {"days": days},
    )
    suite.night()
    [(kept,)] = suite.values("select reached_on from canonical.milestones")
    assert kept == date(2026, 3, 31 + days) if days == -1 else True
    assert (kept != date(2026, 3, 31)) is (abs(days) == 1)


def decide(suite, number, zone, entry="clock:e1"):
    row = {"decision_id": number, "entry_id": entry, "zone": zone, "decided_by": "kim"}
    suite.warehouse.insert("ops.day_decisions", [row])


def test_what_a_person_says_of_a_zone_comes_first_and_the_newest_counts(suite):
    suite.land("clock", "people", person("Europe/London"))
    suite.land("clock", "time", clocked(), clocked("e2"))
    suite.night()
    decide(suite, 1, "Asia/Kolkata")
    suite.night()
    assert suite.values(DAYS) == [("e1", date(2026, 4, 1)), ("e2", date(2026, 3, 31))]
    assert suite.values(MADE_FROM)[0] == ("Asia/Kolkata", None, "decided")
    suite.land("clock", "time", clocked(note="again"))
    suite.night()
    assert suite.values(DAYS)[0] == ("e1", date(2026, 4, 1))
    decide(suite, 2, "America/Chicago")
    suite.night()
    assert suite.values(DAYS)[0] == ("e1", date(2026, 3, 31))
    versions = "select count(*) from canonical.entry_versions where external_id = 'e1'"
    assert suite.values(versions) == [(3,)]


def test_a_decision_about_an_entry_with_a_day_of_its_own_moves_nothing(suite):
    suite.land("clock", "people", person("Europe/London"))
    suite.land("clock", "time", make_entry("e1"))
    suite.night()
    decide(suite, 1, "Pacific/Auckland")
    suite.night()
    assert suite.values(DAYS) == [("e1", date(2026, 5, 4))]
