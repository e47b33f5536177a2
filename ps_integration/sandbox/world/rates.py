"""Rate cards: the price of an hour by grade, in each card's currency, from each date on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ps_integration.sandbox.world.people import OFFSHORE

START = date(2026, 1, 1)
ROLES = ("ANALYST", "CONSULTANT", "SENIOR", "MANAGER", "PRINCIPAL")
_US = "118.35 152.75 187.25 241.50 312.80"
_UK = "74.15 96.45 124.95 162.60 209.20"
_IN = "2150.75 2890.50 3640.25 4980.90 6925.35"
_OFFSHORE = {"USD": "46.85", "GBP": "36.55", "INR": "2075.40"}
_STEPS = ("1", "1.25", "1.6", "2.1", "2.75")


@dataclass(frozen=True, slots=True)
class Card:
    """One rate card: its currency and its prices by grade from each effective date."""

    name: str
    currency: str
    versions: Mapping[date, Mapping[str, Decimal]]


def _prices(onshore: str, currency: str) -> dict[str, Decimal]:
    found = dict(zip(ROLES, map(Decimal, onshore.split()), strict=True))
    base = Decimal(_OFFSHORE[currency])
    for role, step in zip(ROLES, _STEPS, strict=True):
        found[role + OFFSHORE] = (base * Decimal(step)).quantize(Decimal("0.01"))
    return found


def _raised(prices: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {role: price + 5 for role, price in prices.items()}


def _cards() -> tuple[Card, ...]:
    us, uk, india = _prices(_US, "USD"), _prices(_UK, "GBP"), _prices(_IN, "INR")
    return (
        Card("US", "USD", {START: us}),
        Card("UK", "GBP", {START: uk}),
        Card("IN", "INR", {START: india}),
        Card("EUR", "GBP", {START: uk}),
        Card("US-105", "USD", {START: {"CONSULTANT": Decimal("250.00")}}),
        Card("UK-205", "GBP", {START: uk, date(2026, 3, 11): _raised(uk)}),
    )


CARDS: Mapping[str, Card] = {card.name: card for card in _cards()}
