"""The part of Xero's `where` language that integrations use: terms joined by AND.

`Type=="ACCREC"`, `InvoiceNumber!=null`, `Name.StartsWith("A")`, `Date>=DateTime(2026, 01, 31)`,
`Contact.ContactID==guid("...")`. Anything else is refused (vendor page "Requests and responses").
"""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.vendors.xero.errors import bad_query

Test = Callable[[Document], bool]
_FIELD = r"(?P<field>[A-Za-z][A-Za-z.]*?)"
_TEXT = r'"(?P<text>(?:[^"\\]|\\.)*)"'
_STARTS = re.compile(rf"{_FIELD}\.StartsWith\({_TEXT}\)")
_COMPARES = re.compile(
    rf"{_FIELD}\s*(?P<sign>==|!=|>=|<=|>|<)\s*(?:{_TEXT}|(?P<null>null)|(?P<flag>true|false)"
    r'|[Gg]uid\("(?P<guid>[0-9a-fA-F-]+)"\)|DateTime\((?P<day>\d+\s*,\s*\d+\s*,\s*\d+)\)'
    r"|(?P<number>-?\d+(?:\.\d+)?))"
)
_AND = re.compile(r"\s+(?:AND|&&)\s+(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", re.IGNORECASE)


def read_where(text: str) -> Test:
    """Return the test a filter stands for.

    Raises:
        RefusedError: 400, the filter cannot be read.
    """
    tests = [_term(term.strip()) for term in _AND.split(text)]
    return lambda record: all(test(record) for test in tests)


def _term(text: str) -> Test:
    if matched := _STARTS.fullmatch(text):
        start, field = _plain(matched["text"]).casefold(), matched["field"]
        return lambda record: str(_inside(record, field) or "").casefold().startswith(start)
    matched = _COMPARES.fullmatch(text)
    if matched is None:
        raise bad_query(f"Operand expected: {text}")
    wanted, sign, field = _wanted(matched), matched["sign"], matched["field"]
    return lambda record: _holds(_key(_inside(record, field)), sign, wanted)


def _wanted(matched: re.Match[str]) -> object:
    if matched["null"]:
        return None
    if matched["day"]:
        year, month, day = (int(part) for part in matched["day"].split(","))
        return date(year, month, day).isoformat()
    if matched["number"]:
        return Decimal(matched["number"])
    if matched["flag"]:
        return matched["flag"] == "true"
    return _plain(matched["text"] or matched["guid"] or "").casefold()


def _holds(told: object, sign: str, wanted: object) -> bool:
    if sign in ("==", "!="):
        return (told == wanted) == (sign == "==")
    if told is None or type(told) is not type(wanted):
        return False
    left, right = (told, wanted) if isinstance(told, Decimal) else (str(told), str(wanted))
    smaller: bool = left < right  # type: ignore[operator]  # both are numbers, or both are text
    return {"<": smaller, ">=": not smaller, ">": not smaller and left != right}.get(
        sign, smaller or left == right
    )


def _key(value: object) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | Decimal):
        return Decimal(value)
    return value.casefold() if isinstance(value, str) else value


def _inside(record: Document, path: str) -> object:
    value: object = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
