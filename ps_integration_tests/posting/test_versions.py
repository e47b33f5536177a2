"""An approval signs the program, mapping and rates a batch was made with; a change voids it."""

from decimal import Decimal

import pytest

from ps_integration.workflows import approve, post, versions
from ps_integration.workflows.voiding import void_rerated
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import make_batch, make_document, make_night


class Rated:
    """A warehouse that knows one price for every entry, and what each is worth under a cap."""

    def __init__(self, price, worth=None):
        self.today = {"unit_price": price, "amount_minor": worth, "has_cap": worth is not None}

    def rows(self, _sql, params):
        return [{"entry_id": entry, **self.today} for entry in params["ids"]]


@pytest.mark.parametrize(
    ("price", "count", "state"),
    [(Decimal(100), 0, "approved"), (Decimal("100.01"), 1, "planned"), (None, 1, "planned")],
)
def test_a_changed_rate_takes_the_approval_back(
    store, night, approved, states, price, count, state
):
    approved(make_batch(make_document(amounts=(10_000, 10_000))))
    assert void_rerated(night, Rated(price), store) == count
    assert set(states().values()) == {state}


@pytest.mark.parametrize(
    ("worth", "state"), [(6_612, "approved"), (30_125, "approved"), (6_611, "planned")]
)
def test_what_a_cap_left_has_no_rate_that_could_change(
    store, night, approved, states, worth, state
):
    """A line of 1 x 66.12 stands while the entry is worth that much at today's rate."""
    approved(make_batch(make_document(amounts=(6_612,))))
    void_rerated(night, Rated(Decimal("120.50"), worth), store)
    assert set(states().values()) == {state}


def test_a_taken_back_batch_is_approved_anew(store, night, approved, states):
    batch = approved(make_batch())
    void_rerated(night, Rated(Decimal(1)), store)
    assert approve.show_batch(store, batch.batch_id).status == "planned"
    approve.approve(store, batch.batch_id, "jonas", night.as_of, "")
    assert set(states().values()) == {"approved"}


@pytest.mark.parametrize("name", ["program", "mapping"])
def test_another_program_or_mapping_voids_the_approval(
    store, night, approved, states, tmp_path, monkeypatch, name
):
    approved(make_batch())
    other = {**versions.current(), name: "another"}
    monkeypatch.setattr(versions, "current", lambda: other)
    erp = FakeErp(tmp_path / "erp.sqlite", "F")
    post.post(night, store, {"bc": erp})
    assert erp.calls("create") == []
    assert set(states().values()) == {"planned"}


def test_a_planned_batch_made_again_carries_the_versions_of_its_last_run(store, night, tmp_path):
    batch = make_batch()
    post.stage(night, store, [batch], {**versions.current(), "program": "0"})
    post.stage(make_night(tmp_path, run_id="run-2"), store, [batch])
    approve.approve(store, batch.batch_id, "maria", night.as_of, "")
    erp = FakeErp(tmp_path / "erp.sqlite", "F")
    post.post(night, store, {"bc": erp})
    assert len(erp.calls("create")) == 1
