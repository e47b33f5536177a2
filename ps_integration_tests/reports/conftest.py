"""A filled warehouse, and the report of it."""

import pytest

from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration_tests.reports import world


@pytest.fixture
def warehouse(tmp_path):
    with Warehouse(tmp_path / "warehouse.duckdb") as opened:
        yield opened


@pytest.fixture
def report(warehouse):
    world.fill(warehouse)
    return world.make_report(warehouse)
