"""What the layers ask of a warehouse, so that they need not know the one that answers."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

Row = dict[str, object]
Params = Mapping[str, object]


class Queries(Protocol):
    """Read and write access to the warehouse inside one process.

    Values come back as Python objects: `Decimal` for decimals, aware UTC `datetime` for
    instants, `date`, `int`, `str`, `bool` or `None`. Never a float for money.
    """

    def execute(self, sql: str, params: Params | None = None) -> None:
        """Run one or more statements; `$name` parameters are bound."""

    def rows(self, sql: str, params: Params | None = None) -> list[Row]:
        """Run one query and return its rows, keyed by column name."""

    def value(self, sql: str, params: Params | None = None) -> object:
        """Run one query and return the first column of its first row, or None."""

    def insert(self, table: str, rows: Sequence[Row]) -> int:
        """Insert rows by column name into a declared table; missing columns become null."""

    def transaction(self) -> AbstractContextManager[None]:
        """Commit on leaving, roll back on an exception."""
