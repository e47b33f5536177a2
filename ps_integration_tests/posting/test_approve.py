from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from ps_integration.domain.identity import current_user
from ps_integration.errors import AskFinanceError
from ps_integration.settings.approval import AutoApproval
from ps_integration.stores.operational.models import Approval, Opening
from ps_integration.workflows import approve, post
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import (
    AS_OF,
    make_batch,
    make_document,
    make_firm,
    make_night,
)


@pytest.fixture
def staged(store, night):
    batch = make_batch(make_document(1), make_document(2))
    post.stage(night, store, [batch])
    return batch


def open_posting(store, bill_from=date(2026, 3, 1)):
    approve.sign_opening(
        store,
        Opening(
            legal_entity="us",
            time_system="harvest_uk",
            bill_from=bill_from,
            list_sha256="e" * 64,
            signed_by="maria",
            signed_at=AS_OF,
        ),
    )


def test_a_signed_batch_is_approved_with_its_documents(store, staged, states):
    approve.approve(store, staged.batch_id, "maria", AS_OF, "looked at")
    assert set(states().values()) == {"approved"}
    shown = approve.show_batch(store, staged.batch_id)
    assert (shown.status, shown.decided_by, len(shown.documents)) == ("approved", "maria", 2)


def test_the_maker_cannot_approve(store, tmp_path, states):
    night = make_night(tmp_path, trigger="person", maker="maria")
    batch = make_batch()
    post.stage(night, store, [batch])
    with pytest.raises(AskFinanceError, match="another person must decide"):
        approve.approve(store, batch.batch_id, "maria", AS_OF, "")
    assert set(states().values()) == {"planned"}


@pytest.mark.parametrize("who", ["policy", "schedule", "system", ""])
def test_a_name_of_the_product_cannot_sign(store, staged, who):
    with pytest.raises(AskFinanceError, match="not a person"):
        approve.approve(store, staged.batch_id, who, AS_OF, "")


@pytest.mark.parametrize("claimed_maker", ["maria", "someone"])
def test_self_approval_is_impossible_by_sql(store, tmp_path, claimed_maker):
    night = make_night(tmp_path, trigger="person", maker="maria")
    batch = make_batch()
    post.stage(night, store, [batch])
    with pytest.raises(IntegrityError), store.session() as session:
        session.execute(
            text(
                "insert into approvals (batch_id, decision, content_sha256, merkle_root,"
                " config_hash, maker, decided_by, decided_at, note)"
                " select batch_id, 'approved', content_sha256, merkle_root, config_hash, :maker,"
                " 'maria', planned_at, '' from batches"
            ),
            {"maker": claimed_maker},
        )


def test_who_changed_the_configuration_becomes_a_maker(store, tmp_path, staged):
    other = make_night(
        tmp_path, run_id="run-2", maker="maria", trigger="person", config_hash="d" * 64
    )
    post.stage(other, store, [staged])
    with pytest.raises(AskFinanceError, match="another person"):
        approve.approve(store, staged.batch_id, "maria", AS_OF, "")


def test_a_batch_is_decided_once(store, staged):
    approve.approve(store, staged.batch_id, "maria", AS_OF, "")
    with pytest.raises(AskFinanceError, match="is approved"):
        approve.reject(store, staged.batch_id, "maria", AS_OF, "")


def test_a_rejected_batch_frees_its_lines_and_policy_will_not_pass_them(store, night, staged):
    open_posting(store)
    approve.reject(store, staged.batch_id, "maria", AS_OF, "wrong customer")
    again = make_batch(
        make_document(1, ref="PS-APOLLO-202603-7"), make_document(2, ref="PS-APOLLO-202603-8")
    )
    post.stage(night, store, [again])
    result = approve.by_policy(night, store)
    assert result.metadata["waiting"] == {
        again.batch_id: "a person rejected one of its lines before"
    }


def test_policy_passes_a_small_clean_batch(store, night, staged):
    open_posting(store)
    assert approve.by_policy(night, store).metadata["approved"] == (staged.batch_id,)
    assert approve.show_batch(store, staged.batch_id).decided_by == "policy"


