"""The warehouse: one DuckDB file, one writing process, values out as exact Python objects."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa

from ps_integration.domain.ports import Params, Row
from ps_integration.errors import (
    CouldNotRunError,
    RetryLaterError,
    StatementRefusedError,
    WarehouseDamagedError,
)

_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "checkpoint_threshold": "256MB",  # a step's commit need not rewrite the file
}


# DuckDB's own words; a lock of the file is no damage, whatever else the message speaks of.
_IN_USE = "Could not set lock on file"
_DAMAGE = (
    "Corrupt database file",
    "checksum",
    "not a valid DuckDB database",
    "Could not read enough bytes",
)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        if _is_damage(error):
            raise WarehouseDamagedError(_first_line(error)) from error
        raise StatementRefusedError(str(error)) from error


def _is_damage(error: duckdb.Error) -> bool:
    """Whether the file itself is broken; DuckDB then calls the whole database invalid."""
    said = str(error)
    is_broken = isinstance(error, duckdb.FatalException | duckdb.SerializationException)
    return is_broken or any(word in said for word in _DAMAGE)


def _first_line(error: duckdb.Error) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


class Session:
    """One user's access to an open warehouse; satisfies `domain.ports.Queries`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Take over a connection of its own."""
        self._connection = connection
        self._connection.execute("set timezone = 'UTC'")
        self._lock = threading.RLock()
        self._types: dict[str, pa.Schema] = {}

    def execute(self, sql: str, params: Params | None = None) -> None:
        """Run one or more statements with bound `$name` parameters.

        Raises:
            StatementRefusedError: The statement is wrong or could not be carried out.
        """
        with self._lock, _refusals():
            self._connection.execute(sql, dict(params) if params else None)

    def rows(self, sql: str, params: Params | None = None) -> list[Row]:
        """Run one query; rows keyed by column name, decimals as Decimal."""
        with self._lock, _refusals():
            result = self._connection.execute(sql, dict(params) if params else None)
            names = [column[0] for column in result.description or ()]
            return [dict(zip(names, values, strict=True)) for values in result.fetchall()]

    def value(self, sql: str, params: Params | None = None) -> object:
        """The first column of the first row, or None."""
        with self._lock, _refusals():
            # Read to the end: DuckDB refuses other work beside an unfinished result.
            found = self._connection.execute(sql, dict(params) if params else None).fetchall()
            return found[0][0] if found else None

    def arrow(self, sql: str, params: Params | None = None) -> pa.Table:
        """Run one query; its whole result as columns."""
        with self._lock, _refusals():
            return self._connection.sql(
                sql, params=dict(params) if params else None
            ).to_arrow_table()

    def batches(
        self, sql: str, params: Params | None = None, size: int = 50_000
    ) -> Iterator[pa.RecordBatch]:
        """Stream a query's result in Arrow batches, so that memory stays flat."""
        cursor = self._connection.cursor()
        try:
            cursor.execute("set timezone = 'UTC'")  # a cursor is a session of its own
            relation = cursor.sql(sql, params=dict(params) if params else None)
            yield from relation.to_arrow_reader(size)
        finally:
            cursor.close()

    def insert(self, table: str, rows: Sequence[Row]) -> int:
        """Insert rows by column name into a declared table; absent columns become null."""
        if not rows:
            return 0
        schema = self._schema(table, rows[0])
        self.insert_arrow(table, pa.Table.from_pylist(list(rows), schema=schema))
        return len(rows)

    def insert_arrow(self, table: str, data: pa.Table) -> None:
        """Insert an Arrow table by column name."""
        with self._lock:
            self._connection.register("incoming", data)
            try:
                with _refusals():
                    self._connection.execute(f"insert into {table} by name select * from incoming")
            finally:
                self._connection.unregister("incoming")

    def _schema(self, table: str, row: Mapping[str, object]) -> pa.Schema:
        if table not in self._types:
            self._types[table] = (
                self._connection.sql(f"from {table} limit 0").to_arrow_table().schema
            )
        declared = self._types[table]
        unknown = set(row) - set(declared.names)
        if unknown:
            raise KeyError(f"{table} has no column {', '.join(sorted(unknown))}")
        return pa.schema([declared.field(name) for name in row])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit on leaving, roll back on an exception."""
        with self._lock:
            self._connection.execute("begin transaction")
            try:
                yield
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    @contextmanager
    def sessions(self, count: int) -> Iterator[list["Session"]]:
        """Further sessions on the same file, each for a thread of its own; they share the cores.

        They see what others have committed; temporary tables are their own.
        """
        cores = int(str(self.value("select current_setting('threads')")))
        self.execute(f"set threads = {max(1, cores // count)}")
        beside = [Session(self._connection.cursor()) for _ in range(count)]
        try:
            yield beside
        finally:
            for session in beside:
                session.close()
            self.execute(f"set threads = {cores}")

    def close(self) -> None:
        """Let go of the connection; of the file too when no other is open."""
        self._connection.close()


def _not_opened(path: Path, error: duckdb.Error) -> CouldNotRunError:
    said = f"warehouse {path}: cannot be opened ({_first_line(error)})"
    if isinstance(error, duckdb.PermissionException) or "Permission denied" in str(error):
        return CouldNotRunError(f"{said}; let the user of the nights read and write it")
    if "Cannot open" in str(error) or "No space" in str(error):
        return CouldNotRunError(f"{said}; see that the disk is there and has room")
    return WarehouseDamagedError(
        f"{said}; the next night puts the copy that the last one published in its place"
    )


class Warehouse(Session):
    """The warehouse file, opened.

    One writer at a time: while it is open for writing no other process can read it, so readers
    use the snapshot that is published when a run ends.
    """

    def __init__(self, path: Path, *, read_only: bool = False, memory_gb: int = 2) -> None:
        """Open the file, creating its tables when writing.

        Args:
            path: The file.
            read_only: Whether other processes may read it meanwhile.
            memory_gb: Memory for tables and queries; what needs more is spilled beside the file.

        Raises:
            RetryLaterError: Another process is writing.
            CouldNotRunError: The file is no warehouse, or damaged.
        """
        self.path = path
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
        settings = {**_SETTINGS, "memory_limit": f"{memory_gb}GB"}
        try:
            connection = duckdb.connect(str(path), read_only=read_only, config=settings)
        except duckdb.Error as error:
            if _IN_USE in str(error):
                raise RetryLaterError(
                    f"warehouse {path.name}: another process is using it; wait for its run to end"
                ) from error
            raise _not_opened(path, error) from error
        super().__init__(connection)
        if not read_only:
            schema = files("ps_integration.stores.warehouse").joinpath("schema.sql")
            self._connection.execute(schema.read_text("utf-8"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
