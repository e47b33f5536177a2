"""OData query options: `$filter $orderby $skip $top $select $expand $count` and server paging.

Vendor pages: "OData web services", "Operational limits" (at most 20,000 entities a page; 413
above). A page ends with `@odata.nextLink`, whose `$skiptoken` names the last record shown, so
that a record added or removed before it does not shift the next page.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.vendors.business_central.entities import Entity
from ps_integration.sandbox.vendors.business_central.errors import (
    TOO_LARGE,
    BusinessCentralError,
    bad_request,
)
from ps_integration.sandbox.vendors.business_central.filters import parse_filter, typed

_OPTIONS = {"filter", "orderby", "skip", "top", "select", "expand", "count", "skiptoken"}
_NESTED_OPTIONS = {"select", "expand", "filter", "orderby", "top"}
_MAXPAGESIZE = re.compile(r"odata\.maxpagesize\s*=\s*(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Query:
    """What one request, or one `$expand`, asks of an entity set."""

    matches: Callable[[Document], bool] = lambda _: True
    order: tuple[tuple[str, bool], ...] = ()
    skip: int = 0
    top: int | None = None
    select: tuple[str, ...] = ()
    expand: Mapping[str, "Query"] = field(default_factory=dict)
    count: bool = False
    skiptoken: str = ""


def parse_query(entity: Entity, parameters: Mapping[str, str]) -> Query:
    """Read the `$` options of an address; other parameters are the vendor's own and ignored.

    Raises:
        BusinessCentralError: 400, an option is unknown or malformed, or names what is not there.
    """
    options = {name[1:]: value for name, value in parameters.items() if name.startswith("$")}
    unknown = set(options) - _OPTIONS - {"schemaversion"}
    if unknown:
        raise bad_request(f"The query parameter '${min(unknown)}' is not supported.")
    return _query(entity, options)


def page_size(prefer: str, largest: int) -> int:
    """Read `Prefer: odata.maxpagesize=n`; the largest page when it is absent.

    Raises:
        BusinessCentralError: 413, more is asked for than the service gives.
    """
    match = _MAXPAGESIZE.search(prefer)
    if match is None:
        return largest
    wanted = int(match[1])
    if wanted > largest:
        raise BusinessCentralError(
            TOO_LARGE,
            "Internal_RequestEntityTooLarge",
            f"The page size {wanted} exceeds the maximum allowed page size of {largest}.",
        )
    return max(wanted, 1)


def one_page(
    query: Query, rows: list[Document], size: int, kinds: Mapping[str, str]
) -> tuple[list[Document], int, str]:
    """Filter, order and cut rows.

    Returns:
        The rows of this page, how many match in all, and the token of the next page or nothing.
    """
    found = ordered(query, [row for row in rows if query.matches(row)], kinds)
    total = len(found)
    found = found[query.skip :] if query.top is None else found[query.skip :][: query.top]
    start = _start(query.skiptoken, found)
    shown = found[start : start + size]
    more = start + size < len(found)
    token = f"{start + size}-{shown[-1]['id']}" if more and shown else ""
    return shown, total, token


def ordered(query: Query, rows: list[Document], kinds: Mapping[str, str]) -> list[Document]:
    """Sort by `$orderby`; rows that tie keep their order."""
    for name, descending in reversed(query.order):
        kind = kinds[name]
        rows = sorted(rows, key=_sort_key(name, kind), reverse=descending)
    return rows


def next_link(address: str, parameters: Mapping[str, str], token: str) -> str:
    """Write the absolute address of the next page."""
    kept = {name: value for name, value in parameters.items() if name != "$skiptoken"}
    return f"{address}?{urlencode({**kept, '$skiptoken': token}, safe='$')}"


def _sort_key(name: str, kind: str) -> Callable[[Document], Any]:
    return lambda row: typed(kind, row[name])


def _start(token: str, rows: list[Document]) -> int:
    """Find where the next page begins: after the record named, else at the place it had."""
    if not token:
        return 0
    place, _, key = token.partition("-")
    for index, row in enumerate(rows):
        if row["id"] == key:
            return index + 1
    return int(place) if place.isdigit() else 0


def _query(entity: Entity, options: Mapping[str, str]) -> Query:
    made: dict[str, Any] = {"skiptoken": options.get("skiptoken", "")}
    if "filter" in options:
        made["matches"] = parse_filter(options["filter"], entity.kinds)
    if "orderby" in options:
        made["order"] = tuple(_order(entity, part) for part in options["orderby"].split(","))
    for name in ("skip", "top"):
        if name in options:
            made[name] = _number(name, options[name])
    if "select" in options:
        made["select"] = tuple(_known(entity, part) for part in options["select"].split(","))
    if "expand" in options:
        made["expand"] = dict(_expansions(entity, options["expand"]))
    if "count" in options:
        made["count"] = _boolean(options["count"])
    return Query(**made)


def _order(entity: Entity, part: str) -> tuple[str, bool]:
    name, _, direction = part.strip().partition(" ")
    if direction.strip() not in ("", "asc", "desc"):
        raise bad_request(f"Syntax error: '{part}' in $orderby.")
    return _known(entity, name), direction.strip() == "desc"


def _known(entity: Entity, name: str) -> str:
    stripped = name.strip()
    if stripped not in entity.kinds:
        raise bad_request(
            f"Could not find a property named '{stripped}' on type"
            f" 'Microsoft.NAV.{entity.type_name}'."
        )
    return stripped


def _number(name: str, text: str) -> int:
    if not text.isdigit():
        raise bad_request(f"Invalid value '{text}' for ${name} query option found.")
    return int(text)


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise bad_request(f"Invalid value '{text}' for $count query option found.")
    return text == "true"


def _expansions(entity: Entity, text: str) -> Iterator[tuple[str, Query]]:
    for part in _split(text, ","):
        name, _, inner = part.strip().partition("(")
        if name not in entity.children:
            raise bad_request(
                f"Could not find a property named '{name}' on type"
                f" 'Microsoft.NAV.{entity.type_name}'."
            )
        options = dict(_nested(option) for option in _split(inner.removesuffix(")"), ";"))
        yield name, _query(entity.children[name].entity, options)


def _nested(option: str) -> tuple[str, str]:
    name, _, value = option.strip().partition("=")
    if not name.startswith("$") or name[1:] not in _NESTED_OPTIONS:
        raise bad_request(f"The query option '{name}' is not supported inside $expand.")
    return name[1:], value


def _split(text: str, mark: str) -> list[str]:
    """Split at marks outside parentheses."""
    parts, depth = [""], 0
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == mark and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part for part in parts if part.strip()]