def test_policy_leaves_a_batch_whose_currency_nobody_knows(store, night, staged, monkeypatch):
    """As where somebody altered the row: the night goes on, and the audit names it."""
    open_posting(store)
    monkeypatch.setattr("ps_integration.workflows.policy.MINOR_UNITS", {"EUR": 2})
    waiting = approve.by_policy(night, store).metadata["waiting"]
    assert waiting[staged.batch_id] == "its currency 'USD' is none that is known"


def test_a_credit_that_corrects_nothing_is_left_to_a_person(store, night):
    open_posting(store)
    batch = make_batch(make_document(1, amounts=(-10_000, 4_000)))
    post.stage(night, store, [batch])
    assert approve.by_policy(night, store).metadata["waiting"] == {
        batch.batch_id: f"{batch.documents[0].document_ref} credits and corrects nothing; "
        "a person decides"
    }


def test_policy_waits_for_the_opening_list(store, night, staged):
    waiting = approve.by_policy(night, store).metadata["waiting"]
    assert waiting[staged.batch_id] == "the opening list of us and harvest_uk is not signed"


def test_an_opening_signed_for_another_date_does_not_count(store, night, staged):
    open_posting(store, date(2026, 2, 1))
    assert approve.by_policy(night, store).row_count == 0


@pytest.mark.parametrize(
    ("ceiling", "reason"),
    [
        ({"max_amount_per_batch": {"USD": "699.99"}}, "above the ceiling per batch in USD"),
        ({"max_amount_per_day": {"USD": "699.99"}}, "above the ceiling per day in USD"),
        ({"max_amount_per_month": {"USD": "699.99"}}, "above the ceiling per month in USD"),
        ({"max_amount_per_batch": {}}, "above the ceiling per batch in USD"),
        ({"max_lines_per_batch": 3}, "4 lines, policy allows 3"),
    ],
)
def test_policy_stays_under_each_ceiling(store, tmp_path, staged, ceiling, reason):
    open_posting(store)
    firm = make_firm()
    limits = AutoApproval(**(firm.approval.automatic.model_dump() | ceiling))
    approval = firm.approval.model_copy(update={"automatic": limits})
    night = make_night(tmp_path, firm=firm.model_copy(update={"approval": approval}))
    assert approve.by_policy(night, store).metadata["waiting"] == {staged.batch_id: reason}


def test_the_ceiling_of_a_day_counts_what_policy_passed_before(store, tmp_path):
    open_posting(store)
    firm = make_firm()
    limits = firm.approval.automatic.model_copy(update={"max_amount_per_day": {"USD": "500.00"}})
    firm = firm.model_copy(
        update={"approval": firm.approval.model_copy(update={"automatic": limits})}
    )
    night = make_night(tmp_path, firm=firm)
    first, second = make_batch(make_document(1)), make_batch(make_document(2))
    post.stage(night, store, [first, second])
    assert approve.by_policy(night, store).row_count == 1
    tomorrow = replace(night, as_of=night.as_of + timedelta(days=1), run_id="run-2")
    assert approve.by_policy(tomorrow, store).row_count == 1


def test_a_line_added_or_taken_after_approval_stops_posting(store, night, approved, tmp_path):
    approved(make_batch())
    with store.session() as session:
        session.execute(text("drop trigger posting_lines_no_delete"))
        session.execute(text("delete from posting_lines where line_no = 2"))
    erp = FakeErp(tmp_path / "erp.sqlite", "F")
    post.post(night, store, {"bc": erp})
    assert erp.calls("create") == []


def test_an_approval_binds_the_hashes_of_its_batch(store, staged):
    approve.approve(store, staged.batch_id, "maria", AS_OF, "")
    with store.snapshot() as session:
        [signed] = session.scalars(select(Approval)).all()
    assert signed.content_sha256 == staged.content_sha256
    assert len(signed.merkle_root) == 64


def test_identity_cannot_be_set_from_the_environment(monkeypatch):
    before = current_user()
    for name in ("USER", "LOGNAME", "LNAME", "USERNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "mallory")
    assert current_user() == before != "mallory"
