"""Days on which somebody works: neither weekend nor holiday."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

IsHoliday = Callable[[date], bool]
_SATURDAY: Final = 5
_DAYS_MAX: Final = 3660


def no_holidays(_day: date) -> bool:
    """The calendar of those who keep none."""
    return False


def is_business_day(day: date, is_holiday: IsHoliday = no_holidays) -> bool:
    """Whether anybody is expected at work."""
    return day.weekday() < _SATURDAY and not is_holiday(day)


def after(start: date, days: int, is_holiday: IsHoliday = no_holidays) -> date:
    """The business day that is so many of them after a date; 0 is that day or the next one."""
    day, left = start, days
    for _ in range(_DAYS_MAX):
        if left <= 0 and is_business_day(day, is_holiday):
            return day
        day += timedelta(days=1)
        left -= is_business_day(day, is_holiday)
    return day


def between(start: date, end: date, is_holiday: IsHoliday = no_holidays) -> int:
    """Business days after one date, up to and with another; at most ten years are counted."""
    span = min(max(0, (end - start).days), _DAYS_MAX)
    days = (start + timedelta(days=count) for count in range(1, span + 1))
    return sum(is_business_day(day, is_holiday) for day in days)


BUCKETS: Final = ("0-1", "2-5", "6-10", "11-20", "over 20")
"""Ages of open breaks, in business days."""
_UP_TO: Final = (1, 5, 10, 20)


def bucket(age: int) -> str:
    """The bucket of an age in business days."""
    return next(
        (name for name, most in zip(BUCKETS, _UP_TO, strict=False) if age <= most), BUCKETS[-1]
    )
