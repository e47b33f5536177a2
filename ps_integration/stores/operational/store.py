"""The operational store: transactions, migrations and the check at start-up."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib.resources import as_file, files
from threading import Lock
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, inspect
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from ps_integration.domain.crashpoint import crashpoint
from ps_integration.domain.trail import KeyRing
from ps_integration.errors import FixConfigError, RetryLaterError
from ps_integration.stores.operational import audit, evidence, pending, witness
from ps_integration.stores.operational.engine import BEGIN, check_engine, make_engine
from ps_integration.stores.operational.journal import Journal, Mark
from ps_integration.stores.operational.kinds import KINDS, SINCE_0016

__all__ = ["OperationalStore", "Session"]


class OperationalStore:
    """What people decided and what was written to an ERP; SQLite or PostgreSQL."""

    def __init__(
        self, url: str, journal: Journal | None = None, keys: KeyRing | None = None
    ) -> None:
        """Open the store; `migrate` it before the first use.

        Args:
            url: SQLAlchemy URL.
            journal: Where what leaves is written down outside the store; None for a store that
                sends nothing.
            keys: What codes the audit trail; None for copies and rehearsals.

        Raises:
            FixConfigError: The URL cannot be used.
        """
        self.engine = make_engine(url)
        self.journal = journal
        self.keys = keys
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        event.listen(self._sessions, "after_flush", witness.note)
        # SQLite lets a second writer poll for its turn; threads of one process wait in line.
        self._one_writer = nullcontext() if self.is_postgresql else Lock()
        reading = {"isolation_level": "REPEATABLE READ"} if self.is_postgresql else {}
        self._readers = sessionmaker(
            self.engine.execution_options(**{BEGIN: "begin"}, **reading), expire_on_commit=False
        )

    @property
    def is_postgresql(self) -> bool:
        """Whether row locks must be taken; on SQLite a transaction is the only writer."""
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One writing transaction: commits on leaving, rolls back on an exception.

        What it wrote for posting extends the audit trail in the same transaction. Steps of
        documents that were sent, or are about to be, are in the posting journal before this
        returns.

        Raises:
            RetryLaterError: Another writer held the store for too long.
        """
        told: list[dict[str, Any]] = []
        mark: Mark | None = None
        try:
            with self._one_writer, self._sessions.begin() as session:
                pending.open_for(session, self.keys)
                yield session
                if self.journal is not None:
                    mark, told = evidence.to_journal(session)
                audit.extend(session)
        except OperationalError as error:
            if not _is_in_use(error):
                raise
            raise RetryLaterError("operational store: another writer holds it") from error
        if self.journal is not None and mark is not None:
            crashpoint("J1 committed-not-journalled")
            self.journal.append(mark, told)

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """One reading transaction that sees a single moment and holds no writer up."""
        with self._readers.begin() as session:
            yield session

    def migrate(self) -> None:
        """Bring the tables to this version, each migration in one transaction, then check.

        Raises:
            FixConfigError: The store is newer than this program, not durable, or no store.
            RetryLaterError: Another writer held the store for too long, or it is out of reach.
        """
        with _refusals(), _configured() as config:
            known = {script.revision for script in _scripts(config).walk_revisions()}
            with self.engine.begin() as connection:
                _refuse_unknown(connection, known)
                config.attributes["connection"] = connection
                owed = _unwitnessed(connection)
                command.upgrade(config, "head")
                if owed:
                    self._adopt(connection, owed)
            check_engine(self.engine)

    def is_in_use(self) -> bool:
        """Whether there are tables of ours already.

        Raises:
            RetryLaterError: It is out of reach.
        """
        with _refusals(), self.engine.begin() as connection:
            return MigrationContext.configure(connection).get_current_revision() is not None

    def _adopt(self, connection: Connection, owed: Sequence[str]) -> None:
        """Let the trail witness what a release that did not witness it wrote."""
        with Session(connection, expire_on_commit=False) as session:
            pending.open_for(session, self.keys)
            audit.adopt(session, owed)
            audit.extend(session)
            session.commit()

    def check(self) -> None:
        """Refuse to work on a store of another version or one that is not durable.

        Raises:
            FixConfigError: Says which.
            RetryLaterError: It is out of reach.
        """
        with _refusals(), _configured() as config, self.engine.begin() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
            wanted = _scripts(config).get_current_head()
        if found != wanted:
            raise FixConfigError(
                f"operational store: version {found or 'none'}, this program needs {wanted}; "
                "start it once with `nightly`, or use the program that wrote it"
            )
        check_engine(self.engine)

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


WITNESSED_WHOLE = "0016"
"""The revision of the tables from which all of them are witnessed."""
_LOCK_TIMEOUT, _DEADLOCK = "55P03", "40P01"
"""PostgreSQL's codes (appendix "Error Codes") for a lock that another transaction kept."""


def _is_in_use(error: OperationalError) -> bool:
    code = getattr(error.orig, "sqlstate", None)
    return code in {_LOCK_TIMEOUT, _DEADLOCK} or "locked" in str(error.orig)


def _unwitnessed(connection: Connection) -> Sequence[str]:
    """The kinds of rows that the store's trail does not know yet; a new store has none."""
    found = inspect(connection)
    if not found.has_table("audit"):
        return ()
    if all(column["name"] != "form" for column in found.get_columns("audit")):
        return (*KINDS, witness.DOCUMENTS)
    revision = MigrationContext.configure(connection).get_current_revision() or ""
    return () if revision >= WITNESSED_WHOLE else SINCE_0016


@contextmanager
def _refusals() -> Iterator[None]:
    """Say in our words why a store cannot be opened."""
    try:
        yield
    except OperationalError as error:
        raise RetryLaterError(f"operational store: {error.orig}") from error
    except DatabaseError as error:
        raise FixConfigError(
            f"operational store: {error.orig}; check stores.operational, or restore the store "
            "from the last backup"
        ) from error


@contextmanager
def _configured() -> Iterator[Config]:
    folder = files("ps_integration.stores.operational").joinpath("migrations")
    with as_file(folder) as path:
        config = Config()
        config.set_main_option("script_location", str(path).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        yield config


def _scripts(config: Config) -> ScriptDirectory:
    return ScriptDirectory.from_config(config)


def _refuse_unknown(connection: Connection, known: set[str]) -> None:
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in known:
        raise FixConfigError(
            f"operational store: version {found} was written by a newer program; use that one"
        )
