"""Keeps whole collections decoded between writes, so that paging a list decodes it once."""

import sqlite3
import threading
from collections.abc import Callable, Sequence

from ps_integration.sandbox.store import Stored

ROWS_MAX = 50_000
"""Larger collections are read anew each time rather than held in memory."""


class DecodedCollections:
    """Holds collections until anybody commits to the file, this process or another.

    Its connection is used for nothing else, so that `data_version` changes with every commit.
    """

    def __init__(self, open_connection: Callable[[], sqlite3.Connection]) -> None:
        self._open = open_connection
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()
        self._version = -1
        self._held: dict[tuple[str, str], Sequence[Stored]] = {}

    def rows(
        self, system: str, collection: str, read: Callable[[], Sequence[Stored]]
    ) -> Sequence[Stored]:
        """Return the collection as of now; `read` is called when it is not held."""
        key = system, collection
        with self._lock:
            self._connection = self._connection or self._open()
            [version] = self._connection.execute("pragma data_version").fetchone()
            if version != self._version:
                self._held.clear()
                self._version = version
            if key in self._held:
                return self._held[key]
        rows = read()  # Read after the version: what is newer than it is read again next time.
        with self._lock:
            if version == self._version and len(rows) <= ROWS_MAX:
                self._held[key] = rows
        return rows

    def close(self) -> None:
        """Let go of the collections and the connection; both come back when asked for."""
        with self._lock:
            connection, self._connection = self._connection, None
            self._held.clear()
        if connection:
            connection.close()
