from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from ps_integration.stores.operational import approvals, claims, ledger
from ps_integration.stores.operational.models import Break, LiveLine
from ps_integration.workflows import post
from ps_integration.workflows.erp_document import build, payload_sha256
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import make_batch, make_document, make_firm, make_night

REF = "PS-APOLLO-202603-1"


@pytest.fixture
def erp(tmp_path):
    return FakeErp(tmp_path / "erp.sqlite", "F", drafts=True)


def read(store, ref=REF):
    with store.snapshot() as session:
        return ledger.get(session, ref)


def test_an_approved_document_is_created_posted_and_read_back(store, night, approved, erp):
    approved(make_batch())
    result = post.post(night, store, {"bc": erp})
    document = read(store)
    assert (document.state, document.erp_number) == ("posted", "INV1")
    assert (document.readback_minor, document.confirmed_at) == (35_000, night.as_of)
    assert document.readback["erp_altered"] == []
    assert result.row_count == 1
    assert [receipt.state for receipt in erp.documents()] == ["posted"]


def test_posting_again_sends_nothing(store, night, approved, erp):
    approved(make_batch())
    post.post(night, store, {"bc": erp})
    post.post(night, store, {"bc": erp})
    assert (erp.calls("create"), erp.calls("post")) == ([REF], [REF])


def test_draft_mode_stops_at_the_draft(store, tmp_path, approved, erp):
    night = make_night(tmp_path, firm=make_firm(mode="draft"))
    approved(make_batch(), night)
    post.post(night, store, {"bc": erp})
    post.recover(night, store, {"bc": erp})
    assert read(store).state == "draft"
    assert erp.calls("post") == []


def test_draft_mode_sends_nothing_to_an_erp_without_drafts(store, tmp_path, approved):
    night = make_night(tmp_path, firm=make_firm(mode="draft"))
    erp = FakeErp(tmp_path / "k.sqlite", "K")
    approved(make_batch(), night)
    post.post(night, store, {"bc": erp})
    assert (read(store).state, erp.documents()) == ("approved", [])


def test_a_lost_reply_is_adopted_not_sent_again(store, night, approved, erp):
    approved(make_batch())
    erp.play("lost_after")
    post.post(night, store, {"bc": erp})
    assert read(store).state == "posted"
    assert erp.calls("create") == [REF]


def test_a_late_commit_is_not_sent_again(store, night, approved, erp):
    approved(make_batch())
    erp.play("late")
    post.post(night, store, {"bc": erp})
    assert len(erp.documents()) == 1


def test_a_settle_time_too_long_to_wait_for_leaves_the_document_unknown(
    store, night, approved, tmp_path
):
    erp = FakeErp(tmp_path / "slow.sqlite", "F", delay=900.0)
    approved(make_batch())
    erp.play("lost_before")
    post.post(night, store, {"bc": erp})
    assert read(store).state == "unknown"
    assert erp.calls("create") == [REF]


def test_class_n_is_held_at_the_first_doubt(store, night, approved, tmp_path):
    erp = FakeErp(tmp_path / "n.sqlite", "N")
    approved(make_batch())
    erp.play("lost_before")
    post.post(night, store, {"bc": erp})
    post.post(night, store, {"bc": erp})
    assert read(store).state == "held"
    assert erp.calls("create") == [REF]


def test_a_refused_resend_stays_unknown(store, night, approved, erp):
    approved(make_batch())
    erp.play("lost_before", "refuse", "refuse", "refuse")
    post.post(night, store, {"bc": erp})
    assert read(store).state == "unknown"
    assert post.recover(night, store, {"bc": erp}).row_count == 1
    assert len(erp.documents()) == 1


def test_an_endless_doubt_ends_dead_and_keeps_its_lines(store, night, approved, erp):
    approved(make_batch())
    erp.play(*["lost_before"] * 20)
    for _ in range(5):
        post.post(night, store, {"bc": erp})
    with store.snapshot() as session:
        assert len(session.scalars(select(LiveLine)).all()) == 2
    assert (read(store).state, read(store).attempts) == ("dead", 8)


def test_a_refused_document_is_taken_apart(store, night, approved, erp):
    approved(make_batch())
    erp.play("refuse")
    post.post(night, store, {"bc": erp})
    with store.snapshot() as session:
        [found] = session.scalars(select(Break)).all()
        assert session.scalars(select(LiveLine)).all() == []
    assert (found.rule, found.blocked_kind, found.blocked_id) == ("IN01", "entry", "harvest_uk:1-1")
    assert found.at_risk_minor == 10_000
    assert read(store).state == "refused"


def test_a_refusal_that_blames_no_line_holds_the_project(store, night, approved, erp):
    approved(make_batch())
    erp.play("refuse_whole")
    post.post(night, store, {"bc": erp})
    with store.snapshot() as session:
        [found] = session.scalars(select(Break)).all()
    assert (found.blocked_kind, found.blocked_id) == ("project", "apollo")


def test_a_draft_that_the_erp_refuses_to_post_is_discarded(store, night, approved, erp):
    approved(make_batch())
    erp.play("ok", "refuse_whole")
    post.post(night, store, {"bc": erp})
    assert read(store).state == "refused"
    assert erp.documents() == []


def test_what_was_throttled_goes_out_in_the_same_run(store, night, approved, erp):
    approved(make_batch())
    erp.play("throttled", "ok", "not_sent")
    post.post(night, store, {"bc": erp})
    post.post(night, store, {"bc": erp})
    assert read(store).state == "posted"


