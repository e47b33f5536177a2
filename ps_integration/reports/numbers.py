"""Numbers and dates as people read them, in a locale; exact, never through floats."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent

from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.domain.money import Money, hours
from ps_integration.reports.texts import (
    ENGLISH,
    Clauses,
    Said,
    filled,
    language_of,
    say,
    translated,
)

NOTHING = "\N{EN DASH}"
_SPANS = (
    (say("{figure} days"), 86_400),
    (say("{figure} hours"), 3_600),
    (say("{figure} minutes"), 60),
    (say("{figure} seconds"), 1),
)
_DAY = "d MMM y"
_DAY_SKELETON = "yMMMd"


@dataclass(frozen=True, slots=True)
class Formats:
    """How values read in one locale and time zone."""

    locale: str
    time_zone: str

    @property
    def language(self) -> str:
        """The language of our own texts."""
        return language_of(self.locale)

    def say(self, text: str) -> str:
        """A text of ours in the locale's language, with its figures as they read; others as is."""
        if not isinstance(text, Said):
            return text
        return filled(translated(text, self.language), text.figures, self.figure)

    def figure(self, figure: object) -> str:
        """What stands at a name of a text of ours."""
        match figure:
            case str():
                return self.say(figure)
            case int():
                return self.count(figure)
            case Money():
                return f"{self.amount(figure.minor, figure.currency)} {figure.currency}"
            case Clauses():
                return figure.joined(self.say)
            case _:
                return str(figure)

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
            span, size = next(one for one in _SPANS if abs(value) >= one[1] or one[1] == 1)
            return self._spanned(span, value / size)
        return self._spanned(_SPANS[0][0], value) if unit == "days" else self._short(value)

    def _spanned(self, span: Said, value: Decimal) -> str:
        return self.say(say(span.one, figure=self._short(value)))

    def _short(self, value: Decimal) -> str:
        return str(format_decimal(value, format="#,##0.#", locale=self.locale))

    def day(self, day: date | None) -> str:
        """A calendar date."""
        if day is None:
            return NOTHING
        return str(format_date(day, format=_day_pattern(self.locale), locale=self.locale))

    def local(self, instant: datetime) -> datetime:
        """An instant in the firm's time zone."""
        return instant.astimezone(ZoneInfo(self.time_zone))

    def instant(self, instant: datetime | None) -> str:
        """An instant in the firm's time zone, to the minute."""
        if instant is None:
            return NOTHING
        here = self.local(instant).replace(tzinfo=None)
        pattern = f"{_day_pattern(self.locale)}, HH:mm"
        return str(format_datetime(here, format=pattern, locale=self.locale))


@cache
def _day_pattern(locale: str) -> str:
    """Day, short month and year as the locale orders them; in English always the day first."""
    known = Locale.parse(locale)
    if known.language == ENGLISH:
        return _DAY
    return str(known.datetime_skeletons[_DAY_SKELETON].pattern)
