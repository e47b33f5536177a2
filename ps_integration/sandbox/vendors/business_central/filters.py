"""`$filter` as Business Central understands it, turned into a predicate over one document.

Vendor page: "Using filter expressions in OData URIs": `eq ne gt ge lt le in and or`, parentheses,
`contains`, `startswith`, `endswith`. An `or` over different fields is refused there and here.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.vendors.business_central.errors import bad_request

FILTER_DEPTH_MAX = 50

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')"
    r"|(?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))"
    r"|(?P<guid>[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})"
    r"|(?P<date>\d{4}-\d\d-\d\d)"
    r"|(?P<decimal>-?\d+(?:\.\d+)?)"
    r"|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<mark>[(),]))\s*"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": eq,
    "ne": ne,
    "gt": gt,
    "ge": ge,
    "lt": lt,
    "le": le,
}
_TEXT_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "contains": str.__contains__,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
_LITERALS_OF = {
    "text": {"text"},
    "guid": {"guid"},
    "decimal": {"decimal"},
    "integer": {"decimal"},
    "date": {"date"},
    "datetime": {"datetime"},
    "boolean": {"boolean"},
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One part of a filter: does a document match, and which fields are asked."""

    matches: Callable[[Document], bool]
    fields: frozenset[str]


def parse_filter(text: str, kinds: Mapping[str, str]) -> Callable[[Document], bool]:
    """Turn `$filter` into a predicate.

    Args:
        text: The filter as sent, already URL-decoded.
        kinds: Property name to kind: text, guid, decimal, integer, boolean, date or datetime.

    Raises:
        BusinessCentralError: 400, the filter is malformed, names an unknown property, compares
            different types, or has `or` over different fields.
    """
    parser = _Parser(_tokens(text), kinds, text)
    condition = parser.any_of(0)
    parser.end()
    return condition.matches


def typed(kind: str, value: object) -> object:
    """Bring a stored or sent value into the type its kind compares in."""
    match kind:
        case "guid":
            return str(value).lower()
        case "decimal" | "integer":
            return Decimal(str(value))
        case "date":
            return date.fromisoformat(str(value))
        case "datetime":
            return datetime.fromisoformat(str(value))
        case _:
            return value


def _tokens(text: str) -> list[tuple[str, str]]:
    found, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise bad_request(f"Syntax error at position {position} in '{text}'.")
        found.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return found


class _Parser:
    """Recursive descent over the tokens of one filter."""

    def __init__(self, tokens: list[tuple[str, str]], kinds: Mapping[str, str], text: str) -> None:
        self._tokens = tokens
        self._kinds = kinds
        self._text = text
        self._at = 0

    def any_of(self, depth: int) -> Condition:
        if depth > FILTER_DEPTH_MAX:
            raise bad_request("The query specified in the URI is not valid. It is too deep.")
        parts = [self._all_of(depth)]
        while self._take("word", "or"):
            parts.append(self._all_of(depth))
        fields = frozenset[str]().union(*(part.fields for part in parts))
        if len(parts) > 1 and len(fields) > 1:
            raise bad_request("The 'OR' operator is not supported on distinct fields.")
        return Condition(lambda row: any(part.matches(row) for part in parts), fields)

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise self._error()

    def _all_of(self, depth: int) -> Condition:
        parts = [self._one(depth)]
        while self._take("word", "and"):
            parts.append(self._one(depth))
        fields = frozenset[str]().union(*(part.fields for part in parts))
        return Condition(lambda row: all(part.matches(row) for part in parts), fields)

    def _one(self, depth: int) -> Condition:
        if self._take("mark", "("):
            inner = self.any_of(depth + 1)
            self._expect(")")
            return inner
        name = self._word()
        if name in _TEXT_FUNCTIONS:
            return self._text_function(_TEXT_FUNCTIONS[name])
        kind = self._kind(name)
        operator = self._word()
        if operator == "in":
            return self._in_list(name, kind)
        if operator not in _COMPARE:
            raise self._error()
        compare, wanted = _COMPARE[operator], self._literal(kind, operator)
        return Condition(lambda row: compare(typed(kind, row[name]), wanted), frozenset({name}))

    def _in_list(self, name: str, kind: str) -> Condition:
        self._expect("(")
        wanted = [self._literal(kind, "in")]
        while self._take("mark", ","):
            wanted.append(self._literal(kind, "in"))
        self._expect(")")
        return Condition(lambda row: typed(kind, row[name]) in wanted, frozenset({name}))

    def _text_function(self, function: Callable[[str, str], bool]) -> Condition:
        self._expect("(")
        name = self._word()
        if self._kind(name) != "text":
            raise bad_request(f"Property '{name}' is not of type 'Edm.String'.")
        self._expect(",")
        wanted = str(self._literal("text", "function"))
        self._expect(")")
        return Condition(lambda row: function(row[name], wanted), frozenset({name}))

    def _kind(self, name: str) -> str:
        if name not in self._kinds:
            raise bad_request(f"Could not find a property named '{name}'.")
        return self._kinds[name]

    def _literal(self, kind: str, operator: str) -> object:
        found, text = self._next()
        if found == "word" and text in {"true", "false"}:
            found = "boolean"
        if found not in _LITERALS_OF[kind]:
            raise bad_request(
                f"A binary operator with incompatible types was detected: '{text}' for operator"
                f" kind '{operator}' on Edm type of {kind}."
            )
        if found == "text":
            return text[1:-1].replace("''", "'")
        try:
            return text == "true" if found == "boolean" else typed(kind, text)
        except ValueError as error:
            raise bad_request(f"Unable to convert value '{text}' to {kind}") from error

    def _word(self) -> str:
        kind, text = self._next()
        if kind != "word":
            raise self._error()
        return text

    def _expect(self, mark: str) -> None:
        if not self._take("mark", mark):
            raise self._error()

    def _take(self, kind: str, text: str) -> bool:
        hit = self._at < len(self._tokens) and self._tokens[self._at] == (kind, text)
        self._at += hit
        return hit

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise self._error()
        self._at += 1
        return self._tokens[self._at - 1]

    def _error(self) -> Exception:
        return bad_request(f"Syntax error: the filter '{self._text}' is not valid.")
