import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ps_integration.stores.operational.store import OperationalStore
from ps_integration_tests.billing.history import History
from ps_integration_tests.billing.world import World


@pytest.fixture
def world() -> Iterator[World]:
    made = World(Path(":memory:"))
    yield made
    made.warehouse.close()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "store.sqlite"
    store = OperationalStore(f"sqlite:///{path}")
    store.migrate()
    store.close()
    return path


@pytest.fixture
def history(tmp_path: Path, migrated: Path) -> Iterator[History]:
    """A history with nothing in it yet; reverse and rebill, voided documents are billed again."""
    shutil.copy(migrated, tmp_path / "store.sqlite")
    store = OperationalStore(f"sqlite:///{tmp_path / 'store.sqlite'}")
    made = History(store)
    yield made
    made.warehouse.close()
    store.close()
