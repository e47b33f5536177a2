"""What people do with a draft in the ERP, by class of ERP and policy, and what follows from it."""

import itertools
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import select

from ps_integration.stores.operational import ledger
from ps_integration.stores.operational.models import LiveLine
from ps_integration.workflows import post
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import make_batch, make_firm, make_night

REF = "PS-APOLLO-202603-1"
OTHER = {"amount_minor": 30_000, "line_amounts_minor": [10_000, 20_000]}


def as_people_do(erp, what):
    """Left alone, posted, deleted (gone, or shown as cancelled), edited, and both."""
    if what in {"edited", "edited_and_posted"}:
        erp.edit(REF, **OTHER)
    if what == "deleted":
        erp.forget(REF)
    state = {"posted": "posted", "edited_and_posted": "posted", "shown_cancelled": "cancelled"}
    if what in state:
        with closing(sqlite3.connect(erp.path, isolation_level=None)) as db:
            db.execute("update docs set state = ? where ref = ?", (state[what], REF))


def expected(what, policy):
    """State of our document, and whether its lines can be planned again."""
    if what in {"deleted", "shown_cancelled"}:
        return ("refused", True) if policy == "rebill" else ("held", False)
    ends = {"left": "draft", "edited": "draft", "posted": "posted", "edited_and_posted": "held"}
    return ends[what], False


@pytest.mark.parametrize(
    ("what", "posting_class", "policy"),
    list(
        itertools.product(
            ("left", "posted", "deleted", "shown_cancelled", "edited", "edited_and_posted"),
            "KUF",
            ("hold", "rebill", "leave"),
        )
    ),
)
def test_every_end_of_a_draft_is_told_apart(store, tmp_path, approved, what, posting_class, policy):
    firm = make_firm(mode="draft")
    entities = tuple(one.model_copy(update={"voided": policy}) for one in firm.legal_entities)
    night = make_night(tmp_path, firm=firm.model_copy(update={"legal_entities": entities}))
    erp = FakeErp(tmp_path / "erp.sqlite", posting_class, drafts=True, delay=0.0001)
    approved(make_batch(), night)
    post.post(night, store, {"bc": erp})
    as_people_do(erp, what)
    post.recover(night, store, {"bc": erp})
    post.recover(night, store, {"bc": erp})  # once more changes nothing
    with store.snapshot() as session:
        document = ledger.get(session, REF)
        is_free = not session.scalars(select(LiveLine)).all()
    assert (document.state, is_free) == expected(what, policy)
    assert (document.confirmed_at is not None) == (what == "posted")
    assert erp.calls("post") == []
    if what.startswith("edited"):
        assert "350.00 USD approved, 300.00 USD in the ERP" in document.hold_reason
        assert "line 2: 250.00 USD approved, 200.00 USD in the ERP" in document.hold_reason
