"""Operational stores for the crash matrix: migrated once, copied for every case."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import create_engine

from ps_integration.domain.trail import Key, KeyRing
from ps_integration.stores.operational.journal import JOURNAL_NAME, Journal
from ps_integration.stores.operational.store import OperationalStore

KEY = "PS_AUDIT_KEY", "0123456789abcdef" * 4
"""Environment variable of the firm's audit key, and the key."""
KEYS = KeyRing(Key.of(KEY[1], KEY[0]))
BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


class Stores(Protocol):
    """Makes fresh stores of one kind, always at the same address, with an empty journal."""

    cases_a_copy: int
    """How many cases that end well may share one: a copy takes its time."""

    def fresh(self) -> OperationalStore:
        """An empty, migrated store; the one before it is gone.

        It is the same object every time, warm, and holds no connection when it comes.
        """


class SqliteStores:
    """A file in a folder."""

    cases_a_copy = 1

    def __init__(self, folder: Path) -> None:
        """Migrate the file that is copied."""
        self._template, self._path = folder / "template.sqlite", folder / "store.sqlite"
        template = OperationalStore(f"sqlite:///{self._template}")
        template.migrate()
        template.close()  # the last connection takes the log into the file
        self._store = OperationalStore(f"sqlite:///{self._path}", journal_in(folder), KEYS)

    def fresh(self) -> OperationalStore:
        """A copy of the migrated file."""
        self._store.close()
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        shutil.copy(self._template, self._path)
        return _begun(self._store)


class PostgresqlStores:
    """A database of one server."""

    cases_a_copy = 20

    def __init__(self, url: str, folder: Path) -> None:
        """Migrate the database that is copied."""
        self._server = create_engine(url, isolation_level="AUTOCOMMIT")
        self._run("create database ps_template")
        template = OperationalStore(url.replace("@/postgres?", "@/ps_template?"))
        template.migrate()
        template.close()
        own = url.replace("@/postgres?", "@/ps?")
        self._store = OperationalStore(own, journal_in(folder), KEYS)

    def fresh(self) -> OperationalStore:
        """A copy of the migrated database."""
        self._store.close()
        self._run(
            "drop database if exists ps with (force)", "create database ps template ps_template"
        )
        return _begun(self._store)

    def _run(self, *statements: str) -> None:
        with self._server.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        self._server.dispose()  # no connection lives on into a forked process


def journal_in(folder: Path) -> Journal:
    """The posting journal beside a store."""
    return Journal(folder / JOURNAL_NAME)


def _begun(store: OperationalStore) -> OperationalStore:
    """A store whose journal is not there yet."""
    assert store.journal is not None
    store.journal.path.unlink(missing_ok=True)
    return store


def is_available(store: str) -> bool:
    """Whether this machine can run such a store."""
    return store == "sqlite" or bool(BINARIES)


@contextmanager
def serve(store: str, folder: Path) -> Iterator[Stores]:
    """Stores of one kind, with a server where they need one."""
    if store == "sqlite":
        yield SqliteStores(folder)
        return
    with postgresql() as url:
        yield PostgresqlStores(url, folder)


@contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL server of our own; the URL of its database `postgres`.

    Its files are in memory where the machine allows: a kill leaves the page cache alone, so it
    is the same.
    """
    user = None
    if os.getuid() == 0:  # the server refuses to run as root
        names = {entry.pw_name for entry in pwd.getpwall()}
        user = "postgres" if "postgres" in names else "nobody"
    memory = Path("/dev/shm")  # noqa: S108 - only a place for files
    home = (memory if memory.is_dir() else Path("/tmp")) / f"ps-crash-{os.getpid()}"  # noqa: S108 - a socket's path must be short
    home.mkdir()
    if user:
        shutil.chown(home, user)
    folder, binaries = home / "data", BINARIES[-1].parent
    control = (f"{binaries}/pg_ctl", "-D", str(folder), "-w", "-l", str(home / "log"))
    options = f"-k {home} -c listen_addresses= -c shared_buffers=16MB -c autovacuum=off"
    try:
        _run(user, f"{binaries}/initdb", "-D", str(folder), "-A", "trust", "-U", "tester", "-N")
        _run(user, *control, "-o", options, "start")
        try:
            yield f"postgresql+psycopg://tester@/postgres?host={home}"
        finally:
            _run(user, *control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home)


def _run(user: str | None, *command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, user=user, cwd="/")
