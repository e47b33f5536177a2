"""Raw records made of several exact slices: what one record needs from its side-loads."""

import json
from collections.abc import Mapping, Sequence

from ps_integration.connectors.fields import Fields, refuse
from ps_integration.domain.records import JsonObject


def compose(parts: Mapping[str, str | Sequence[str] | None]) -> str:
    """Join exact slices of answers into one JSON object, in the order of the names.

    Args:
        parts: Name to a slice (JSON text, kept as it is), to several slices (a list), or to
            None (null).
    """
    members = (f"{json.dumps(name)}:{_text(part)}" for name, part in parts.items())
    return "{" + ",".join(members) + "}"


def _text(part: str | Sequence[str] | None) -> str:
    if part is None:
        return "null"
    return part if isinstance(part, str) else "[" + ",".join(part) + "]"


def part(record: JsonObject, name: str) -> Fields:
    """The fields of one part of a composed record.

    Raises:
        RecordRefusedError: The part is missing or no object.
    """
    found = opt_part(record, name)
    if found is None:
        refuse(name, None, "value_missing")
    return found


def opt_part(record: JsonObject, name: str) -> Fields | None:
    """The fields of one part, None when it is null or missing."""
    value = record.get(name)
    if value is None:
        return None
    if not isinstance(value, dict):
        refuse(name, value, "object_type")
    return Fields(value)


def parts(record: JsonObject, name: str) -> list[Fields]:
    """The fields of each record in a list of them.

    Raises:
        RecordRefusedError: The list is missing, or an element is no object.
    """
    return listed(Fields(record), name)


def listed(record: Fields, name: str) -> list[Fields]:
    """The fields of each record in a list inside a record.

    Raises:
        RecordRefusedError: The list is missing, or an element is no object.
    """
    values = record.raw(name)
    if not isinstance(values, list):
        refuse(name, values, "list_type")
    found = []
    for value in values:
        if not isinstance(value, dict):
            refuse(name, value, "object_type")
        found.append(Fields(value))
    return found


def idents(record: Fields, name: str) -> list[str]:
    """A list of ids as text.

    Raises:
        RecordRefusedError: The list is missing, or an element is no id.
    """
    values = record.raw(name)
    if not isinstance(values, list):
        refuse(name, values, "list_type")
    return [Fields({name: value}).ident(name) for value in values]


def whole(record: Fields, name: str) -> int:
    """A whole number.

    Raises:
        RecordRefusedError: It is missing, no number, or has a fraction.
    """
    number = record.number(name)
    if number != number.to_integral_value():
        refuse(name, number, "not_whole")
    return int(number)


def opt_whole(record: Fields, name: str) -> int | None:
    """A whole number, or None."""
    return None if record.raw(name) is None else whole(record, name)
