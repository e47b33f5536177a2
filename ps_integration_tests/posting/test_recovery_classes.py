"""What each kind of refusal leads to, surplus drafts, and the ledger that tells it all again."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from ps_integration.domain.posting import TransitionRefusedError
from ps_integration.errors import FixConfigError, RetryLaterError
from ps_integration.stores.operational import approvals, claims, ledger
from ps_integration.stores.operational.models import Break, Document, LiveLine
from ps_integration.workflows import post
from ps_integration.workflows.erp_document import build
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import make_batch, make_document

REF = "PS-APOLLO-202603-1"
START = datetime(2026, 4, 1, 3, 30, tzinfo=UTC)


class HandClock:
    """A clock that only moves when somebody waits."""

    def __init__(self):
        self.at = START

    def now(self):
        return self.at

    def sleep(self, seconds):
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def erp(tmp_path):
    return FakeErp(tmp_path / "erp.sqlite", "F", drafts=True)


def read(store, ref=REF):
    with store.snapshot() as session:
        return ledger.get(session, ref)


def post_payload(store):
    with store.snapshot() as session:
        return build(ledger.get(session, REF), approvals.lines(session, REF))


def lines_and_breaks(store):
    with store.snapshot() as session:
        return (
            len(session.scalars(select(LiveLine)).all()),
            len(session.scalars(select(Break)).all()),
        )


def test_a_document_put_off_keeps_its_lines_and_waits(store, night, approved, erp, clock):
    approved(make_batch())
    erp.play("later", "later")
    post.post(night, store, {"bc": erp}, clock)
    document = read(store)
    assert (document.state, document.put_off) == ("approved", 2)
    assert document.next_try_at == clock.now() + timedelta(seconds=4)
    assert document.hold_reason == "BUSY: busy"
    assert lines_and_breaks(store) == (2, 0)
    assert post.post(night, store, {"bc": erp}, clock).row_count == 1
    assert read(store).state == "posted"


def test_a_document_is_left_alone_until_its_time(store, night, approved, erp, clock):
    approved(make_batch())
    erp.play(*["later"] * 4)
    post.post(night, store, {"bc": erp}, clock)
    clock.sleep(4)
    post.post(night, store, {"bc": erp}, clock)
    calls = len(erp.calls("create"))
    post.post(night, store, {"bc": erp}, clock)
    assert len(erp.calls("create")) == calls
    assert read(store).next_try_at - clock.now() > timedelta(seconds=post.RETRY_WAIT_SECONDS_MAX)


def test_a_document_put_off_too_often_is_dead_and_keeps_its_lines(
    store, night, approved, erp, clock
):
    approved(make_batch())
    erp.play(*["later"] * 9)
    for _ in range(9):
        post.post(night, store, {"bc": erp}, clock)
        clock.sleep(6 * 3600)
    assert (read(store).state, len(erp.calls("create"))) == ("dead", 8)
    assert lines_and_breaks(store) == (2, 0)


def test_a_wrong_configuration_pauses_its_system_and_blames_no_data(
    store, night, approved, erp, clock
):
    approved(make_batch(*(make_document(number) for number in range(1, 6))))
    erp.play("denied")
    result = post.post(night, store, {"bc": erp}, clock)
    with store.snapshot() as session:
        assert len(claims.refs_in(session, "approved")) == 5
    assert lines_and_breaks(store) == (10, 0)
    assert len(erp.calls("create")) == 1
    assert result.metadata["paused"] == {"bc": "401: no such user"}
    assert not next(one for one in result.checks if one.name == "erp_takes_documents").passed
    assert post.post(night, store, {"bc": erp}, clock).row_count == 5


def test_a_draft_refused_for_the_configuration_stays(store, night, approved, erp, clock):
    approved(make_batch())
    erp.play("ok", "denied")
    post.post(night, store, {"bc": erp}, clock)
    assert read(store).state == "draft"
    assert [receipt.state for receipt in erp.documents()] == ["draft"]
    post.recover(night, store, {"bc": erp}, clock)
    assert read(store).state == "posted"


@pytest.mark.parametrize("mode", ["later", "denied", "refuse"])
def test_no_refusal_settles_a_doubt(store, night, approved, tmp_path, clock, mode):
    erp = FakeErp(tmp_path / "erp.sqlite", "K")
    approved(make_batch())
    erp.play("lost_before", mode, *["lost_before"] * 9)
    post.post(night, store, {"bc": erp}, clock)
    assert read(store).state == "unknown"
    assert lines_and_breaks(store) == (2, 0)


def test_a_lookup_with_wrong_credentials_pauses_the_system(store, night, approved, tmp_path):
    class Denied(FakeErp):
        def find(self, company, reference):
            super().find(company, reference)
            raise FixConfigError("the credentials are refused")

    erp = Denied(tmp_path / "erp.sqlite", "F")
    approved(make_batch(*(make_document(number) for number in range(1, 6))))
    result = post.post(night, store, {"bc": erp})
    assert len(erp.calls("find")) == 1
    assert result.metadata["paused"] == {"bc": "the credentials are refused"}


def test_a_system_out_of_reach_is_left_alone_after_three_lookups(store, night, approved, tmp_path):
    class Down(FakeErp):
        def find(self, company, reference):
            super().find(company, reference)
            raise RetryLaterError("HTTP 503")

    erp = Down(tmp_path / "erp.sqlite", "F")
    approved(make_batch(*(make_document(number) for number in range(1, 6))))
    post.post(night, store, {"bc": erp})
    assert len(erp.calls("find")) == 3


def test_one_document_that_cannot_be_looked_up_stops_no_other(store, night, approved, tmp_path):
    class Poisoned(FakeErp):
        def find(self, company, reference):
            if reference == REF:
                raise RetryLaterError("HTTP 500")
            return super().find(company, reference)

    erp = Poisoned(tmp_path / "erp.sqlite", "F")
    approved(make_batch(*(make_document(number) for number in range(1, 6))))
    assert post.post(night, store, {"bc": erp}).row_count == 4


def test_not_knowing_has_a_deadline_from_the_first_doubt(store, night, approved, tmp_path):
    erp = FakeErp(tmp_path / "slow.sqlite", "F", delay=900.0)
    approved(make_batch())
    erp.play("lost_before")
    post.post(night, store, {"bc": erp})
    later = replace(night, as_of=night.as_of + timedelta(hours=20), run_id="run-2")
    post.post(later, store, {"bc": erp})
    assert read(store).unknown_until == night.as_of + timedelta(hours=24)


def test_a_doubt_that_is_settled_has_no_deadline(store, night, approved, erp):
    approved(make_batch())
    erp.play("lost_after")
    post.post(night, store, {"bc": erp})
    assert (read(store).state, read(store).unknown_until) == ("posted", None)


@pytest.mark.parametrize(("age", "state", "sent"), [(400, "posted", 1), (600, "unknown", 0)])
def test_a_key_that_the_server_may_have_forgotten_is_not_trusted(
    store, night, approved, tmp_path, clock, age, state, sent
):
    erp = FakeErp(tmp_path / "k.sqlite", "K", delay=900.0, key_retention_seconds=1000.0)
    approved(make_batch())
    with store.session() as session:
        document = ledger.load(session, REF)
        step = ledger.Step(night.as_of, None)
        claims.intend(session, document, "create", step, clock.now())
    clock.sleep(age)
    post.post(night, store, {"bc": erp}, clock)
    assert (read(store).state, len(erp.calls("create"))) == (state, sent)


def test_what_a_lookup_shows_late_is_waited_for(store, night, approved, tmp_path, clock):
    erp = FakeErp(tmp_path / "f.sqlite", "F", delay=1.0, find_lag_seconds=500.0)
    approved(make_batch())
    erp.play("lost_before")
    post.post(night, store, {"bc": erp}, clock)
    clock.sleep(400)
    post.post(night, store, {"bc": erp}, clock)
    assert (read(store).state, len(erp.calls("create"))) == ("unknown", 1)
    clock.sleep(200)
    post.post(night, store, {"bc": erp}, clock)
    assert (read(store).state, len(erp.calls("create"))) == ("posted", 2)


def test_of_several_equal_drafts_one_is_kept_and_posted(store, night, approved, erp):
    approved(make_batch())
    erp.create(post_payload(store))
    erp.create(post_payload(store))
    post.post(night, store, {"bc": erp})
    assert read(store).state == "posted"
    assert [receipt.state for receipt in erp.documents()] == ["posted"]


def test_several_drafts_that_are_not_all_as_approved_are_held(store, night, approved, erp):
    approved(make_batch())
    erp.create(post_payload(store))
    erp.create(replace(post_payload(store), posting_date=date(2026, 4, 1)))
    post.post(night, store, {"bc": erp})
    assert read(store).state == "held"
    assert len(erp.documents()) == 2


def test_the_ledger_replays_to_the_states(store, night, approved, erp):
    approved(make_batch(make_document(1), make_document(2), make_document(3)))
    erp.play("lost_after", "ok", "refuse", "late", "ok")
    post.post(night, store, {"bc": erp})
    with store.snapshot() as session:
        states = {row.document_ref: row.state for row in session.scalars(select(Document))}
        assert ledger.replay(session) == states
        assert set(states.values()) == {"posted", "refused"}


def test_a_ledger_with_a_missing_step_does_not_replay(store, night, approved, erp):
    approved(make_batch())
    post.post(night, store, {"bc": erp})
    with store.engine.begin() as connection:
        connection.exec_driver_sql("drop trigger ledger_no_delete")
        connection.exec_driver_sql("delete from ledger where to_state = 'draft'")
    with store.snapshot() as session, pytest.raises(TransitionRefusedError, match="stood at"):
        ledger.replay(session)
