"""A PostgreSQL server of the tests' own, where this machine has the program."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
MEMORY = Path("/dev/shm")  # noqa: S108 - only a place for files
DISK = Path("/tmp")  # noqa: S108 - a socket's path must be short


def database(url: str, name: str) -> str:
    """The URL of a new, empty database of a server."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f'create database "{name}"')
    engine.dispose()
    return url.replace("@/postgres?", f"@/{name}?")


@contextmanager
def server(*options: str, home: Path = DISK) -> Iterator[str]:
    """Start a server on a socket of its own; the URL of its database `postgres`.

    Args:
        options: Settings of the server, e.g. `shared_buffers=16MB`.
        home: Where its files are: on disk, or in memory.
    """
    user = None
    if os.getuid() == 0:  # the server refuses to run as root
        names = {entry.pw_name for entry in pwd.getpwall()}
        user = "postgres" if "postgres" in names else "nobody"
    place = home / f"ps-pg-{os.getpid()}"
    place.mkdir()
    if user:
        shutil.chown(place, user)
    folder, binaries = place / "data", BINARIES[-1].parent
    control = (f"{binaries}/pg_ctl", "-D", str(folder), "-w", "-l", str(place / "log"))
    settings = " ".join(f"-c {one}" for one in ("listen_addresses=", *options))
    try:
        _run(user, f"{binaries}/initdb", "-D", str(folder), "-A", "trust", "-U", "tester")
        _run(user, *control, "-o", f"-k {place} {settings}", "start")
        try:
            yield f"postgresql+psycopg://tester@/postgres?host={place}"
        finally:
            _run(user, *control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(place)


def _run(user: str | None, *command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, user=user, cwd="/")
