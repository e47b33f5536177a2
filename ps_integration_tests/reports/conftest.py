"""A filled warehouse, and the report of it."""

import pytest

from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration_tests.reports import nights, world


@pytest.fixture
def warehouse(tmp_path):
    with Warehouse(tmp_path / "warehouse.duckdb") as opened:
        yield opened


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    """The report of the filled tables; a frozen value, so that all tests share one."""
    with Warehouse(tmp_path_factory.mktemp("report") / "w.duckdb") as filled:
        world.fill(filled)
        return world.make_report(filled)


@pytest.fixture
def store():
    made = nights.Store(world.make_breaks())
    yield made
    made.engine.dispose()


@pytest.fixture
def night(tmp_path):
    return nights.make_night(tmp_path / "state")
