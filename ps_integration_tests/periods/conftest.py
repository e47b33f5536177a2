"""The books of a month and an empty store."""

import shutil

import pytest

from ps_integration.stores.operational.store import OperationalStore
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration_tests.periods.month import TABLES, put_batch


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    with Warehouse(tmp_path_factory.mktemp("period") / "w.duckdb") as opened:
        yield opened


@pytest.fixture
def warehouse(filled):
    """The books of a night in which everything is as it should be."""
    for table, rows in TABLES.items():
        filled.execute(f"delete from {table}")
        filled.insert(table, rows)
    return filled


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A migrated store with a batch that documents can belong to."""
    path = tmp_path_factory.mktemp("period") / "store.sqlite"
    made = OperationalStore(f"sqlite:///{path}")
    made.migrate()
    put_batch(made)
    made.close()
    return path


@pytest.fixture
def store(template, tmp_path):
    shutil.copy(template, tmp_path / "store.sqlite")
    opened = OperationalStore(f"sqlite:///{tmp_path / 'store.sqlite'}")
    yield opened
    opened.close()
