"""Parameters of Kantata's lists: which exist, what they mean, and what hides a record.

A parameter nobody knows is refused: a filter that is ignored returns more than was asked for.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.state import Stored
from ps_integration.sandbox.vendors.kantata.errors import bad_parameter
from ps_integration.sandbox.vendors.kantata.model import Resource

PAGING = {"page", "per_page", "limit", "offset", "include", "only", "order"}
REFERENCE_FILTERS = {
    "has_external_references": "",
    "without_external_reference_service_name": "service_name",
    "external_reference_service_name": "service_name",
    "external_reference_service_model": "service_model",
    "external_reference_service_model_ref": "service_model_ref",
    "external_reference_status": "status",
    "external_reference_external_status": "external_status",
    "external_reference_external_message": "external_message",
}
Test = Callable[[Document], bool]
_OPERATIONS: Mapping[str, Callable[[Any, str], bool]] = {
    "equals": lambda stored, value: str(stored) == value,
    "in": lambda stored, value: str(stored) in value.split(","),
    "not_in": lambda stored, value: str(stored) not in value.split(","),
    "any": lambda stored, value: bool(set(value.split(",")) & {str(one) for one in stored or ()}),
    "only": lambda stored, _: bool(stored),
    "absent": lambda stored, _: not stored,
    "from": lambda stored, value: str(stored or "") >= value,
    "until": lambda stored, value: "" < str(stored or "") <= value,
    "like": lambda stored, value: value.lower() in str(stored or "").lower(),
    "not_cancelled": lambda stored, _: stored != "cancelled",
}
"""What a parameter asks of an attribute as stored; `only` and `absent` ignore their value."""


def truth(name: str, text: str) -> bool:
    """Read a boolean parameter.

    Raises:
        KantataError: 400, neither `true` nor `false`.
    """
    if text not in ("true", "false"):
        raise bad_parameter(name, f"{name} must be true or false")
    return text == "true"


def check_known(resource: Resource, parameters: Mapping[str, str]) -> None:
    """Refuse a parameter this list does not have.

    Raises:
        KantataError: 400, naming the first unknown parameter.
    """
    known = PAGING | set(resource.filters)
    known |= {f"{kind}_{side}" for kind in resource.instants for side in ("after", "before")}
    if resource.subject:
        known |= set(REFERENCE_FILTERS)
    for name in parameters:
        if name not in known:
            raise bad_parameter(name, f"{name} is not a valid filter")


def attribute_tests(resource: Resource, parameters: Mapping[str, str]) -> list[Test]:
    """Turn the resource's own filters into predicates over a stored record.

    Raises:
        KantataError: 400, a value is malformed.
    """
    tests = []
    for name, (operation, attribute) in resource.filters.items():
        if name in parameters and operation not in ("switch", "ignored"):
            tests.append(_test(name, operation, attribute, parameters[name]))
    return tests


def instant_test(parameters: Mapping[str, str]) -> Callable[[Stored], bool]:
    """Turn `created_after`, `created_before`, `updated_after`, `updated_before` into one test.

    Raises:
        KantataError: 400, an instant is not ISO 8601.
    """
    bounds = {
        name: _instant(name, parameters[name])
        for name in ("created_after", "created_before", "updated_after", "updated_before")
        if name in parameters
    }

    def passes(row: Stored) -> bool:
        for name, bound in bounds.items():
            instant = row.created_at if name.startswith("created") else row.updated_at
            if instant <= bound if name.endswith("after") else instant >= bound:
                return False
        return True

    return passes


def reference_test(parameters: Mapping[str, str], references: Mapping[str, list[Document]]) -> Test:
    """Turn the filters on a record's external references into one test.

    Args:
        parameters: As sent.
        references: External references by the id of their subject.
    """
    asked = {name: parameters[name] for name in REFERENCE_FILTERS if name in parameters}

    def passes(record: Document) -> bool:
        own = references.get(record["id"], [])
        return all(_reference_matches(name, value, own) for name, value in asked.items())

    return passes


def shows_archived(parameters: Mapping[str, str], switch: str) -> bool:
    """Tell whether archived records are asked for."""
    if parameters.get("archived") in ("include", "only"):
        return True
    return switch in parameters and truth(switch, parameters[switch])


def _reference_matches(name: str, value: str, own: list[Document]) -> bool:
    if name == "has_external_references":
        return bool(own) == truth(name, value)
    found = any(str(reference.get(REFERENCE_FILTERS[name])) == value for reference in own)
    return not found if name.startswith("without") else found


def _instant(name: str, text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise bad_parameter(name, f"{name} must be an ISO 8601 datetime") from error
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _test(name: str, operation: str, attribute: str, value: str) -> Test:
    if operation == "archived":
        return _archived(name, attribute, value)
    if operation == "between":
        return _between(name, attribute, value)
    if operation == "bool":
        answer = truth(name, value)
        return lambda row: bool(row.get(attribute)) == answer
    holds = _OPERATIONS[operation]
    return lambda row: holds(row.get(attribute), value)


def _archived(name: str, attribute: str, value: str) -> Test:
    if value not in ("include", "only", "exclude"):
        raise bad_parameter(name, f"{name} must be include, only or exclude")
    return lambda row: value == "include" or bool(row.get(attribute)) == (value == "only")


def _between(name: str, attribute: str, value: str) -> Test:
    first, mark, last = value.partition(":")
    try:
        datetime.fromisoformat(first)
        datetime.fromisoformat(last)
    except ValueError as error:
        raise bad_parameter(name, f"{name} must be YYYY-MM-DD:YYYY-MM-DD") from error
    return lambda row: bool(mark) and first <= str(row.get(attribute) or "") <= last