def test_an_earlier_life_of_the_store_is_found_before_the_first_send(store, night, approved, erp):
    approved(make_batch())
    sent = post_payload(store)
    erp.create(sent)
    post.post(night, store, {"bc": erp})
    assert read(store).state == "posted"
    assert erp.calls("create") == [REF]


def post_payload(store):
    with store.snapshot() as session:
        return build(ledger.get(session, REF), approvals.lines(session, REF))


@pytest.mark.parametrize(
    "edit", [{"amount_minor": 1}, {"customer_key": "c999"}, {"currency": "EUR"}]
)
def test_something_else_under_our_reference_is_held(store, night, approved, erp, edit):
    approved(make_batch())
    erp.create(post_payload(store))
    erp.edit(REF, **edit)
    post.post(night, store, {"bc": erp})
    assert read(store).state == "held"
    assert len(erp.documents()) == 1


def test_two_documents_under_our_reference_are_held(store, night, approved, erp):
    approved(make_batch())
    erp.create(post_payload(store))
    made = erp.create(post_payload(store))
    erp.post(post_payload(store), made.receipt.erp_id)
    post.post(night, store, {"bc": erp})
    assert read(store).state == "held"
    assert len(erp.documents()) == 2


def test_a_date_that_the_erp_moved_is_recorded(store, night, approved, tmp_path):
    class Moving(FakeErp):
        def find(self, company, reference):
            moved = date(2026, 4, 1)
            return [replace(one, posting_date=moved) for one in super().find(company, reference)]

    approved(make_batch())
    post.post(night, store, {"bc": Moving(tmp_path / "m.sqlite", "U")})
    document = read(store)
    assert document.state == "posted"
    assert [one["field"] for one in document.readback["erp_altered"]] == ["posting_date", "period"]


def test_a_credit_memo_goes_out_with_positive_amounts(store, night, approved, erp):
    approved(make_batch(make_document(amounts=(-10_000, 2_000), kind="credit_memo")))
    post.post(night, store, {"bc": erp})
    [made] = erp.documents()
    assert (made.amount_minor, made.line_amounts_minor) == (8_000, (10_000, -2_000))
    assert read(store).readback_minor == -8_000


def test_a_break_opened_after_approval_stops_its_document_alone(store, night, approved, erp):
    batch = approved(make_batch(make_document(1), make_document(2)))
    with store.session() as session:
        session.add(make_break("entry", "harvest_uk:1-2", night.as_of))
    post.post(night, store, {"bc": erp})
    assert read(store).state == "planned"
    assert read(store, "PS-APOLLO-202603-2").state == "posted"
    assert batch.documents[0].document_ref not in erp.calls("create")


@pytest.mark.parametrize(
    ("kind", "blocked"),
    [
        ("project", "apollo"),
        ("customer", "c100"),
        ("company", "US01"),
        ("company", "bc:US01"),
        ("document", REF),
        ("system", "bc"),
        ("system", "harvest_uk"),
    ],
)
def test_a_break_on_the_whole_stops_the_document(store, night, approved, erp, kind, blocked):
    approved(make_batch())
    with store.session() as session:
        session.add(make_break(kind, blocked, night.as_of))
    post.post(night, store, {"bc": erp})
    assert (read(store).state, erp.documents()) == ("planned", [])


def make_break(kind, blocked, at):
    return Break(
        break_id=f"{kind}-{blocked}"[:24],
        rule="TM08",
        record_key=blocked,
        period="2026-03",
        state="open",
        severity="high",
        owner="finance",
        blocked_kind=kind,
        blocked_id=blocked,
        opened_at=at,
        last_seen_at=at,
        times_seen=1,
        times_opened=1,
        facts={},
    )


def test_an_expired_approval_sends_nothing(store, tmp_path, night, approved, erp):
    approved(make_batch())
    later = make_night(tmp_path, as_of=night.as_of + timedelta(days=15))
    post.post(later, store, {"bc": erp})
    assert (read(store).state, erp.documents()) == ("planned", [])


def test_a_changed_configuration_voids_the_approval(store, tmp_path, approved, erp):
    approved(make_batch())
    post.post(make_night(tmp_path, config_hash="d" * 64), store, {"bc": erp})
    assert (read(store).state, erp.documents()) == ("planned", [])


def test_an_unknown_document_is_not_resent_when_its_approval_expired(
    store, tmp_path, night, approved, erp
):
    approved(make_batch())
    with store.session() as session:
        document = ledger.load(session, REF)
        claims.intend(session, document, "create", ledger.Step(night.as_of, None), night.as_of)
    later = make_night(tmp_path, as_of=night.as_of + timedelta(days=15))
    post.post(later, store, {"bc": erp})
    assert (read(store).state, erp.documents()) == ("held", [])


def test_every_intent_is_in_the_store_when_the_call_arrives(store, night, approved, tmp_path):
    seen = []

    class Watching(FakeErp):
        def create(self, document):
            with store.snapshot() as session:
                last = ledger.history(session, document.reference)[-1]
                seen.append((last.to_state, last.payload_sha256))
            return super().create(document)

    approved(make_batch())
    expected = payload_sha256(post_payload(store))
    post.post(night, store, {"bc": Watching(tmp_path / "w.sqlite", "K")})
    assert seen == [("sending", expected)]
