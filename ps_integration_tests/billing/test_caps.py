"""Caps against a walk entry by entry, as a person with a calculator would do it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ps_integration.domain.money import RoundingMode, hours, line_minor
from ps_integration_tests.billing.world import World


@dataclass(frozen=True)
class Time:
    number: str
    day: int
    seconds: int


@pytest.fixture(scope="module")
def shared() -> Iterator[World]:
    world = World(Path(":memory:"))
    world.rate("r1")
    yield world
    world.warehouse.close()


def price(seconds: int, rate: str, decimals: int, mode: RoundingMode) -> int:
    return line_minor(hours(seconds, decimals), Decimal(rate), "GBP", mode)


def walk(times, cap, rate, decimals, mode):
    """(entry, part) -> (disposition, seconds, minor), by one honest loop."""
    left, is_closed, result = cap, False, {}
    for time in sorted(times, key=lambda t: (t.day, f"tt:{t.number}")):
        key, whole = f"tt:{time.number}", price(time.seconds, rate, decimals, mode)
        if not is_closed and whole <= left:
            left -= whole
            result[key, 1] = ("queued", time.seconds, whole)
            continue
        fit = 0
        if not is_closed:
            low, high = 0, time.seconds
            while low < high:
                middle = (low + high + 1) // 2
                if price(middle, rate, decimals, mode) <= left:
                    low = middle
                else:
                    high = middle - 1
            fit = low
        is_closed = True
        fitting = price(fit, rate, decimals, mode)
        if fit:
            result[key, 1] = ("queued", fit, fitting)
        result[key, 2 if fit else 1] = ("deferred", time.seconds - fit, whole - fitting)
    return result


@settings(max_examples=25)
@given(
    times=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 36_000)), min_size=1, max_size=6),
    cap=st.integers(0, 400_000),
    rate=st.sampled_from(["0.01", "33.33", "100", "187.12345"]),
    decimals=st.sampled_from([0, 2, 5]),
    mode=st.sampled_from(["half_up", "half_even"]),
)
def test_caps_are_used_as_by_a_walk_entry_by_entry(shared, times, cap, rate, decimals, mode):
    entries = [Time(str(n), day, seconds) for n, (day, seconds) in enumerate(times, start=1)]
    warehouse = shared.warehouse
    for table in ("billing.entries", "canonical.entry_versions", "canonical.time_entries",
                  "raw.records"):  # fmt: skip
        warehouse.execute(f"delete from {table}")
    warehouse.execute("update config.legal_entities set rounding = $m", {"m": mode})
    warehouse.execute("update config.systems set quantity_decimals = $d", {"d": decimals})
    warehouse.execute("update canonical.rates set unit_price = $p", {"p": Decimal(rate)})
    for time in entries:
        shared.entry(time.number, time.seconds, work_date=date(2026, 3, time.day), cap_minor=cap)
    shared.night()
    rows = warehouse.rows("select * from billing.dispositions")
    found = {
        (row["entry_id"], row["part"]): (row["disposition"], row["seconds"], row["amount_minor"])
        for row in rows
    }
    assert found == walk(entries, cap, rate, decimals, mode)
    assert shared.broken() == ([], [], [])


def test_what_documents_used_of_a_cap_is_not_given_again(world: World):
    world.rate("r1")
    world.entry("1", cap_minor=15000, work_date=date(2026, 3, 9))
    world.entry("2", cap_minor=15000)
    world.document("PS-P1-202603-1", "posted", ("tt:1", 3600, "100"))
    world.night()
    assert world.fate("tt:1")[0] == "posted"
    [fits, over] = world.parts("tt:2")
    assert (fits["disposition"], fits["seconds"]) == ("queued", 1800)
    assert (over["disposition"], over["reason"]) == ("deferred", "cap_used_up")
    assert "150.00 GBP, is used up: 100.00 GBP" in over["evidence"]


def test_the_rest_of_a_cut_entry_becomes_its_next_part_once_the_cap_is_raised(world: World):
    world.rate("r1")
    world.entry("1", 3600, cap_minor=20000)
    world.document("PS-P1-202603-1", "posted", ("tt:1", 1801, "100"))
    world.night()
    first, second = world.parts()
    assert (first["disposition"], first["part"], first["seconds"]) == ("posted", 1, 1801)
    assert (second["reason"], second["part"], second["seconds"]) == ("to_be_planned", 2, 1799)
    assert world.broken() == ([], [], [])
    [batch] = world.plan()
    assert batch.documents[0].lines[0].line_key == "bc|tt|time_entry|1|2|0"


def test_the_part_above_a_cap_can_be_written_off(world: World):
    world.rate("r1")
    world.entry("1", 3600, cap_minor=5000)
    world.put("ops.decisions", kind="write_off", entry_id="tt:1", part=2, reason="over budget",
              decided_by="Bo", seconded_by="Ana")  # fmt: skip
    world.night()
    assert [part["disposition"] for part in world.parts()] == ["queued", "written_off"]


def test_held_time_takes_nothing_from_a_cap(world: World):
    world.rate("r1")
    world.entry("1", 3600, cap_minor=10000)
    world.entry("2", 3600, cap_minor=10000, work_date=date(2026, 3, 9))
    world.put("ops.open_breaks", break_id="b", rule="TM11", state="open", blocked_kind="entry",
              blocked_id="tt:1")  # fmt: skip
    world.night()
    assert world.fate("tt:2") == ("queued", "to_be_planned")
