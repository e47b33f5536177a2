from dataclasses import replace

from sqlalchemy import select

from ps_integration.stores.operational import ledger
from ps_integration.stores.operational.models import LiveLine
from ps_integration.workflows import approve, post
from ps_integration_tests.posting.making import make_batch, make_document, make_night

REF = "PS-APOLLO-202603-1"


def owners(store):
    with store.snapshot() as session:
        return {row.line_key: row.document_ref for row in session.scalars(select(LiveLine))}


def test_the_same_plan_twice_changes_nothing(store, night):
    post.stage(night, store, [make_batch()])
    with store.snapshot() as session:
        before = ledger.last_seq(session)
    result = post.stage(night, store, [make_batch()])
    with store.snapshot() as session:
        assert ledger.last_seq(session) == before
    assert result.metadata["kept"] == (make_batch().batch_id,)
    assert result.metadata["superseded"] == ()


def test_changed_content_supersedes_what_was_planned(store, night, states):
    post.stage(night, store, [make_batch()])
    changed = make_batch(make_document(1, amounts=(10_000, 30_000), ref="PS-APOLLO-202603-2"))
    post.stage(night, store, [changed])
    assert states() == {REF: "superseded", "PS-APOLLO-202603-2": "planned"}
    assert {batch.status for batch in approve.list_batches(store)} == {"superseded", "planned"}
    assert set(owners(store).values()) == {"PS-APOLLO-202603-2"}


def test_a_document_with_the_same_content_moves_to_its_new_batch_and_back(store, night, states):
    one, two = make_document(1), make_document(2)
    post.stage(night, store, [make_batch(one)])
    post.stage(night, store, [make_batch(one, two)])
    post.stage(night, store, [make_batch(one)])
    assert states() == {REF: "planned", "PS-APOLLO-202603-2": "superseded"}
    approve.approve(store, make_batch(one).batch_id, "maria", night.as_of, "")
    assert states()[REF] == "approved"


def test_an_approved_batch_is_left_alone_by_a_later_plan(store, night, approved, states):
    approved(make_batch())
    post.stage(night, store, [])
    assert states() == {REF: "approved"}


def test_a_line_that_another_live_document_holds_is_refused_and_the_others_go_on(
    store, night, approved, states
):
    approved(make_batch())
    doubled = make_batch(make_document(1, ref="PS-APOLLO-202603-9"))
    fine = make_batch(make_document(2))
    result = post.stage(night, store, [doubled, fine])
    assert states() == {REF: "approved", "PS-APOLLO-202603-2": "planned"}
    [check] = result.checks
    assert not check.passed
    assert "is live in PS-APOLLO-202603-1" in check.description


def test_a_reference_reused_for_other_money_is_refused(store, night, approved, states):
    approved(make_batch())
    other = make_batch(make_document(1, amounts=(1,)))
    result = post.stage(night, store, [other])
    assert "with other content" in result.checks[0].description
    assert states() == {REF: "approved"}


def test_totals_that_do_not_add_up_are_refused(store, night):
    class Wrong(type(make_batch())):
        @property
        def amount_minor(self):
            return 1

    result = post.stage(night, store, [Wrong(documents=(make_document(),))])
    assert "totals" in result.checks[0].description


def test_a_line_twice_in_one_batch_is_refused(store, night):
    one = make_document(1)
    twin = replace(one, document_ref="PS-APOLLO-202603-5", content_sha256="f" * 64)
    result = post.stage(night, store, [make_batch(one, twin)])
    assert "is live in PS-APOLLO-202603-1" in result.checks[0].description
    assert approve.list_batches(store) == ()
    assert owners(store) == {}


def test_the_run_is_recorded_with_its_maker(store, tmp_path):
    post.stage(make_night(tmp_path, maker="ana"), store, [make_batch()])
    assert approve.list_batches(store)[0].maker == "ana"
