"""Copies of one posted history: to be attacked, and to go on working with."""

import shutil

import pytest

from ps_integration.stores.operational.store import OperationalStore
from ps_integration_tests.audit.attacks import KEYS, history


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    return history(tmp_path_factory.mktemp("audit"))


@pytest.fixture(scope="module")
def victim(template, tmp_path_factory):
    """A copy whose file is in an attacker's hands."""
    path = tmp_path_factory.mktemp("victim") / "store.sqlite"
    shutil.copy(template, path)
    store = OperationalStore(f"sqlite:///{path}", keys=KEYS)
    yield store
    store.close()


@pytest.fixture
def own(template, tmp_path):
    """A copy to go on working with."""
    shutil.copy(template, tmp_path / "store.sqlite")
    store = OperationalStore(f"sqlite:///{tmp_path / 'store.sqlite'}", keys=KEYS)
    yield store
    store.close()
