"""The one strict JSON parser for what comes from outside, and exact slices of collections."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from json import decoder
from typing import Final

from ps_integration.domain.records import Json
from ps_integration.errors import BadAnswerError

MAX_DEPTH: Final = 64
MAX_NUMBER_LENGTH: Final = 40
_BLANKS: Final = " \t\n\r"
_SHOWN: Final = 80
_SCANSTRING: Final[Callable[[str, int], tuple[str, int]]] = vars(decoder)["scanstring"]


def decode(body: bytes) -> str:
    """Turn an answer's bytes into text: UTF-8 only, with or without a byte order mark.

    Raises:
        BadAnswerError: The bytes are not UTF-8.
    """
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadAnswerError(f"the answer is not UTF-8 at byte {error.start}") from None


def _integer(digits: str) -> int:
    if len(digits) > MAX_NUMBER_LENGTH:
        raise BadAnswerError(f"a number of {len(digits)} digits is longer than {MAX_NUMBER_LENGTH}")
    return int(digits)


def _decimal(digits: str) -> Decimal:
    if len(digits) > MAX_NUMBER_LENGTH:
        raise BadAnswerError(f"a number of {len(digits)} digits is longer than {MAX_NUMBER_LENGTH}")
    return Decimal(digits)


def _refuse_constant(name: str) -> None:
    raise BadAnswerError(f"{name} is not a JSON number")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise BadAnswerError(f"the key {twice[:_SHOWN]!r} stands twice in one object")
    return result


_DECODER: Final = json.JSONDecoder(
    parse_float=_decimal,
    parse_int=_integer,
    parse_constant=_refuse_constant,
    object_pairs_hook=_unique,
)


def _children(node: object) -> Iterable[object]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()


def _check_depth(value: object, text: str, start: int = 0, end: int | None = None) -> None:
    """Refuse what is nested too deeply; where few brackets open, nothing can be."""
    if text.count("{", start, end) + text.count("[", start, end) <= MAX_DEPTH:
        return
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [child for node in level for child in _children(node)]
        if not level:
            return
    raise BadAnswerError(f"the answer is nested deeper than {MAX_DEPTH} levels")


def strict_json(text: str) -> Json:
    """Parse one JSON document exactly: decimals as Decimal, nothing lenient.

    Raises:
        BadAnswerError: Not one JSON document, a key twice in one object, NaN or Infinity, an
            over-long number, or nested too deeply.
    """
    try:
        value: Json = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise BadAnswerError(f"the answer is not JSON: {error.msg} at {error.pos}") from None
    except RecursionError:
        raise BadAnswerError(f"the answer is nested deeper than {MAX_DEPTH} levels") from None
    _check_depth(value, text)
    return value


@dataclass(frozen=True, slots=True)
class Split:
    """One answer, parsed once.

    Attributes:
        records: Of the collection: (the record's own characters in the answer, its value).
        rest: The answer's outer object without the collection (counts, links, side loads);
            empty when the answer itself is the collection.
    """

    records: tuple[tuple[str, Json], ...]
    rest: Mapping[str, Json]


def split(text: str, path: Sequence[str] = ()) -> Split:
    """Split an answer into the records of one collection and the rest, by one strict parse.

    Args:
        text: The answer.
        path: Keys that lead to the collection; empty when the answer itself is it. The
            collection is an array, or an object whose values are records keyed by id.

    Raises:
        BadAnswerError: The answer breaks `strict_json`, or there is no collection at the path.
    """
    walk = _Walk(text)
    found = walk.collection(tuple(path))
    if found is None:
        raise BadAnswerError(f"the answer has no list at {'.'.join(path) or 'its top'}")
    return Split(tuple(found), walk.rest)


def slices(text: str, path: Sequence[str] = ()) -> Iterator[tuple[str, Json]]:
    """Yield the records of `split`."""
    yield from split(text, path).records


class _Walk:
    """Walks the members of the outer levels by hand and gives inner values to the parser."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = self._skip(0)
        self.rest: dict[str, Json] = {}

    def collection(self, path: tuple[str, ...]) -> list[tuple[str, Json]] | None:
        found = self._value(path)
        if self._at != len(self._text):
            raise BadAnswerError(f"the answer goes on after its JSON document, at {self._at}")
        return found

    def _value(self, path: tuple[str, ...]) -> list[tuple[str, Json]] | None:
        opener = self._peek()
        if opener == "{":
            return self._object(path)
        if opener == "[" and not path:
            return self._array()
        self._scan()
        return None

    def _array(self) -> list[tuple[str, Json]]:
        found: list[tuple[str, Json]] = []
        self._step("[")
        while self._peek() != "]":
            found.append(self._scan())
            if self._peek() != "]":
                self._step(",")
                self._refuse_closing("]")
        self._step("]")
        return found

    def _object(self, path: tuple[str, ...]) -> list[tuple[str, Json]] | None:
        found: list[tuple[str, Json]] | None = None if path else []
        names: list[tuple[str, object]] = []
        self._step("{")
        while self._peek() != "}":
            name = self._name()
            names.append((name, None))
            if found is not None and not path:
                found.append(self._scan())
            elif path and name == path[0]:
                found = self._value(path[1:])
            else:
                _, self.rest[name] = self._scan()
            if self._peek() != "}":
                self._step(",")
                self._refuse_closing("}")
        self._step("}")
        _unique(names)
        return found

    def _name(self) -> str:
        self._step('"', skip=False)
        try:
            name, end = _SCANSTRING(self._text, self._at)
        except json.JSONDecodeError as error:
            raise BadAnswerError(f"the answer is not JSON: {error.msg} at {error.pos}") from None
        self._at = self._skip(end)
        self._step(":")
        return name

    def _scan(self) -> tuple[str, Json]:
        start = self._at
        try:
            value, end = _DECODER.raw_decode(self._text, start)
        except json.JSONDecodeError as error:
            raise BadAnswerError(f"the answer is not JSON: {error.msg} at {error.pos}") from None
        except RecursionError:
            raise BadAnswerError(f"the answer is nested deeper than {MAX_DEPTH} levels") from None
        _check_depth(value, self._text, start, end)
        self._at = self._skip(end)
        return self._text[start:end], value

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _step(self, char: str, *, skip: bool = True) -> None:
        if self._peek() != char:
            raise BadAnswerError(f"the answer is not JSON: expected {char} at {self._at}")
        self._at = self._skip(self._at + 1) if skip else self._at + 1

    def _refuse_closing(self, char: str) -> None:
        if self._peek() == char:
            raise BadAnswerError(f"the answer is not JSON: a comma before {char} at {self._at}")

    def _skip(self, at: int) -> int:
        while self._text[at : at + 1] and self._text[at] in _BLANKS:
            at += 1
        return at
