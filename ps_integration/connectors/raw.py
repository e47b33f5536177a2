"""From one record of a page to the raw record that is kept."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

from ps_integration.domain.records import Json, RawRecord


def inside(value: object, path: str) -> object:
    """The value at a dotted path (`user.id`), None where any step is missing."""
    for key in _steps(path):
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


@cache
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def id_text(value: object) -> str | None:
    """An id as text, None when there is none: ids are whole numbers or text with a character."""
    if type(value) is int:
        return str(value)
    return value if isinstance(value, str) and value.strip() else None


def instant_or_none(value: object) -> datetime | None:
    """An instant with its zone as UTC; None when it is not one. For watermarks, never for facts."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else None


def raw_record(
    text: str, value: Json, identity: str = "id", updated: str | None = None, day: str | None = None
) -> RawRecord:
    """Make the raw record of one record of a page.

    Args:
        text: Its own characters.
        value: The same, parsed.
        identity: Dotted path of its id. A record without one is kept under the hash of its
            text, so that it can be refused by name instead of being lost.
        updated: Dotted path of the source's time of change.
        day: Dotted path of a business date whose first ten characters are the day.
    """
    record_id = id_text(inside(value, identity))
    if record_id is None:
        record_id = f"no-id-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:16]}"
    told = inside(value, day) if day else None
    return RawRecord(
        record_id,
        text,
        instant_or_none(inside(value, updated)) if updated else None,
        told[:10] if isinstance(told, str) else None,
    )


def raw_records(
    records: Sequence[tuple[str, Json]],
    identity: str = "id",
    updated: str | None = None,
    day: str | None = None,
) -> list[RawRecord]:
    """Make the raw records of one page; see `raw_record`."""
    return [raw_record(text, value, identity, updated, day) for text, value in records]
