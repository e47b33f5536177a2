"""A migrated store, a night, and what tests look up in them."""

import shutil

import pytest
from sqlalchemy import select

from ps_integration.stores.operational.models import Document
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import approve, post
from ps_integration_tests.posting.making import make_night


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "store.sqlite"
    store = OperationalStore(f"sqlite:///{path}")
    store.migrate()
    with store.engine.connect() as connection:
        connection.exec_driver_sql("select 1")
    store.close()
    return path


@pytest.fixture
def store(tmp_path, migrated):
    shutil.copy(migrated, tmp_path / "store.sqlite")
    opened = OperationalStore(f"sqlite:///{tmp_path / 'store.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def night(tmp_path):
    return make_night(tmp_path)


@pytest.fixture
def approved(store, night):
    """Stage a batch and have a second person sign it."""

    def go(batch, on=None):
        used = on or night
        post.stage(used, store, [batch])
        approve.approve(store, batch.batch_id, "maria", used.as_of, "")
        return batch

    return go


@pytest.fixture
def states(store):
    def read():
        with store.snapshot() as session:
            return {doc.document_ref: doc.state for doc in session.scalars(select(Document))}

    return read
