"""Business days of the firm's legal entities, by their holiday calendars and time zones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import holidays

from ps_integration.domain import business_days
from ps_integration.domain.business_days import IsHoliday
from ps_integration.domain.days import day_in
from ps_integration.domain.ports import Row
from ps_integration.errors import FixConfigError
from ps_integration.settings.firm import Firm

YEARS_BACK: Final = 2


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a legal entity works."""

    is_holiday: IsHoliday
    zone: ZoneInfo

    def day(self, instant: datetime) -> date:
        """The calendar date of an instant there."""
        return day_in(instant, self.zone)

    def after(self, start: date, days: int) -> date:
        """The business day that is so many after a date."""
        return business_days.after(start, days, self.is_holiday)

    def age(self, since: datetime, now: datetime) -> int:
        """Business days that have passed."""
        return business_days.between(self.day(since), self.day(now), self.is_holiday)


@dataclass(frozen=True, slots=True)
class Calendars:
    """The calendars of a firm; what belongs to no legal entity keeps the firm's zone only."""

    by_entity: Mapping[str, Calendar]
    of_firm: Calendar

    def of(self, legal_entity: object) -> Calendar:
        """The calendar of one legal entity."""
        return self.by_entity.get(str(legal_entity), self.of_firm)


def calendars(firm: Firm) -> Calendars:
    """The calendars of every legal entity.

    Raises:
        FixConfigError: A holiday calendar is not known.
    """
    return Calendars(
        {
            one.id: Calendar(holidays_of(one.holiday_calendar), ZoneInfo(one.time_zone))
            for one in firm.legal_entities
        },
        Calendar(business_days.no_holidays, ZoneInfo(firm.firm.time_zone)),
    )


@cache
def holidays_of(code: str) -> IsHoliday:
    """The holidays of a country (`GB`) or a region of it (`GB-ENG`); none of an empty code.

    Raises:
        FixConfigError: There is no such calendar.
    """
    if not code:
        return business_days.no_holidays
    known = _known(code)
    return lambda day: day in known


def public_holidays(firm: Firm, as_of_date: date) -> list[Row]:
    """Every holiday of each legal entity's calendar, from two years back to the next year's end.

    Raises:
        FixConfigError: A holiday calendar is not known.
    """
    years = range(as_of_date.year - YEARS_BACK, as_of_date.year + 2)
    return [
        {"legal_entity": entity.id, "day": day, "name": name}
        for entity in firm.legal_entities
        if entity.holiday_calendar
        for day, name in sorted(_known(entity.holiday_calendar, years).items())
    ]


def _known(code: str, years: Iterable[int] | None = None) -> holidays.HolidayBase:
    country, _, region = code.partition("-")
    try:
        return holidays.country_holidays(country, subdiv=region or None, years=years)
    except NotImplementedError as error:
        raise FixConfigError(f"holiday_calendar {code!r}: {error}") from error
