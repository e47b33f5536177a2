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
from ps_integration.stores.operational.models import Decision
from ps_integration_tests.billing.history import History
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
    left, result = cap, {}
    for time in sorted(times, key=lambda t: (t.day, f"tt:{t.number}")):
        key, whole = f"tt:{time.number}", price(time.seconds, rate, decimals, mode)
        if whole == 0:  # worth nothing: never cut, and never sent
            result[key, 1] = ("non_billable", time.seconds, 0)
            continue
        if whole <= left:
            left -= whole
            result[key, 1] = ("queued", time.seconds, whole)
            continue
        fit, room = (time.seconds * left // whole, left) if left else (0, 0)
        left = 0
        if room:
            result[key, 1] = ("queued", fit, room)
        result[key, 2 if room else 1] = ("deferred", time.seconds - fit, whole - room)
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


@pytest.fixture
def billed(history: History) -> History:
    """Ten hours less 2.25 at 120.50, 933.88 in two lines of one posted invoice."""
    history.rerate("p1", "120.5")
    history.set_entry("1", seconds=27_000, work_date=date(2026, 3, 2))
    history.set_entry("2", seconds=900, work_date=date(2026, 3, 3))
    history.run_night()
    history.post_all()
    assert total(history) == 93_388
    return history


def total(history: History) -> int:
    return sum(history.net().values())


def money(world: World, number: str) -> list[tuple[str, int, int]]:
    """Disposition, seconds and amount of every part of an entry."""
    return [(p["disposition"], p["seconds"], p["amount_minor"]) for p in world.parts(number)]


@pytest.mark.parametrize("policy", ["reverse_and_rebill", "delta", "ask"])
def test_growth_of_what_is_posted_gets_the_room_that_is_left(billed: History, policy: str):
    billed.set_policy(corrections_policy=policy)
    billed.set_cap("p1", 100_000)
    billed.set_entry("1", seconds=36_000)
    billed.run_night()
    [owed] = billed.owed()
    assert owed["owed_minor"] == 6_612
    if policy == "ask":
        assert (owed["state"], billed.refs("planned")) == ("policy_asks", [])
        return
    billed.post_all()
    billed.settle()
    assert (total(billed), billed.owed()) == (100_000, [])
    assert money(billed, "tt:1") == [("posted", 28_975, 96_987), ("deferred", 7_025, 23_513)]
    assert billed.parts("tt:1")[1]["reason"] == "cap_used_up"
    billed.set_cap("p1", 110_000)  # a part of what waits becomes a line of its own
    billed.quiesce(2)
    assert total(billed) == 110_000
    billed.set_cap("p1", None)
    billed.quiesce(2)
    assert billed.net() == billed.truth.net()


def test_a_late_rate_is_billed_as_far_as_the_cap_goes(history: History):
    history.set_entry("1", seconds=28_800)
    history.run_night()
    history.post_all()
    history.set_cap("p1", 100_000)
    history.rerate("p1", "150")
    history.quiesce(2)
    assert total(history) == 100_000
    assert money(history, "tt:1") == [("posted", 24_000, 100_000), ("deferred", 4_800, 20_000)]
    history.set_cap("p1", 90_000)  # lowered: nothing is taken back
    history.run_night(with_rules=True)
    assert (history.owed(), history.refs("planned")) == ([], [])
    [found] = history.warehouse.rows("from reconciliation.found where rule = 'TM15'")
    assert "100.00 GBP more than that is billed, and nothing of it is taken back" in found["detail"]
    assert found["at_risk_minor"] == 20_000


def test_a_cut_is_exact_and_says_its_hours_in_words(world: World):
    world.rate("r1", price="130")
    world.entry("1", 28_800, cap_minor=100_000)
    world.night()
    [batch] = world.plan()
    [line] = batch.documents[0].lines
    assert (line.quantity, line.unit_price, line.amount_minor) == (1, Decimal(1000), 100_000)
    assert (line.seconds, "7.69 h" in line.description) == (27_692, True)
    assert world.broken() == ([], [], [])


def test_a_credit_frees_room_once_it_is_read_back(billed: History):
    billed.set_cap("p1", 93_388)
    billed.delete("1")
    billed.set_entry("4", seconds=36_000, work_date=date(2026, 3, 9))
    billed.run_night()
    assert money(billed, "tt:4") == [("deferred", 36_000, 120_500)]
    billed.approve_all()
    billed.run_night()  # in flight is not read back
    assert money(billed, "tt:4") == [("deferred", 36_000, 120_500)]
    billed.post_all()
    billed.run_night()
    assert [part[2] for part in money(billed, "tt:4")] == [90_375, 30_125]


@pytest.mark.parametrize(("policy", "room"), [("hold", 6_612), ("leave", 100_000)])
def test_a_voided_document_keeps_its_room_while_policy_holds_it(billed, policy: str, room: int):
    billed.set_cap("p1", 100_000)
    billed.set_policy(voided_policy=policy)
    billed.void(billed.refs("posted")[0])
    billed.set_entry("4", seconds=36_000)
    billed.run_night()
    assert [part[2] for part in money(billed, "tt:4")] == [room, 120_500 - room]


def write_off(history: History, part: int, amount_minor: int) -> None:
    """Two persons have written off a part of entry 1."""
    with history.store.session() as session:
        session.add(Decision(
            kind="write_off", entry_id="tt:1", part=part, amount_minor=amount_minor,
            currency="GBP", reason="agreed", decided_by="Bo", seconded_by="Ana",
            decided_at=history.tonight.as_of,
        ))  # fmt: skip


def test_what_two_persons_wrote_off_stays_that_amount_when_all_is_billed_anew(history: History):
    history.set_cap("p1", 6_000)
    history.set_entry("1")
    history.run_night()
    history.post_all()
    write_off(history, part=2, amount_minor=4_000)
    for change in (history.withdraw, history.restore):
        change("1")
        history.run_night()
        history.post_all()
    history.run_night()
    assert total(history) == 6_000
    assert history.refs("planned") == []
    assert sorted(part[::2] for part in money(history, "tt:1")) == [
        ("posted", 6_000), ("written_off", 4_000),
    ]  # fmt: skip


def test_a_write_off_takes_no_more_than_it_was_about(history: History):
    history.set_entry("1", seconds=3 * 3_600)
    history.run_night()
    write_off(history, part=1, amount_minor=30_000)
    history.set_entry("1", seconds=20 * 3_600)
    for _ in range(2):
        history.run_night()
        history.post_all()
    history.run_night()
    assert total(history) == 170_000
    assert money(history, "tt:1") == [
        ("written_off", 3 * 3_600, 30_000), ("posted", 17 * 3_600, 170_000),
    ]  # fmt: skip


def test_growth_above_the_cap_can_be_written_off(billed: History):
    billed.set_cap("p1", 93_388)
    billed.set_entry("1", seconds=36_000)
    billed.run_night(with_rules=True)
    assert billed.warehouse.rows("from reconciliation.found where rule = 'TM15'")
    write_off(billed, part=2, amount_minor=30_125)
    billed.set_cap("p1", 200_000)
    billed.run_night(with_rules=True)
    assert money(billed, "tt:1") == [("posted", 27_000, 90_375), ("written_off", 9_000, 30_125)]
    assert (billed.owed(), billed.refs("planned")) == ([], [])
    assert not billed.warehouse.rows("from reconciliation.found where rule = 'TM15'")


def test_work_moved_to_where_no_room_is_left_is_credited_as_moved_and_waits(billed: History):
    billed.set_cap("p2", 0)
    billed.move("1", project_id="p2")
    billed.run_night()
    [owed] = billed.owed()
    assert (owed["owed_minor"], owed["reason"]) == (-90_375, "moved")
    billed.post_all()
    billed.run_night()
    assert money(billed, "tt:1") == [("deferred", 27_000, 60_375)]


def test_growth_that_is_held_claims_nothing(billed: History):
    billed.set_cap("p1", 100_000)
    billed.set_entry("1", seconds=36_000)
    billed.set_entry("4", seconds=36_000, work_date=date(2026, 3, 9))
    billed.run_night()
    assert money(billed, "tt:4") == [("deferred", 36_000, 120_500)]
    billed.set_policy(corrections_policy="ask")
    billed.balance()
    assert [part[2] for part in money(billed, "tt:4")] == [6_612, 113_888]
    assert money(billed, "tt:1") == [("posted", 27_000, 90_375), ("deferred", 9_000, 30_125)]


def test_a_cap_in_another_currency_bills_nothing_more(billed: History):
    billed.warehouse.execute(
        "update billing.projects set other_cap_minor = 100000, other_cap_currency = 'JPY'"
    )
    billed.set_entry("1", seconds=36_000)
    billed.set_entry("4")
    billed.run_night(with_rules=True)
    [found] = billed.warehouse.rows(
        "from reconciliation.found where rule = 'TM15' and project_id = 'p1'"
    )
    assert "a cap of 100000 JPY and is billed in GBP" in found["detail"]
    assert billed.fate("tt:4") == ("excepted", "cap_currency_differs")
    assert (billed.owed(), billed.refs("planned")) == ([], [])
