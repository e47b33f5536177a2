"""Tryton's typed JSON values, both ways, exactly.

What JSON has no type for is an object with `__class__`: Decimal, date, datetime (UTC, without a
zone), timedelta. A field asked for as `party.code` comes nested under `party.`. Source: Tryton
server documentation, topic "Remote Procedure Call", and the server's module protocols/jsonrpc.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from ps_integration.connectors.fields import refuse
from ps_integration.domain.records import Json


def plain(value: object) -> object:
    """A value as the fields of a record are read: decimals, ISO dates and instants, plain names.

    Raises:
        RecordRefusedError: A typed value is not what it says.
    """
    if isinstance(value, list):
        return [plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "__class__" in value:
        return _typed(value)
    # `party` (its id) and `party.` (its fields) may both stand there; the fields say more
    return {name.rstrip("."): plain(value[name]) for name in sorted(value)}


def _typed(value: Mapping[str, object]) -> object:
    kind = value["__class__"]
    try:
        if kind == "Decimal":
            return Decimal(str(value["decimal"]))
        if kind in {"date", "datetime"}:
            text = "{year:04d}-{month:02d}-{day:02d}".format_map(value)
            if kind == "date":
                return date.fromisoformat(text).isoformat()
            text += "T{hour:02d}:{minute:02d}:{second:02d}.{microsecond:06d}".format_map(value)
            return datetime.fromisoformat(text).replace(tzinfo=UTC).isoformat()
    except (KeyError, ValueError, TypeError, InvalidOperation):
        return refuse("__class__", value, "value_invalid", f"a {kind} of Tryton that is none")
    return refuse("__class__", kind, "value_invalid", "a type that is not read here")


def decimal(value: Decimal) -> Json:
    """A decimal as it is sent."""
    return {"__class__": "Decimal", "decimal": format(value, "f")}


def day(value: date) -> Json:
    """A date as it is sent."""
    return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}


def instant(value: datetime) -> Json:
    """An instant as it is sent: UTC."""
    told = value.astimezone(UTC)
    clock = {"hour": told.hour, "minute": told.minute, "second": told.second}
    date_part = {"year": told.year, "month": told.month, "day": told.day}
    return {
        "__class__": "datetime",
        **date_part,
        **clock,
        "microsecond": told.microsecond,
    }
