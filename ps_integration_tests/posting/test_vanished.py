"""A posted document that the ERP lists no more is looked up; only what is absent counts as gone."""

import sqlite3
from datetime import timedelta

import pytest

from ps_integration.errors import RetryLaterError
from ps_integration.stores.operational import reversals
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows import post, vanished
from ps_integration.workflows.mirror import mirror
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import make_batch, make_document

REFS = [f"PS-APOLLO-202603-{number}" for number in range(1, 6)]


@pytest.fixture
def warehouse(tmp_path, night):
    with Warehouse(tmp_path / "warehouse.duckdb") as opened:
        opened.insert("config.run", [{"run_id": night.run_id, "as_of": night.as_of}])
        yield opened


@pytest.fixture
def erp(tmp_path):
    return FakeErp(tmp_path / "erp.sqlite", "F")


@pytest.fixture
def posted(store, night, approved, erp, warehouse):
    """Two posted documents, and a complete reading since then that lists none."""
    approved(make_batch(make_document(1), make_document(2)))
    post.post(night, store, {"bc": erp})
    read(warehouse, night)


def read(warehouse, night, status="complete"):
    at = night.as_of + timedelta(hours=20)
    warehouse.insert(
        "raw.reads",
        [{"system": "bc", "stream": "invoices", "status": status, "started_at": at}],
    )


def forget(erp, *refs):
    """Delete documents in the ERP."""
    with sqlite3.connect(erp.path) as db:
        db.executemany("delete from docs where ref = ?", [(ref,) for ref in refs])


def gone(store):
    with store.snapshot() as session:
        return sorted(reversals.refs(session))


def test_what_is_there_under_its_reference_is_not_gone(store, night, warehouse, posted, erp):
    found = mirror(night, warehouse, store, {"bc": erp}).metadata
    assert (gone(store), found["unlisted_but_there"]) == ([], 2)


def test_what_a_look_up_does_not_find_is_gone(store, night, warehouse, posted, erp):
    forget(erp, REFS[0])
    mirror(night, warehouse, store, {"bc": erp})
    assert gone(store) == [REFS[0]]
    assert warehouse.rows("select document_ref from ops.erp_reversals") == [
        {"document_ref": REFS[0]}
    ]


def test_what_is_there_under_its_number_alone_is_not_gone(store, night, warehouse, posted, erp):
    with sqlite3.connect(erp.path) as db:
        db.execute("update docs set ref = 'by hand' where ref = ?", (REFS[0],))
    mirror(night, warehouse, store, {"bc": erp})
    assert gone(store) == []


def test_an_empty_list_alone_is_no_evidence(store, night, warehouse, posted, erp):
    forget(erp, *REFS)
    mirror(night, warehouse, store, {})
    assert gone(store) == []


def test_an_erp_out_of_reach_has_not_said_that_it_is_gone(store, night, warehouse, posted, erp):
    class Down(FakeErp):
        def numbered(self, company, number):
            raise RetryLaterError("down")

    forget(erp, *REFS)
    mirror(night, warehouse, store, {"bc": Down(erp.path, "F")})
    assert gone(store) == []


def test_a_file_drop_cannot_be_asked(store, night, warehouse, posted, erp):
    forget(erp, *REFS)
    mirror(night, warehouse, store, {"bc": FakeErp(erp.path, "N")})
    assert gone(store) == []


def test_what_was_posted_after_the_reading_is_not_missed(store, night, approved, warehouse, erp):
    approved(make_batch())
    read(warehouse, night, "failed")
    post.post(night, store, {"bc": erp})
    forget(erp, *REFS)
    mirror(night, warehouse, store, {"bc": erp})
    assert (gone(store), erp.calls("find")[-1:]) == ([], [REFS[0]])


def test_many_at_once_wait_for_a_person(store, night, approved, warehouse, erp):
    approved(make_batch(*(make_document(number) for number in range(1, 6))))
    post.post(night, store, {"bc": erp})
    read(warehouse, night)
    forget(erp, *REFS[:4])
    warehouse.insert(
        "canonical.erp_documents",
        [{"system": "bc", "stream": "invoices", "external_id": "5", "reference": REFS[4]}],
    )
    found = mirror(night, warehouse, store, {"bc": erp}).metadata
    assert (gone(store), found["unlisted_unasked"]) == ([], 4)
    assert len(REFS) - 1 > vanished.FEW
