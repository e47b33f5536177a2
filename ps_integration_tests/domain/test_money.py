from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.domain.money import (
    Money,
    allocate,
    exact_minor,
    hours,
    known_amount,
    line_minor,
    money_text,
)


def test_an_amount_of_a_stored_row_is_shown_whatever_its_currency_says():
    assert (money_text(1250, "GBP"), known_amount(1250, "GBP")) == ("12.50 GBP", Decimal("12.50"))
    assert (money_text(1250, "GBP~"), known_amount(1250, "GBP~")) == (
        "1250 minor units of GBP~",
        None,
    )


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=40))
def test_a_split_adds_back_to_its_total_and_no_share_is_off_by_a_whole_unit(total, weights):
    if sum(weights) == 0:
        with pytest.raises(ValueError, match="positive"):
            allocate(total, weights)
        return
    shares = allocate(total, weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - Fraction(total * weight, sum(weights))) < 1
        assert weight or not share
    assert allocate(-total, weights) == tuple(-share for share in shares)


@pytest.mark.parametrize(
    ("quantity", "price", "currency", "mode", "minor"),
    [
        ("1", "2.675", "USD", "half_up", 268),
        ("1", "2.665", "USD", "half_even", 266),
        ("1", "-2.675", "USD", "half_up", -268),
        ("0.5", "101", "JPY", "half_up", 51),
        ("1", "1.2345", "KWD", "half_up", 1235),
    ],
)
def test_a_line_is_rounded_once_by_the_entitys_rule(quantity, price, currency, mode, minor):
    assert line_minor(Decimal(quantity), Decimal(price), currency, mode) == minor


@given(st.integers(-864_000, 864_000), st.integers(0, 5))
def test_hours_are_the_nearest_value_of_the_erps_scale(seconds, decimals):
    exact = Fraction(seconds, 3600)
    assert abs(Fraction(hours(seconds, decimals)) - exact) <= Fraction(1, 2 * 10**decimals)
    assert hours(-seconds, decimals) == -hours(seconds, decimals)


def test_an_amount_with_more_decimals_than_its_currency_is_refused():
    assert exact_minor(Decimal("100.50"), "USD") == 10050
    for amount, currency in (("100.5", "JPY"), ("1.005", "USD"), ("NaN", "USD"), ("1", "XXX")):
        with pytest.raises(ValueError, match=r"decimals|finite|currency"):
            exact_minor(Decimal(amount), currency)


def test_money_of_two_currencies_does_not_add_up():
    with pytest.raises(ValueError, match="EUR"):
        Money(1, "USD") + Money(1, "EUR")
    with pytest.raises(TypeError):
        Money(True, "USD")
    assert str(Money(123456, "USD")) == "1,234.56 USD"


def test_minor_units_follow_iso_4217_where_display_libraries_do_not():
    assert (MINOR_UNITS["IQD"], MINOR_UNITS["JPY"], MINOR_UNITS["LAK"]) == (3, 0, 2)
    assert "HRK" not in MINOR_UNITS
    assert "XAU" not in MINOR_UNITS
