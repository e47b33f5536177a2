"""What the figures of the business rest on that no system says."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from pydantic import Field

from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.settings.base import Identifier, Strict, is_amount
from ps_integration.settings.yaml_source import KeyPath


class Business(Strict):
    """Settings of utilisation and margin."""

    day_hours: int = Field(default=8, ge=1, le=24, description="hours of a full working day")
    months: int = Field(default=6, ge=1, le=60, description="months shown, the current one too")
    cost_per_hour: dict[Identifier, str] = Field(
        default_factory=dict,
        description="what an hour of a legal entity's people costs, in its own currency",
    )


def check_business(
    business: Business, currencies: Mapping[str, str]
) -> Iterator[tuple[KeyPath, str]]:
    """Yield what is wrong with the costs; `currencies` are the firm's, by legal entity."""
    for entity, text in business.cost_per_hour.items():
        at: KeyPath = ("business", "cost_per_hour", entity)
        if entity not in currencies:
            yield at, f"{entity!r} is no legal entity of this file"
        elif not _fits(text, MINOR_UNITS[currencies[entity]]):
            yield at, f"{text!r} is not an amount of {currencies[entity]} of at least 0"


def _fits(text: str, decimals: int) -> bool:
    if not is_amount(text):
        return False
    scaled = Decimal(text).scaleb(decimals)
    return scaled == scaled.to_integral_value()
