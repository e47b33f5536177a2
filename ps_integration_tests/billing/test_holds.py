"""What a break holds is not planned, whatever kind of thing it names; the rest is."""

from datetime import date

import pytest

from ps_integration_tests.billing.test_milestones import fate as milestone_fate
from ps_integration_tests.billing.test_milestones import milestone
from ps_integration_tests.billing.world import World

HOLDS = [
    ("entry", "tt:1"),
    ("project", "p1"),
    ("customer", "c1"),
    ("company", "bc:UKCO"),
    ("system", "tt"),
    ("system", "bc"),
    ("system", "psa"),
    ("system", "prices"),
]


@pytest.mark.parametrize(("kind", "blocked"), HOLDS)
def test_time_that_is_held_waits_and_the_rest_does_not(world: World, kind: str, blocked: str):
    world.warehouse.execute("update config.rule_settings set value = 'prices' where rule = 'RATES'")
    world.rate("r1", system="prices", project_external_id="prices-p1")
    world.crosswalk("project", "p1", "prices")
    world.entry("1")
    world.put("ops.open_breaks", break_id="b1", rule="ZZ01", record_key="k", state="open",
              blocked_kind=kind, blocked_id=blocked, opened_at=date(2026, 3, 6))  # fmt: skip
    world.night()
    assert world.fate("tt:1") == ("excepted", "break_zz01")
    world.warehouse.execute("update ops.open_breaks set blocked_id = blocked_id || '-other'")
    world.night()
    assert world.fate("tt:1") == ("queued", "to_be_planned")


@pytest.mark.parametrize(("kind", "blocked"), [
    ("milestone", "psa:m1"), *(one for one in HOLDS if one[1] not in ("tt:1", "tt", "prices")),
])  # fmt: skip
def test_a_milestone_that_is_held_waits(world: World, kind: str, blocked: str):
    milestone(world)
    world.put("ops.open_breaks", break_id="b1", rule="ZZ01", record_key="k", state="open",
              blocked_kind=kind, blocked_id=blocked, opened_at=date(2026, 3, 6))  # fmt: skip
    assert milestone_fate(world) == ("excepted", "break_zz01")
    world.warehouse.execute("update ops.open_breaks set blocked_id = blocked_id || '-other'")
    assert milestone_fate(world) == ("queued", "to_be_planned")


@pytest.mark.parametrize(("kind", "blocked"), [
    (kind, "prices" if blocked == "psa" else blocked) for kind, blocked in HOLDS
])  # fmt: skip
def test_a_correction_that_is_held_waits(world: World, kind: str, blocked: str):
    world.warehouse.execute("update config.rule_settings set value = 'prices' where rule = 'RATES'")
    world.rate("r1", system="prices", project_external_id="prices-p1", price="100")
    world.crosswalk("project", "p1", "prices")
    world.entry("1")
    world.document("PS-P1-202603-1", "posted", ("tt:1", 3600, "100"))
    world.new_version("tt:1", seconds=7200)
    world.put("ops.open_breaks", break_id="b1", rule="ZZ01", record_key="k", state="open",
              blocked_kind=kind, blocked_id=blocked, opened_at=date(2026, 3, 6))  # fmt: skip
    world.night()
    states = "select distinct state from billing.corrections_owed"
    assert world.warehouse.rows(states) == [{"state": "break_zz01"}]
