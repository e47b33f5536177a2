"""Starts a Tryton server on a loopback port, on a database of its own, and ends it again."""

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from ps_integration.errors import FixConfigError, PsIntegrationError
from ps_integration.sandbox.server import HOST
from ps_integration.sandbox.servers.tryton.books import Books
from ps_integration.sandbox.servers.tryton.provision import provision
from ps_integration.sandbox.servers.tryton.rpc import Rpc

PASSWORD: Final = "halden-tryton-9Q"  # noqa: S105 - of a server that only this machine reaches
MODULES: Final = ("project_invoice", "analytic_invoice")
PACKAGES: Final = ("trytond", "trytond_project_invoice", "trytond_analytic_invoice")
START_SECONDS: Final = 60.0
INIT_SECONDS: Final = 300.0
DATABASE: Final = "erp"
_CHILD: Final = Path(__file__).with_name("child.py")


@dataclass(frozen=True, slots=True)
class Live:
    """A Tryton server that is running.

    Attributes:
        url: Its address, without a final slash.
        database: Name of its database.
        companies: Company key of the books to Tryton's id.
        pid: Its process.
    """

    url: str
    database: str
    companies: dict[str, str]
    pid: int

    def rpc(self) -> Rpc:
        """A session of the administrator."""
        return Rpc(self.url, self.database, PASSWORD)


def is_installed() -> bool:
    """Whether the packages of the extra `tryton` are there."""
    modules = ("trytond", *(f"trytond.modules.{name}" for name in MODULES))
    try:
        return all(importlib.util.find_spec(name) is not None for name in modules)
    except ModuleNotFoundError:
        return False


@contextmanager
def serve(folder: Path, books: Books, database_uri: str = "") -> Iterator[Live]:
    """Run a server on the books' database in a folder; filled the first time, kept after that.

    Args:
        folder: Where configuration, log and (on SQLite) the database stay.
        books: What a new database is filled with.
        database_uri: e.g. `postgresql://user@127.0.0.1:5432/`, where an empty database `erp`
            is; empty = SQLite.

    Raises:
        FixConfigError: Tryton is not installed.
        PsIntegrationError: The server does not start.
    """
    if not is_installed():
        raise FixConfigError("Tryton is not installed; install the extra: ps-integration[tryton]")
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    told = folder / "companies.json"
    if not told.exists():
        _make_database(folder, database_uri)
    with _process(folder, database_uri) as (url, pid):
        if not told.exists():
            companies = provision(Rpc(url, DATABASE, PASSWORD), books)
            told.write_text(json.dumps(companies))
        yield Live(url, DATABASE, json.loads(told.read_text()), pid)


@contextmanager
def _process(folder: Path, database_uri: str) -> Iterator[tuple[str, int]]:
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    config = _configured(folder, database_uri, port)
    command = [sys.executable, str(_CHILD), "-c", str(config), "-d", DATABASE]
    with (
        (folder / "log").open("ab") as log,
        subprocess.Popen(command, stdout=log, stderr=log, cwd=folder) as process,  # noqa: S603 - fixed words
    ):
        try:
            _wait(process, f"http://{HOST}:{port}/", folder / "log")
            yield f"http://{HOST}:{port}", process.pid
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urlopen(url, timeout=5):  # noqa: S310 - our own server
                return
        except URLError as error:
            if hasattr(error, "code"):  # it answers, if only that there is nothing at /
                return
            time.sleep(0.05)
    raise PsIntegrationError(f"Tryton did not start; its log is {log}")


def _configured(folder: Path, database_uri: str, port: int) -> Path:
    config, nothing = folder / "trytond.conf", folder / "web"
    nothing.mkdir(exist_ok=True)
    config.write_text(
        f"[database]\nuri = {database_uri or 'sqlite://'}\npath = {folder}\n"
        f"[web]\nlisten = {HOST}:{port}\nroot = {nothing}\n"
        "[session]\nmax_attempt = 50\n"
        "[queue]\nworker = True\n"  # printing is left to a worker, as on a real server
    )
    return config


def _make_database(folder: Path, database_uri: str) -> None:
    """On SQLite a copy of an empty one that is made once per version; elsewhere in place."""
    if database_uri:
        _activate(folder, database_uri)
        return
    cache = _cache()
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    pristine = cache / f"{_versions()}.sqlite"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # who comes second waits and finds it made
        if not pristine.exists():
            with tempfile.TemporaryDirectory(dir=cache) as made:
                database = Path(made) / f"{DATABASE}.sqlite"
                database.touch()  # Tryton wants the empty file to be there
                _activate(Path(made), "")
                database.replace(pristine)
    shutil.copyfile(pristine, folder / f"{DATABASE}.sqlite")


def _activate(folder: Path, database_uri: str) -> None:
    config = _configured(folder, database_uri, 0)
    secret = folder / "password"
    secret.touch(mode=0o600)
    secret.write_text(PASSWORD)
    command = [sys.executable, "-m", "trytond.cli.admin", "-c", str(config), "-d", DATABASE]
    command += ["-u", *MODULES, "--activate-dependencies", "--email", "admin@localhost", "-l", "en"]
    environ = {**os.environ, "TRYTONPASSFILE": str(secret)}
    done = subprocess.run(  # noqa: S603 - fixed words
        command, env=environ, capture_output=True, timeout=INIT_SECONDS, check=False
    )
    secret.unlink()
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise PsIntegrationError(f"Tryton's database could not be made: {' '.join(told)}")


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ps-integration" / "tryton"


def _versions() -> str:
    told = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return hashlib.sha256(told.encode()).hexdigest()[:16]
