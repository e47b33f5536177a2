"""Checks of what a client sends: properties the type has, their kinds, lengths and writability."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.vendors.business_central.entities import Entity
from ps_integration.sandbox.vendors.business_central.errors import BusinessCentralError, bad_request


def checked_body(entity: Entity, body: object) -> Document:
    """Return the body when every property may be written and has the kind of its property.

    Rows of navigation properties must be lists; their content is checked where it is written.

    Raises:
        BusinessCentralError: 400, naming the first property that is wrong.
    """
    if not isinstance(body, dict):
        raise bad_request("Invalid Request Body")
    for name, value in body.items():
        _check_known(entity, name)
        if name in entity.children:
            if not isinstance(value, list):
                raise bad_request(f"Invalid Request Body: '{name}' must be a collection.")
        else:
            _check_kind(entity.kinds[name], name, value)
            _check_length(entity.lengths[name], value)
    return body


def _check_known(entity: Entity, name: str) -> None:
    if name not in entity.kinds and name not in entity.children:
        raise bad_request(
            f"The property '{name}' does not exist on type 'Microsoft.NAV.{entity.type_name}'."
            " Make sure to only use property names that are defined by the type."
        )
    if name not in entity.lengths:
        raise bad_request(f"Control '{name}' is read-only.", "BadRequest_InvalidOperation")


def _check_kind(kind: str, name: str, value: object) -> None:
    if not _fits(kind, value):
        raise bad_request(f"Unable to convert value of property '{name}' to {kind}")


def _fits(kind: str, value: object) -> bool:
    match kind:
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "decimal":
            return isinstance(value, int | Decimal) and not isinstance(value, bool)
        case "date" | "guid":
            return isinstance(value, str) and _parses(kind, value)
        case _:
            return isinstance(value, str)


def _parses(kind: str, text: str) -> bool:
    try:
        if kind == "date":
            date.fromisoformat(text)
        else:
            UUID(text)
    except ValueError:
        return False
    return True


def _check_length(longest: int, value: object) -> None:
    if longest and isinstance(value, str) and len(value) > longest:
        raise BusinessCentralError(
            400,
            "Application_StringExceededLength",
            f"The length of the string is {len(value)}, but it must be less than or equal to"
            f" {longest} characters. Value: {value}",
        )
