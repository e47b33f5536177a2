"""What contract columns are made of: exact Arrow types, and checks with a name finance can read.

A column's type is declared here and nowhere else: the model spells precision and scale, the Arrow
column is built with them, so a value that does not fit is refused before any check runs.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

import pandas as pd
import pandera.pandas as pa
from pandera import extensions
from pandera.api.checks import Check
from pyarrow import bool_, date32, decimal128, int32, int64, string, timestamp

from ps_integration.domain.currencies import MINOR_UNITS

Text = Annotated[pd.ArrowDtype, string()]
Flag = Annotated[pd.ArrowDtype, bool_()]
Count = Annotated[pd.ArrowDtype, int64()]
SmallCount = Annotated[pd.ArrowDtype, int32()]
Day = Annotated[pd.ArrowDtype, date32()]
Instant = Annotated[pd.ArrowDtype, timestamp("us", tz="UTC")]
Price = Annotated[pd.ArrowDtype, decimal128(18, 6)]
Quantity = Annotated[pd.ArrowDtype, decimal128(18, 5)]
ExchangeRate = Annotated[pd.ArrowDtype, decimal128(28, 12)]

FIRST_DAY: Final = date(2000, 1, 1)
FROM_ALWAYS: Final = date(1900, 1, 1)
"""Since when a price holds whose vendor names no first day."""
FIRST_HIRE: Final = date(1950, 1, 1)
MINOR_MAX: Final = 10**15
"""Ten trillion major units of a two-decimal currency: no invoice of a firm is larger."""
_CONTROL: Final = r"[\x00-\x1f\x7f-\x{9f}]"
_CONTROL_BUT_LINES: Final = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}]"
_CODES: Final = tuple(sorted(MINOR_UNITS))


@extensions.register_check_method(statistics=["max_length"])  # type: ignore[untyped-decorator]  # pandera types it so
def text_length(text: Any, *, max_length: int) -> Any:  # noqa: ANN401  # pandas series in and out
    """Between one character and the cap."""
    length = text.str.len()
    return (length >= 1) & (length <= max_length)


@extensions.register_check_method(statistics=["may_have_lines"])  # type: ignore[untyped-decorator]  # pandera types it so
def no_control_characters(text: Any, *, may_have_lines: bool) -> Any:  # noqa: ANN401  # pandas series in and out
    """No NUL, escape or other control character; tabs and line ends only in prose."""
    pattern = _CONTROL_BUT_LINES if may_have_lines else _CONTROL
    return ~text.str.contains(pattern, regex=True)


def identifier(*, nullable: bool = False, max_length: int = 200) -> Any:  # noqa: ANN401  # as pandera's Field
    """An id, code or key: never empty, one line, no control characters."""
    return pa.Field(
        nullable=nullable,
        text_length={"max_length": max_length},
        no_control_characters={"may_have_lines": False},
    )


def prose(max_length: int = 500) -> Any:  # noqa: ANN401  # as pandera's Field
    """Text for people: may be missing or empty, may have lines, has a cap."""
    return pa.Field(
        nullable=True,
        str_length={"min_value": 0, "max_value": max_length},
        no_control_characters={"may_have_lines": True},
    )


def one_of(*values: str, nullable: bool = False) -> Any:  # noqa: ANN401  # as pandera's Field
    """One of a closed set of words."""
    return pa.Field(nullable=nullable, isin=values)


def currency(*, nullable: bool = False) -> Any:  # noqa: ANN401  # as pandera's Field
    """An ISO 4217 code whose minor units are known."""
    return pa.Field(nullable=nullable, isin=_CODES)


def flag(*, nullable: bool = False) -> Any:  # noqa: ANN401  # as pandera's Field
    """Yes or no; null only where the vendor cannot say."""
    return pa.Field(nullable=nullable)


def day(*, nullable: bool = True, first: date = FIRST_DAY, days_ahead: int | None = 366) -> Any:  # noqa: ANN401  # as pandera's Field
    """A calendar date from `first` to the run's date plus `days_ahead` (None = no end)."""
    return pa.Field(nullable=nullable, ge=first, metadata={"days_ahead": days_ahead})


def instant(*, days_ahead: int = 366) -> Any:  # noqa: ANN401  # as pandera's Field
    """An instant in UTC, in the same window as dates; the vendor may not say it."""
    first = datetime.combine(FIRST_DAY, datetime.min.time(), UTC)
    return pa.Field(nullable=True, ge=first, metadata={"days_ahead": days_ahead})


def minor(*, nullable: bool = True, least: int = -MINOR_MAX) -> Any:  # noqa: ANN401  # as pandera's Field
    """An amount in minor units."""
    return pa.Field(nullable=nullable, ge=least, le=MINOR_MAX)


def price(*, nullable: bool = True, least: Decimal | None = None) -> Any:  # noqa: ANN401  # as pandera's Field
    """A decimal price, quantity or rate; finite by its type."""
    return pa.Field(nullable=nullable, ge=least)


def until(limit: date | datetime) -> Check:
    """The upper end of a window, known only when the run's date is."""
    return Check.less_than_or_equal_to(limit)
