from collections.abc import Iterator
from pathlib import Path

import pytest

from ps_integration_tests.billing.world import World


@pytest.fixture
def world() -> Iterator[World]:
    made = World(Path(":memory:"))
    yield made
    made.warehouse.close()
