from collections.abc import Iterator
from pathlib import Path

import pytest

from ps_integration_tests.billing.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "warehouse.duckdb")
    yield made
    made.warehouse.close()
