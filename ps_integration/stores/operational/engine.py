"""How the operational store is opened: durable, one writer at a time, and checked."""

import os
import sqlite3
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from ps_integration.errors import FixConfigError

_PRAGMAS: Final = {
    "journal_mode": "wal",
    "synchronous": 2,  # full
    "foreign_keys": 1,
    "recursive_triggers": 1,  # else INSERT OR REPLACE gets past the triggers
    "busy_timeout": 30_000,
    "trusted_schema": 0,
}
_PATIENCE: Final = "-c lock_timeout=30s -c idle_in_transaction_session_timeout=120s"
"""A process that stands still inside a transaction holds nobody up for longer than this."""
BEGIN: Final = "ps_begin"
"""Execution option: how a transaction starts on SQLite."""


def make_engine(url: str) -> Engine:
    """Open the store at a SQLAlchemy URL; bound values never appear in errors.

    Raises:
        FixConfigError: The URL names a store this product does not run on.
    """
    try:
        dialect = make_url(url).get_backend_name()
    except ArgumentError:
        raise FixConfigError("stores.operational: not a SQLAlchemy URL") from None
    if dialect == "sqlite":
        return _sqlite(url)
    if dialect == "postgresql":
        return create_engine(
            url, hide_parameters=True, pool_pre_ping=True, connect_args={"options": _PATIENCE}
        )
    raise FixConfigError(f"stores.operational: {dialect} is neither sqlite nor postgresql")


def _sqlite(url: str) -> Engine:
    _protect_file(make_url(url).database)
    engine = create_engine(url, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver sends no BEGIN of its own
        for name, value in _PRAGMAS.items():
            connection.execute(f"pragma {name} = {value}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(BEGIN, "begin immediate"))

    return engine


def _protect_file(database: str | None) -> None:
    """Make the file readable by its owner alone; SQLite gives its side files the same mode."""
    if not database or database == ":memory:":
        raise FixConfigError("stores.operational: SQLite needs a file")
    path = Path(database)
    if not path.parent.exists():
        path.parent.mkdir(parents=True, mode=0o700)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise FixConfigError(f"stores.operational: {path}: {error.strerror}") from error


def check_engine(engine: Engine) -> None:
    """Read back what makes the store durable; a store that does not do it must not post.

    Raises:
        FixConfigError: A setting did not take, or the file is damaged.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            if connection.exec_driver_sql("show fsync").scalar() != "on":
                raise FixConfigError("operational store: PostgreSQL runs with fsync off")
            return
        for name, wanted in _PRAGMAS.items():
            found = connection.exec_driver_sql(f"pragma {name}").scalar()
            if found != wanted:
                raise FixConfigError(f"operational store: pragma {name} is {found}, not {wanted}")
        verdict = connection.exec_driver_sql("pragma quick_check(1)").scalar()
        if verdict != "ok":
            raise FixConfigError(f"operational store: the file is damaged: {verdict}")
