from datetime import date
from decimal import Decimal

import pytest

from ps_integration.billing.rate import rate
from ps_integration_tests.billing.world import World

MARCH = {"valid_from": date(2026, 3, 1), "valid_to": date(2026, 4, 1)}
SCOPES = ("assignment", "project_role", "project", "role", "resource")


def test_first_scope_of_the_precedence_wins(world: World):
    for scope in SCOPES[2:]:
        world.rate(scope, scope, role="Lead" if "role" in scope else None)
    world.entry("1", role="lead ")
    rate(world.warehouse)
    assert world.rated()["rate_scope"] == "project"


@pytest.mark.parametrize("scope", SCOPES)
def test_every_scope_can_price_an_entry(world: World, scope: str):
    world.rate("r", scope, "120", role="Lead" if "role" in scope else None)
    world.entry("1", 1800, role="Lead")
    rate(world.warehouse)
    row = world.rated()
    assert (row["rate_scope"], row["amount_minor"]) == (scope, 6000)


def test_a_configured_precedence_turns_the_order_round(world: World):
    world.warehouse.execute("update config.rate_precedence set rank = 6 - rank")
    world.rate("by_project", "project")
    world.rate("by_person", "resource", "90")
    world.entry("1")
    rate(world.warehouse)
    assert world.rated()["rate_id"] == "by_person"


def test_the_rate_valid_on_the_work_date_is_taken(world: World):
    world.rate("old", price="100", valid_to=date(2026, 3, 15))
    world.rate("new", price="110", valid_from=date(2026, 3, 15))
    world.entry("1", work_date=date(2026, 3, 14))
    world.entry("2", work_date=date(2026, 3, 15))
    rate(world.warehouse)
    assert [world.rated(f"tt:{n}")["rate_id"] for n in "12"] == ["old", "new"]


def test_two_rates_of_the_winning_scope_are_an_overlap_and_no_price(world: World):
    world.rate("a")
    world.rate("b")
    world.entry("1")
    rate(world.warehouse)
    row = world.rated()
    assert (row["problem"], row["rate_candidates"], row["unit_price"]) == ("rate_overlap", 2, None)
    assert "a and b" in row["derivation"]


def test_a_price_list_that_only_says_from_when_is_no_overlap(world: World):
    world.rate("first", price="100", valid_from=date(2026, 1, 1))
    world.rate("second", price="110", valid_from=date(2026, 3, 3))
    world.rate("offer", price="90", valid_from=date(2026, 3, 10), valid_to=date(2026, 3, 15))
    for day in (2, 3, 9, 10, 14, 15):
        world.entry(str(day), work_date=date(2026, 3, day))
    rate(world.warehouse)
    named = [world.rated(f"tt:{day}")["rate_id"] for day in (2, 3, 9, 10, 14, 15)]
    assert named == ["first", "second", "second", "offer", "offer", "second"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"task_external_id": "psa-design", "valid_from": date(2026, 3, 1)}),
        ({"valid_to": date(2026, 12, 1)}, MARCH),
        ({"valid_from": date(2026, 3, 1)}, MARCH),
    ],
    ids=["two cards", "two ends", "one start"],
)
def test_what_a_price_list_leaves_open_is_an_overlap(world: World, one, other):
    world.crosswalk("task", "design", "tt", "psa")
    world.rate("one", **one)
    world.rate("other", **other)
    world.entry("1", task_id="design", task_external_id="tt-design")
    rate(world.warehouse)
    assert world.rated()["problem"] == "rate_overlap"


def test_an_overlap_further_down_the_precedence_does_not_matter(world: World):
    world.rate("winner", "project")
    world.rate("x", "resource")
    world.rate("y", "resource")
    world.entry("1")
    rate(world.warehouse)
    assert world.rated()["problem"] is None


def test_no_rate_is_not_a_zero_price(world: World):
    world.entry("1")
    rate(world.warehouse)
    row = world.rated()
    assert (row["problem"], row["amount_minor"]) == ("rate_missing", None)


def test_a_zero_rate_is_a_price(world: World):
    world.rate("free", price="0")
    world.entry("1")
    rate(world.warehouse)
    assert (world.rated()["problem"], world.rated()["amount_minor"]) == (None, 0)


def test_rates_of_another_system_than_the_pricing_source_are_ignored(world: World):
    world.rate("other", system="tt", project_external_id="tt-p1")
    world.entry("1")
    rate(world.warehouse)
    assert world.rated()["problem"] == "rate_missing"


def test_role_falls_back_to_the_assignment_and_then_the_person(world: World):
    world.resource("bob", role="Junior")
    ids = {"project_external_id": "psa-p1", "resource_external_id": "psa-ann"}
    world.put("canonical.assignments", system="psa", external_id="a1", role="Lead", **ids)
    world.rate("lead", "role", "200", role="Lead")
    world.rate("junior", "role", "80", role="junior")
    world.entry("1")
    world.entry("2", resource_id="bob")
    world.entry("3", role="Junior")
    rate(world.warehouse)
    assert [world.rated(f"tt:{n}")["rate_id"] for n in "123"] == ["lead", "junior", "junior"]


