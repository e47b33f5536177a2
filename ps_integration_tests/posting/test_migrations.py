"""Every released store can be brought to this version with nothing lost, on both databases."""

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, insert, select
from sqlalchemy.types import JSON, BigInteger, Boolean, Date, DateTime, Integer

from ps_integration.stores.operational import store as stores
from ps_integration.stores.operational.base import Base
from ps_integration.stores.operational.store import OperationalStore
from ps_integration_tests.posting.making import AS_OF
from ps_integration_tests.posting.test_postgresql import server  # noqa: F401 - a fixture


def revisions():
    with stores._configured() as config:
        found = [script.revision for script in stores._scripts(config).walk_revisions()]
    return found[::-1]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, tmp_path):
    if request.param == "sqlite":
        store = OperationalStore(f"sqlite:///{tmp_path / 'old.sqlite'}")
    else:
        store = OperationalStore(request.getfixturevalue("server"))
        with store.engine.begin() as connection:
            connection.exec_driver_sql("drop schema public cascade")
            connection.exec_driver_sql("create schema public")
    yield store
    store.close()


def bring_to(store, revision):
    with stores._configured() as config, store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def fill(store):
    """One row in every table, of whatever columns the table has; what was written, by table."""
    known = MetaData()
    with store.engine.begin() as connection:
        known.reflect(connection)
        for table in known.sorted_tables:
            if table.name in {"alembic_version", "store_identity"}:
                continue
            row = {column.name: value(table.name, column) for column in table.columns}
            connection.execute(insert(table), [row])
        return contents(connection, known)


def contents(connection, known):
    return {
        table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
        for table in known.sorted_tables
        if table.name != "alembic_version"
    }


def value(table, column):
    """A value that the column's type and the store's constraints take."""
    fixed = {
        "decided_by": "maria",
        "seconded_by": "joan",
        "confirmed_by": "joan",
        "confirms": None,  # a proposal; only another row can confirm it
        "prev_sha256": "7" * 64,
        "state": "planned",
        "currency": "GBP",
    }
    if column.name in fixed:
        return fixed[column.name]
    kind = column.type
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, (BigInteger, Integer)):
        return 1
    if isinstance(kind, DateTime):
        return AS_OF
    if isinstance(kind, Date):
        return AS_OF.date()
    digits = 64 if column.name == "sha256" else 1
    return {"a": 1} if isinstance(kind, JSON) else "8" * digits


@pytest.mark.parametrize("revision", revisions())
def test_a_store_of_every_revision_comes_to_this_one_whole(empty, revision):
    bring_to(empty, revision)
    written = fill(empty)
    empty.migrate()
    empty.check()
    known = MetaData()
    with empty.engine.begin() as connection:
        known.reflect(connection)
        now = contents(connection, known)
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    for table, rows in written.items():
        kept = [{name: row[name] for name in rows[0]} for row in now[table]] if rows else []
        assert all(row in kept for row in rows), table  # the trail tells of them in rows of its own


def test_there_is_one_line_of_revisions():
    with stores._configured() as config:
        assert len(stores._scripts(config).get_heads()) == 1
