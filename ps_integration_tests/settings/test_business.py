"""What an hour costs: of a legal entity that there is, and an amount of its currency."""

import pytest

from ps_integration.settings.business import Business, check_business

CURRENCIES = {"UK": "GBP", "JP": "JPY"}


@pytest.mark.parametrize(("entity", "text"), [("UK", "52.00"), ("UK", "0"), ("JP", "6400")])
def test_a_cost_of_an_entity_in_its_currency_is_taken(entity, text):
    assert not list(check_business(Business(cost_per_hour={entity: text}), CURRENCIES))


@pytest.mark.parametrize(
    ("entity", "text"),
    [("FR", "52"), ("UK", "-1"), ("UK", "52.005"), ("JP", "1.5"), ("UK", "NaN"), ("UK", "much")],
)
def test_any_other_is_refused_at_its_key(entity, text):
    [(key, said)] = check_business(Business(cost_per_hour={entity: text}), CURRENCIES)
    assert key == ("business", "cost_per_hour", entity)
    assert entity in said or text in said
