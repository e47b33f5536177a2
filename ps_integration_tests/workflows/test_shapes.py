"""What a stream's records have ever looked like, so that a rule can see a change by SQL alone."""

from decimal import Decimal

from ps_integration.workflows.shapes import PATHS_MAX, Shapes
from ps_integration_tests.workflows.conftest import make_entry

MISSING = """
    select sh.path
    from raw.shapes as sh
    inner join raw.shape_runs as ru
        on sh.system = ru.system and sh.stream = ru.stream and ru.run_id = $run_id
    where ru.records >= 20 and sh.run_id <> ru.run_id
    group by sh.path, sh.system, sh.stream
    having sum(sh.records_seen) > 0.99 * (
        select sum(pr.records) from raw.shape_runs as pr where pr.run_id <> $run_id
    )
"""


def test_paths_are_normalised_and_ids_are_no_paths():
    shapes = Shapes()
    shapes.look({"results": {"123": {"tags": [{"n": 1}, {"n": Decimal("1.5")}]}, "456": {}}})
    assert set(shapes.seen) == {
        ("results", "object"),
        ("results.*", "object"),
        ("results.*.tags", "array"),
        ("results.*.tags[]", "object"),
        ("results.*.tags[].n", "number"),
    }


def test_a_hostile_record_cannot_flood_the_known_paths():
    shapes = Shapes()
    shapes.look({f"k{'x' * (n % 50)}{chr(97 + n % 26)}{n}q": 1 for n in range(9_000)})
    assert len(shapes.seen) <= PATHS_MAX


def test_a_new_field_is_first_seen_after_the_streams_first_read(suite):
    suite.land("clock", "time", make_entry())
    suite.night()
    suite.land("clock", "time", make_entry("e2", extra=[{"a": 1}]))
    suite.night()
    found = suite.values(
        "select path, json_type from raw.shapes where first_seen_at > "
        "(select min(seen_at) from raw.shape_runs) order by all"
    )
    assert found == [("extra", "array"), ("extra[]", "object"), ("extra[].a", "number")]


def test_a_field_that_vanished_from_all_records_of_a_night_can_be_told(suite):
    suite.land("clock", "time", *[make_entry(f"a{n}") for n in range(30)])
    suite.night()
    less = [make_entry(f"b{n}") for n in range(20)]
    for payload in less:
        del payload["approved_at"]
    suite.land("clock", "time", *less)
    suite.night()
    assert suite.values(MISSING, run_id="run2") == [("approved_at",)]


def test_a_retyped_field_has_two_types(suite):
    suite.land("clock", "time", make_entry())
    suite.night()
    suite.land("clock", "time", make_entry("e2", seconds="3600"))
    suite.night()
    types = "select json_type from raw.shapes where path = 'seconds' order by first_seen_at"
    assert suite.values(types) == [("number",), ("string",)]


def test_conforming_anew_after_a_mapping_change_counts_no_record_twice(suite):
    suite.land("clock", "time", make_entry())
    suite.night()
    suite.warehouse.execute("update canonical.conformed set mapping_hash = 'old'")
    suite.night()
    assert suite.result.row_count == 1
    assert suite.values("select records_seen from raw.shapes where path = 'seconds'") == [(1,)]


def test_a_value_typed_by_its_class_is_one_value_whatever_it_is_made_of():
    shapes = Shapes()
    shapes.look({"changed": {"__class__": "date", "year": 2026, "month": 3, "day": 1}})
    assert set(shapes.seen) == {("changed", "date")}
