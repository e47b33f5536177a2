"""Numbers and dates as people read them, in a locale; exact, never through floats."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent

from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.domain.money import hours

NOTHING = "\N{EN DASH}"
_SPANS = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))
_DAY = "d MMM y"
_MINUTE = "d MMM y, HH:mm"


@dataclass(frozen=True, slots=True)
class Formats:
    """How values read in one locale and time zone."""

    locale: str
    time_zone: str

    def amount(self, minor: int | None, currency: str | None) -> str:
        """An amount without its currency; a dash where there is none."""
        if minor is None or currency is None:
            return NOTHING
        digits = MINOR_UNITS.get(currency, 0)
        pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
        exact = Decimal(minor).scaleb(-digits)
        return str(format_decimal(exact, format=pattern, locale=self.locale))

    def whole(self, minor: int | None, currency: str | None) -> str:
        """An amount in whole units, for headlines."""
        if minor is None or currency is None:
            return NOTHING
        exact = Decimal(minor).scaleb(-MINOR_UNITS.get(currency, 0))
        return str(format_decimal(exact, format="#,##0", locale=self.locale))

    def count(self, number: int) -> str:
        """A whole number."""
        return str(format_decimal(number, format="#,##0", locale=self.locale))

    def rate(self, rate: Decimal) -> str:
        """An exchange rate."""
        return str(format_decimal(rate, format="0.00####", locale=self.locale))

    def hours(self, seconds: int | None) -> str:
        """Hours with two decimals."""
        if seconds is None:
            return NOTHING
        return str(format_decimal(hours(seconds, 2), format="#,##0.00", locale=self.locale))

    def measure(self, value: Decimal | None, unit: str) -> str:
        """A metric's figure with its unit; durations in the unit that reads best."""
        if value is None:
            return NOTHING
        if unit == "share":
            return str(format_percent(value, format="0.0%", locale=self.locale))
        if unit == "seconds":
            name, size = next(one for one in _SPANS if abs(value) >= one[1] or one[1] == 1)
            return f"{self._short(value / size)} {name}"
        return f"{self._short(value)} days" if unit == "days" else self._short(value)

    def _short(self, value: Decimal) -> str:
        return str(format_decimal(value, format="#,##0.#", locale=self.locale))

    def day(self, day: date | None) -> str:
        """A calendar date."""
        return NOTHING if day is None else str(format_date(day, format=_DAY, locale=self.locale))

    def local(self, instant: datetime) -> datetime:
        """An instant in the firm's time zone."""
        return instant.astimezone(ZoneInfo(self.time_zone))

    def instant(self, instant: datetime | None) -> str:
        """An instant in the firm's time zone, to the minute."""
        if instant is None:
            return NOTHING
        here = self.local(instant).replace(tzinfo=None)
        return str(format_datetime(here, format=_MINUTE, locale=self.locale))
