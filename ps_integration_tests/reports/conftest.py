"""A filled warehouse, and the report of it."""

import pytest

from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration_tests.reports import nights, world


@pytest.fixture
def warehouse(tmp_path):
    with Warehouse(tmp_path / "warehouse.duckdb") as opened:
        yield opened


@pytest.fixture
def report(warehouse):
    world.fill(warehouse)
    return world.make_report(warehouse)


@pytest.fixture
def store():
    made = nights.Store(world.make_breaks())
    yield made
    made.engine.dispose()


@pytest.fixture
def night(tmp_path):
    return nights.make_night(tmp_path / "state")
