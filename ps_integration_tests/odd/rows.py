"""Odd but valid rows, made from the contracts: a new column is tried by itself.

Every row refers to a project, a person and a customer that exist for nothing else, so that what a
row governs and what must not be touched are apart.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from ps_integration.connectors.rows import COLUMNS
from ps_integration.contracts.registry import CONTRACTS
from ps_integration.domain.records import CanonicalObject

TABLES: Final = tuple(get_args(CanonicalObject))
COMPANY: Final = "11111111-1111-1111-1111-111111111111"
_KNOWN: Final[Mapping[str, str]] = {
    "project_external_id": "NL-3", "project_key": "NL-3", "subject_external_id": "NL-3",
    "resource_external_id": "P-33", "resource_key": "P-33", "task_external_id": "T-3",
    "customer_external_id": "10003", "customer_key": "10003", "supplier_key": "S-3",
    "entry_external_id": "1005", "document_external_id": "D-3", "company": COMPANY,
    "legal_entity": "NL", "home_legal_entity": "NL", "from_legal_entity": "NL",
    "to_legal_entity": "NL", "from_currency": "EUR", "period": "2026-03",
    "time_zone": "Europe/London", "email": "odd@example.com", "status": "active",
    "billing_type": "time_and_materials", "approval_state": "approved", "closed_on": "",
    "valid_to": "2026-12-31", "ends_on": "2026-12-31", "starts_on": "2026-01-01",
    "valid_from": "2026-01-01", "unit_price": "50.00", "seconds": "1", "scope": "assignment",
    "state": "approved", "stage": "won",
}  # fmt: skip
"""What a column holds where nothing is odd, by its name; the rest by its type."""
_OTHER_WORDS: Final[Mapping[tuple[str, str], str]] = {
    ("accounting_periods", "state"): "open",
    ("accounting_periods", "starts_on"): "2026-03-01",
    ("accounting_periods", "ends_on"): "2026-04-01",
    ("erp_documents", "status"): "open",
    ("invoice_statuses", "status"): "open",
    ("absences", "starts_on"): "2026-03-16",
    ("absences", "ends_on"): "2026-03-17",
}
_NO: Final = ("is_invoiced", "is_blocked", "is_running", "is_locked")
CURRENCIES: Final = ("JPY", "KWD", "EUR")


@dataclass(frozen=True)
class OddRow:
    """One row of one table, as a file holds it.

    Attributes:
        table: Canonical object.
        number: Of this row among all; part of its id and its key.
        oddity: What is odd about it, in words.
        cells: Its texts by column; empty = the source says nothing.
    """

    table: CanonicalObject
    number: int
    oddity: str
    cells: Mapping[str, str]

    @property
    def key(self) -> str:
        """Its id and, where the table has one, its match key."""
        return f"ODD-{self.number}"


def odd_rows() -> tuple[OddRow, ...]:
    """Every oddity of every column of every canonical table, and each table's row twice."""
    found = []
    for table in TABLES:
        columns = _columns(table)
        plain = {name: _plain(table, name, columns[name]) for name in COLUMNS[table]}
        oddities = [
            (f"{name} is {told}", {name: text})
            for name in COLUMNS[table]
            for told, text in _oddities(name, columns[name])
        ]
        for oddity, change in (*oddities, ("once", {}), ("and again the same", {})):
            row = OddRow(table, len(found) + 1, oddity, {**plain, **change})
            keys = {name for name in ("external_id", "match_key") if name in plain}
            own = dict.fromkeys(keys - set(change), row.key)
            found.append(OddRow(table, row.number, oddity, {**row.cells, **own}))
    return tuple(found)


def _columns(table: CanonicalObject) -> Mapping[str, Any]:
    return CONTRACTS[table].model.to_schema().columns


def _plain(table: str, name: str, column: Any) -> str:
    if (table, name) in _OTHER_WORDS:
        return _OTHER_WORDS[table, name]
    words = _words(column)
    if name in _KNOWN and (not words or _KNOWN[name] in words):
        return _KNOWN[name]
    if words:
        return "GBP" if "GBP" in words else words[0]
    kind = str(column.dtype)
    plain = {
        "bool": "false" if name in _NO else "true",
        "date32": "2026-03-10",
        "timestamp": "2026-03-10T10:00:00+00:00",
        "decimal": "1",
        "int": "1",
    }
    return next((text for word, text in plain.items() if word in kind), "x")


def _oddities(name: str, column: Any) -> Iterator[tuple[str, str]]:
    """What a column may hold and seldom does: in words, and as text."""
    if column.nullable:
        yield "missing", ""
    words = _words(column)
    for word in CURRENCIES if "GBP" in words else words:
        yield word, word
    longest = _longest(column)
    if longest and not words:
        yield f"{longest} characters long", "k" * longest
    if name.endswith(("_external_id", "_key")) and name != "match_key":
        yield "of nobody", "nowhere"
    yield from _of_type(name, column)


def _of_type(name: str, column: Any) -> Iterator[tuple[str, str]]:
    kind = str(column.dtype)
    if "bool" in kind:
        yield "yes", "true"
        yield "no", "false"
    if "date32" in kind:
        yield "long ago", "2000-01-01"
        if (column.metadata or {}).get("days_ahead") is None:
            yield "the last of all days", "9999-12-31"
    if name.endswith("_minor") or name in ("unit_price", "quantity"):
        yield "nothing", "0"
        yield "below zero", "-1"


def _words(column: Any) -> tuple[str, ...]:
    for check in column.checks:
        if check.name == "isin":
            return tuple(check.statistics["allowed_values"])
    return ()


def _longest(column: Any) -> int:
    for check in column.checks:
        told = check.statistics or {}
        if check.name == "text_length":
            return int(told["max_length"])
        if check.name == "str_length":
            return int(told["max_value"])
    return 0