def test_a_rate_for_one_task_prices_only_that_task(world: World):
    world.crosswalk("task", "design", "tt", "psa")
    world.rate("design", task_external_id="psa-design")
    world.entry("1", task_id="design", task_external_id="tt-design")
    world.entry("2")
    rate(world.warehouse)
    assert world.rated("tt:1")["rate_id"] == "design"
    assert world.rated("tt:2")["problem"] == "rate_missing"


def test_without_a_pricing_source_the_entrys_own_rate_counts(world: World):
    world.warehouse.execute("update config.rule_settings set value = '' where setting = 'source'")
    world.rate("ignored")
    world.entry("1", unit_price=Decimal("75.5"))
    rate(world.warehouse)
    row = world.rated()
    assert (row["rate_scope"], row["unit_price"]) == ("entry", Decimal("75.5"))
    assert "given with the entry" in row["derivation"]


def test_cross_currency_price_is_rate_times_fx_at_five_decimals(world: World):
    world.rate("usd", price="133.33", currency="USD")
    world.fx("USDGBP", "0.791234567891", date(2026, 3, 1))
    world.fx("USDGBP", "0.9", date(2026, 3, 6))
    world.entry("1", 2700)
    rate(world.warehouse)
    row = world.rated()
    assert row["unit_price"] == Decimal("105.49530")
    assert row["amount_minor"] == 7912
    assert row["fx_valid_on"] == date(2026, 3, 1)


def test_a_rate_quoted_the_other_way_round_is_inverted(world: World):
    world.rate("usd", price="100", currency="USD")
    world.fx("GBPUSD", "1.25")
    world.entry("1")
    rate(world.warehouse)
    assert world.rated()["unit_price"] == Decimal(80)


def test_two_foreign_currencies_meet_over_the_companys_own(world: World):
    world.project("pe", currency="EUR")
    world.rate("usd", price="100", currency="USD", project_external_id="psa-pe")
    world.fx("USDGBP", "0.8")
    world.fx("EURGBP", "0.5", date(2026, 3, 2))
    world.entry("1", project_id="pe")
    rate(world.warehouse)
    row = world.rated()
    assert (row["unit_price"], row["fx_valid_on"]) == (Decimal(160), date(2026, 3, 2))


@pytest.mark.parametrize(
    ("on", "problem"),
    [(date(2026, 2, 26), None), (date(2026, 2, 25), "fx_stale"), (date(2026, 3, 6), "fx_missing")],
)
def test_fx_must_be_known_by_then_and_not_too_old(world: World, on: date, problem: str | None):
    world.rate("usd", currency="USD")
    world.fx("USDGBP", "0.8", on)
    world.entry("1")
    rate(world.warehouse)
    assert world.rated()["problem"] == problem


def test_fx_of_another_company_does_not_count(world: World):
    world.rate("usd", currency="USD")
    world.fx("USDGBP", "0.8")
    world.warehouse.execute("update canonical.fx_rates set company = 'OTHER'")
    world.entry("1")
    rate(world.warehouse)
    assert world.rated()["problem"] == "fx_missing"


@pytest.mark.parametrize(("mode", "minor"), [("half_up", 13), ("half_even", 12)])
def test_amount_is_rounded_once_by_the_entitys_mode(world: World, mode: str, minor: int):
    world.warehouse.execute("update config.legal_entities set rounding = $m", {"m": mode})
    world.rate("r", price="0.25")
    world.entry("1", 1800)
    rate(world.warehouse)
    assert world.rated()["amount_minor"] == minor


@pytest.mark.parametrize(("decimals", "quantity"), [(5, "0.33333"), (2, "0.33"), (0, "0")])
def test_quantity_has_the_erps_scale(world: World, decimals: int, quantity: str):
    world.warehouse.execute("update config.systems set quantity_decimals = $d", {"d": decimals})
    world.rate("r")
    world.entry("1", 1200)
    rate(world.warehouse)
    assert world.rated()["quantity"] == Decimal(quantity)


def test_time_settled_elsewhere_asks_for_no_rate(world: World):
    world.entry("1", work_date=date(2026, 1, 20))
    rate(world.warehouse)
    assert world.warehouse.rows("select * from billing.rated_entries") == []


def test_a_currency_without_minor_units_is_priced_in_whole_units(world: World):
    world.project("pj", currency="JPY")
    world.rate("yen", price="15000", currency="JPY", project_external_id="psa-pj")
    world.entry("1", 1201, project_id="pj")
    rate(world.warehouse)
    assert world.rated()["amount_minor"] == 5004


def test_the_derivation_names_rate_scope_precedence_dates_and_fx(world: World):
    world.rate("usd", currency="USD", valid_to=date(2026, 4, 1))
    world.fx("USDGBP", "0.8")
    world.entry("1")
    rate(world.warehouse)
    assert world.rated()["derivation"] == (
        "Rate usd of psa, scope project (precedence 3), valid from 2026-01-01 to before 2026-04-01,"
        " on work date 2026-03-05: 100 USD per hour times FX 0.8 of 2026-03-05 (USDGBP-2026-03-05),"
        " rounded half up to 5 decimals: 80 GBP."
    )
