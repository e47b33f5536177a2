"""The one place where an instant becomes a calendar date: in a zone that somebody names.

Finance dates are taken in the billing entity's zone, work dates where the person was. In SQL the
macro `config.day_in` says the same. A test bans every other way.
"""

from datetime import UTC, date, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo


def day_in(instant: datetime, zone: str | tzinfo) -> date:
    """The calendar date of an aware instant in a zone.

    Raises:
        ValueError: The instant has no zone of its own.
    """
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no zone: it is no instant")
    return instant.astimezone(_zone(zone) if isinstance(zone, str) else zone).date()


def day_written(instant: datetime) -> date:
    """The calendar date that stands in an instant as its source wrote it, in the source's offset.

    For vendors that write an event with the offset of the place where it happened, that is the
    vendor's own date.
    """
    return instant.date()


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def said_at(instant: datetime) -> str:
    """An instant as people read it, to the minute and with its zone: `2026-03-31 22:00 UTC`.

    Raises:
        ValueError: The instant has no zone of its own.
    """
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no zone: it is no instant")
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
