"""Amounts of money: decimals with a currency, minor units, rounding and exact splits."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Final, Literal

from ps_integration.domain.currencies import MINOR_UNITS

RoundingMode = Literal["half_up", "half_even"]
_MODES: Final = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN}


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An exact amount in one currency, counted in that currency's minor units (cents, yen).

    Source of minor units: ISO 4217 (`currencies.MINOR_UNITS`).
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"Money.minor must be int, got {type(self.minor).__name__}")
        if self.currency not in MINOR_UNITS:
            raise ValueError(f"unknown currency {self.currency!r}")

    @property
    def amount(self) -> Decimal:
        """The amount in major units, e.g. `Decimal("12.50")`."""
        return Decimal(self.minor).scaleb(-MINOR_UNITS[self.currency])

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.minor + other.minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __str__(self) -> str:
        return f"{self.amount:,.{MINOR_UNITS[self.currency]}f} {self.currency}"


def known_amount(minor: int, currency: str) -> Decimal | None:
    """An amount of a stored row in major units; None where its currency is none that is known."""
    return Money(minor, currency).amount if currency in MINOR_UNITS else None


def money_text(minor: int, currency: str) -> str:
    """An amount of a stored row as people read it, whatever its currency says."""
    if currency in MINOR_UNITS:
        return str(Money(minor, currency))
    return f"{minor} minor units of {currency}"


def exact_minor(amount: Decimal, currency: str) -> int:
    """Turn an amount that must already fit the currency's minor units into a count of them.

    Raises:
        ValueError: The currency is unknown, the amount is not finite, or it has more decimals
            than the currency has minor units.
    """
    if currency not in MINOR_UNITS:
        raise ValueError(f"unknown currency {currency!r}")
    if not amount.is_finite():
        raise ValueError(f"amount {amount} is not a finite number")
    scaled = amount.scaleb(MINOR_UNITS[currency])
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} has more decimals than {currency} has minor units")
    return int(scaled)


def line_minor(
    quantity: Decimal, unit_price: Decimal, currency: str, mode: RoundingMode = "half_up"
) -> int:
    """Price one line: quantity times unit price, rounded once to the currency's minor unit."""
    with localcontext() as context:
        context.prec = 60
        scaled = (quantity * unit_price).scaleb(MINOR_UNITS[currency])
        return int(scaled.quantize(Decimal(1), _MODES[mode]))


def hours(seconds: int, decimals: int) -> Decimal:
    """Hours at an ERP's quantity scale, rounded half up away from zero."""
    scale = 10**decimals
    sign = -1 if seconds < 0 else 1
    return Decimal(sign * ((2 * abs(seconds) * scale + 3600) // 7200)).scaleb(-decimals)


def allocate(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split a total by weights so that the parts add back to it (largest remainder).

    Ties go to the earlier weight, so a caller that sorts by a stable id gets a stable split.

    Raises:
        ValueError: All weights are zero, or one is negative.
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("weights must not be negative")
    whole = sum(weights)
    if whole == 0:
        raise ValueError("at least one weight must be positive")
    sign = -1 if total < 0 else 1
    exact = [Fraction(abs(total) * weight, whole) for weight in weights]
    shares = [int(share) for share in exact]
    rest = abs(total) - sum(shares)
    by_remainder = sorted(range(len(weights)), key=lambda i: (shares[i] - exact[i], i))
    for index in by_remainder[:rest]:
        shares[index] += 1
    return tuple(sign * share for share in shares)
