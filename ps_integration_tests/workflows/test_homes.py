"""The home entity of a person by day, from what HR or the PSA has shown, and since when."""

import pytest

from ps_integration_tests.workflows.conftest import make_entry

DAYS = ("2026-03-31", "2026-04-01", "2026-04-15", "2026-05-01")


def person(home, since=None):
    """What the system of record says of the person today."""
    return {
        "external_id": "r1", "match_key": "kim@acme", "home_legal_entity": home,
        "home_valid_from": since,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "homes"),
    [
        pytest.param([("uk", None)], "uk uk uk uk", id="nobody says since when"),
        pytest.param([("uk", "2026-04-01")], "uk uk uk uk", id="no earlier home is known"),
        pytest.param([("uk", None), ("us", None)], "us us us us", id="a change without a day"),
        pytest.param([("uk", None), ("us", "2026-04-15")], "uk uk us us", id="a transfer"),
        pytest.param(
            [("uk", "2020-01-01"), ("us", "2026-04-15"), ("us", "2026-05-01")],
            "uk uk uk us", id="the day of the transfer is corrected",
        ),
        pytest.param(
            [("uk", None), ("us", "2026-04-01"), ("uk", "2026-05-01")],
            "uk us us uk", id="there and back",
        ),
        pytest.param(
            [("uk", "2020-01-01"), ("us", "2026-04-15"), ("uk", "2020-01-01")],
            "uk uk uk uk", id="the transfer was a mistake",
        ),
        pytest.param(
            [("uk", None), ("us", "2026-05-01"), ("us", None)],
            "us us us us", id="the day is taken away",
        ),
        pytest.param(
            [("uk", None), ("us", "2027-01-01")], "uk uk uk uk", id="a transfer to come",
        ),
    ],
)  # fmt: skip
def test_the_home_of_a_day_is_the_one_shown_for_it(suite, said, homes):
    for home, since in said:
        suite.land("plan", "people", person(home, since))
        suite.night()
    suite.land("clock", "people", {"external_id": "r1", "match_key": "kim@acme"})
    suite.land("clock", "time", *(make_entry(day, work_date=day) for day in DAYS))
    suite.night()
    found = suite.values(
        "select external_id, home_legal_entity, is_primary from billing.entries order by all"
    )
    # time of the British clock counts while its people are British
    expected = [(day, home, home == "uk") for day, home in zip(DAYS, homes.split(), strict=True)]
    assert found == expected


def test_the_homes_are_those_of_raw_when_they_are_made_anew(suite):
    suite.land("plan", "people", person("uk"))
    suite.night()
    suite.land("plan", "people", person("us", "2026-04-15"))
    suite.land("clock", "people", {"external_id": "r1", "match_key": "kim@acme"})
    suite.land("clock", "time", *(make_entry(day, work_date=day) for day in DAYS))
    suite.night()
    homes = "select * from billing.resource_homes order by all"
    before = suite.values(homes)
    for table in ("resources", "shown_homes", "conformed"):
        suite.warehouse.execute(f"delete from canonical.{table}")
    suite.night()
    assert suite.values(homes) == before
    assert [row[1] for row in before] == ["uk", "us"]


def test_only_the_system_of_record_says_where_a_person_is_at_home(suite):
    suite.land("plan", "people", person("uk"))
    suite.land("clock", "people", person("us", "2026-04-01"))
    suite.land("clock", "time", make_entry(work_date="2026-05-01"))
    suite.night()
    assert suite.values("select home_legal_entity from billing.entries") == [("uk",)]


def test_a_person_is_gone_since_the_record_that_first_showed_it_without_a_break(suite):
    """Active, gone, back, gone, and then only another name: gone since the fourth record."""
    states = ((True, "Kim"), (False, "Kim"), (True, "Kim"), (False, "Kim"), (False, "Kim Lee"))
    for is_active, name in states:
        suite.land("plan", "people", {**person("uk"), "is_active": is_active, "name": name})
        suite.night()
    seen = "select inactive_seen_at from billing.resources"
    records = "select fetched_at from raw.records where stream = 'people' order by raw_seq"
    assert suite.values(seen) == [suite.values(records)[3]]
    suite.warehouse.execute("delete from canonical.shown_states")
    suite.warehouse.execute("delete from canonical.conformed")
    suite.warehouse.execute("delete from canonical.resources")
    suite.night()
    assert suite.values(seen) == [suite.values(records)[3]]


def test_a_person_who_works_was_not_seen_to_leave(suite):
    suite.land("plan", "people", person("uk"))
    suite.night()
    assert suite.values("select inactive_seen_at from billing.resources") == [(None,)]
