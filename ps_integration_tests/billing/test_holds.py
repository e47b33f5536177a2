"""What a break holds is not planned, whatever kind of thing it names; the rest is."""

from datetime import date

import pytest

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
