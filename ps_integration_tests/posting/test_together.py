"""Several posting processes at once on one store: the same result as one."""

import os
import signal
import traceback
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from ps_integration.stores.operational import leases, ledger, work
from ps_integration.stores.operational.models import Document
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import approve, post
from ps_integration_tests.posting import postgres
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import make_batch, make_document, make_night

COUNT = 10
FAULTS = ("lost_after", "ok", "late", "throttled", "thrice", "lost_before", "not_sent")


class ShiftedClock:
    """The wall clock and what a file adds to it, so that processes can be moved in time."""

    def __init__(self, path):
        self.path = path

    def now(self):
        seconds = float(self.path.read_text()) if self.path.exists() else 0.0
        return datetime.now(UTC) + timedelta(seconds=seconds)

    def sleep(self, seconds):
        signal.sigtimedwait([], seconds)


@pytest.fixture(scope="module")
def server():
    if not postgres.BINARIES:
        pytest.skip("no PostgreSQL server on this machine")
    pytest.importorskip("psycopg")
    with postgres.server("shared_buffers=16MB") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, store):
    if request.param == "sqlite":
        yield store
        return
    opened = OperationalStore(request.getfixturevalue("server"))
    with opened.engine.begin() as connection:
        connection.exec_driver_sql("drop schema public cascade")
        connection.exec_driver_sql("create schema public")
    opened.migrate()
    yield opened
    opened.close()


def signed(store, night, count=COUNT):
    batch = make_batch(*(make_document(number) for number in range(1, count + 1)))
    post.stage(night, store, [batch])
    approve.approve(store, batch.batch_id, "maria", night.as_of, "")
    url = store.engine.url.render_as_string(hide_password=False)
    store.close()
    return url


def fork(action, **environment):
    """Start a process that does something and ends; its id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.environ.update(environment)
        action()
        code = 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(code)


def whole_night(folder, url, erp, number):
    def go():
        own = make_night(folder, run_id=f"run-{number}")
        opened = OperationalStore(url)
        post.recover(own, opened, {"bc": erp})
        post.post(own, opened, {"bc": erp})

    return go


def posting(folder, url, erp, number):
    def go():
        own = make_night(folder, run_id=f"run-{number}")
        post.post(own, OperationalStore(url), {"bc": erp})

    return go


def check(store, erp, count=COUNT):
    """Nothing lost, nothing doubled, and the ledger tells it all."""
    refs = Counter(receipt.reference for receipt in erp.documents())
    assert refs == dict.fromkeys((f"PS-APOLLO-202603-{n}" for n in range(1, count + 1)), 1)
    assert {(one.state, one.amount_minor) for one in erp.documents()} == {("posted", 35_000)}
    with store.snapshot() as session:
        documents = session.scalars(select(Document)).all()
        assert {(one.state, one.readback_minor) for one in documents} == {("posted", 35_000)}
        assert ledger.replay(session) == dict.fromkeys(refs, "posted")


@pytest.mark.parametrize(("processes", "run"), [(1, posting), (2, whole_night), (4, posting)])
def test_any_number_of_posters_leave_what_one_leaves(store, night, tmp_path, processes, run):
    url = signed(store, night)
    erp = FakeErp(tmp_path / "erp.sqlite", "F", drafts=True, delay=0.3, concurrency=3)
    erp.play(*FAULTS)
    children = [fork(run(tmp_path, url, erp, number)) for number in range(processes)]
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [
        0
    ] * processes
    post.recover(night, store, {"bc": erp})
    check(store, erp)


def test_workers_share_the_work_on_postgresql(server, night, tmp_path):
    store = OperationalStore(server)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("drop schema public cascade")
        connection.exec_driver_sql("create schema public")
    store.migrate()

    class Slow(FakeErp):
        def create(self, document):
            signal.sigtimedwait([], 0.1)
            return super().create(document)

    url = signed(store, night)
    erp = Slow(tmp_path / "erp.sqlite", "U")
    children = [fork(posting(tmp_path, url, erp, number)) for number in range(4)]
    for child in children:
        os.waitpid(child, 0)
    check(store, erp)
    with store.snapshot() as session:
        runs = session.scalars(
            select(ledger.LedgerEntry.run_id).where(ledger.LedgerEntry.to_state == "posted")
        ).all()
    assert len(set(runs)) > 1
    store.close()


@pytest.mark.parametrize(
    "place", ["P1 looked-up", "P3 intent-committed", "P4 answered", "P6 committed", "P9 read-back"]
)
def test_whoever_slept_past_the_lease_neither_sends_nor_records(store, night, tmp_path, place):
    url = signed(store, night, count=2)
    erp = FakeErp(tmp_path / "erp.sqlite", "F", drafts=True)
    clock = ShiftedClock(tmp_path / "shift")
    own = make_night(tmp_path, run_id="sleeper")

    def sleeper():
        post.post(own, OperationalStore(url), {"bc": erp}, clock)

    child = fork(
        sleeper, PS_CRASHPOINT=place, PS_CRASHPOINT_HARNESS="1", PS_CRASHPOINT_SIGNAL="stop"
    )
    assert os.WIFSTOPPED(os.waitpid(child, os.WUNTRACED)[1])
    clock.path.write_text(str(leases.LEASE_SECONDS + 100))
    post.post(night, store, {"bc": erp}, clock)
    before = erp.calls("create"), erp.calls("post")
    os.kill(child, signal.SIGCONT)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert (erp.calls("create"), erp.calls("post")) == before
    post.recover(night, store, {"bc": erp}, clock)
    check(store, erp, 2)


def test_a_process_that_stands_still_before_its_call_does_not_make_it(store, night, tmp_path):
    """Nobody took over meanwhile: the document is simply sent again."""
    url = signed(store, night, count=1)
    erp = FakeErp(tmp_path / "erp.sqlite", "F")
    clock = ShiftedClock(tmp_path / "shift")

    def sleeper():
        post.post(night, OperationalStore(url), {"bc": erp}, clock)

    place = {"PS_CRASHPOINT": "P3 intent-committed", "PS_CRASHPOINT_HARNESS": "1"}
    child = fork(sleeper, **place, PS_CRASHPOINT_SIGNAL="stop")
    os.waitpid(child, os.WUNTRACED)
    clock.path.write_text("60")
    os.kill(child, signal.SIGCONT)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    check(store, erp, 1)
    with store.snapshot() as session:
        steps = [row.to_state for row in ledger.history(session, "PS-APOLLO-202603-1")]
    assert steps[2:] == ["sending", "approved", "sending", "posted"]


def test_a_run_that_lost_its_lease_sends_and_writes_nothing_more(
    tmp_path, store, night, approved, states
):
    class Stolen(FakeErp):
        def find(self, company, reference):
            later = night.as_of.replace(year=2100)
            with store.session() as session:
                if store.is_postgresql:
                    ledger.load(session, reference).lease_until = night.as_of
                    session.flush()
                    work.take(session, reference, ["approved"], later)
                else:
                    leases.acquire(session, leases.POSTING, later)
            return super().find(company, reference)

    approved(make_batch())
    erp = Stolen(tmp_path / "erp.sqlite", "F")
    result = post.post(night, store, {"bc": erp})
    assert result.metadata["lease_lost"] == 1
    assert erp.calls("create") == []
    assert set(states().values()) == {"approved"}
