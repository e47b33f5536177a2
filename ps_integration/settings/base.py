"""What every part of a firm file is made of."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ps_integration.domain.currencies import MINOR_UNITS


def _known_currency(code: str) -> str:
    if code not in MINOR_UNITS:
        raise ValueError(f"{code!r} is not an ISO 4217 currency code")
    return code


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is not a time zone of the IANA database")
    return name


FAR_PAST = date(1900, 1, 1)
FAR_FUTURE = date(9999, 12, 31)
Currency = Annotated[str, AfterValidator(_known_currency)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")]
Reference = Annotated[str, Field(pattern=r"^env:[A-Za-z_][A-Za-z0-9_]*$")]
"""Where a secret is: the name of a variable of the environment, never the secret."""
Amounts = dict[Currency, str]
"""Major units as decimal text, by currency."""


class Strict(BaseModel):
    """Unknown keys are mistakes, values do not change, and errors do not tell values."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def is_amount(text: str) -> bool:
    """Whether a text is a finite decimal amount of at least 0."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return False
    return amount.is_finite() and amount >= 0
