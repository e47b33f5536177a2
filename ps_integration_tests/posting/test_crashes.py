"""Kills a posting run by SIGKILL at every named place, then lets a clean one finish.

`PS_CRASHES=all` plays every place, passage and outcome for every class; without it a selection.
"""

import itertools
import os
import re
import shutil
import signal
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

import ps_integration
from ps_integration.stores.operational import claims
from ps_integration.stores.operational.models import Document, LiveLine
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import approve, post
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import make_batch, make_document, make_night

PLACES = [
    "P1 looked-up",
    "P2 claimed",
    "P3 intent-committed",
    "P4 answered",
    "P5 recorded",
    "P6 committed",
    "P9 read-back",
]
IN_RECOVERY = ["R1 interrupted-marked", "R2 looked-up"]
IN_DISCARD = ["P7 before-discard", "P8 discarded"]
IN_SURPLUS = ["P10 surplus-discarded"]
MODES = ["ok", "lost_before", "lost_after", "error_after", "late", "throttled", "not_sent"]


def outcomes(posting_class: str) -> list[tuple[str, int]]:
    """Outcome of the first write, and which passage of the place kills."""
    if os.environ.get("PS_CRASHES") == "all":
        return list(itertools.product(MODES, (1, 2)))
    if posting_class == "F":
        return [*((mode, 1) for mode in MODES), ("lost_after", 2)]
    return [("lost_after", 1), ("late", 2)]


@pytest.fixture
def tmp_path(tmp_path):
    """In memory where the machine allows: a kill leaves the page cache alone, so it is the same."""
    memory = Path("/dev/shm")  # noqa: S108 - only a place for files
    if not memory.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def ready(migrated, tmp_path_factory):
    """A store with one signed batch of two documents, copied for every case."""
    path = tmp_path_factory.mktemp("ready") / "store.sqlite"
    shutil.copy(migrated, path)
    store = OperationalStore(f"sqlite:///{path}")
    batch = make_batch(make_document(1), make_document(2))
    night = make_night(path.parent)
    post.stage(night, store, [batch])
    approve.approve(store, batch.batch_id, "maria", night.as_of, "")
    store.close()
    return path


class Case:
    """One store, one ERP, and runs over them in processes that may die."""

    def __init__(self, folder: Path, ready: Path, posting_class: str, *modes: str):
        shutil.copy(ready, folder / "store.sqlite")
        self.url = f"sqlite:///{folder / 'store.sqlite'}"
        self.night = make_night(folder)
        self.erp = FakeErp(folder / "erp.sqlite", posting_class, drafts=posting_class == "F")
        self.erp.play(*modes)

    def run(self, place: str = "") -> bool:
        """One posting run in a process of its own; whether it was killed."""
        child = os.fork()
        if child == 0:
            code = 1
            try:
                if place:
                    os.environ.update(PS_CRASHPOINT=place, PS_CRASHPOINT_HARNESS="1")
                store = OperationalStore(self.url)
                post.recover(self.night, store, {"bc": self.erp})
                post.post(self.night, store, {"bc": self.erp})
                code = 0
            finally:
                os._exit(code)
        status = os.waitpid(child, 0)[1]
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        assert killed or os.waitstatus_to_exitcode(status) == 0
        return killed

    def drain(self) -> dict[str, str]:
        """Clean runs until nothing moves; the states at the end."""
        store = OperationalStore(self.url)
        for _ in range(3):
            post.recover(self.night, store, {"bc": self.erp})
            post.post(self.night, store, {"bc": self.erp})
            with store.snapshot() as session:
                if not claims.refs_in(session, "approved", "sending", "draft", "unknown"):
                    break
        with store.snapshot() as session:
            assert session.connection().exec_driver_sql("pragma integrity_check").scalar() == "ok"
            states = {row.document_ref: row.state for row in session.scalars(select(Document))}
        store.close()
        return states

    def check(self, states: dict[str, str]) -> None:
        """Nothing lost, nothing doubled, nothing stuck."""
        refs = Counter(receipt.reference for receipt in self.erp.documents())
        assert max(refs.values(), default=0) <= 1
        if self.erp.capability.posting_class == "N":
            assert set(states.values()) <= {"posted", "held"}
            posted = {ref for ref, state in states.items() if state == "posted"}
            assert posted <= set(refs)
            return
        assert set(states.values()) == {"posted"}
        assert set(refs) == set(states)
        assert {receipt.state for receipt in self.erp.documents()} == {"posted"}


@pytest.mark.parametrize("posting_class", ["K", "U", "F", "N"])
@pytest.mark.parametrize("place", PLACES)
def test_a_kill_at_any_place_loses_and_doubles_nothing(tmp_path, ready, posting_class, place):
    killed = 0
    for number, (mode, passage) in enumerate(outcomes(posting_class)):
        folder = tmp_path / str(number)
        folder.mkdir()
        case = Case(folder, ready, posting_class, mode)
        killed += case.run(f"{place}@{passage}")
        case.check(case.drain())
    assert killed > 0 or (posting_class, place) == ("N", "P9 read-back")


@pytest.mark.parametrize("place", IN_RECOVERY)
@pytest.mark.parametrize("posting_class", ["K", "U", "F"])
def test_a_kill_during_recovery_loses_and_doubles_nothing(tmp_path, ready, posting_class, place):
    for number, mode in enumerate(("ok", "lost_after", "late")):
        folder = tmp_path / str(number)
        folder.mkdir()
        case = Case(folder, ready, posting_class, mode)
        assert case.run("P4 answered")
        assert case.run(place)
        case.check(case.drain())


@pytest.mark.parametrize("place", IN_DISCARD)
def test_a_kill_while_a_refused_draft_is_discarded_frees_its_lines(tmp_path, ready, place):
    case = Case(tmp_path, ready, "F", "ok", "refuse_whole")
    assert case.run(place)
    case.erp.play("refuse_whole")
    states = case.drain()
    refused = [ref for ref, state in states.items() if state == "refused"]
    assert len(refused) == 1
    assert refused[0] not in {receipt.reference for receipt in case.erp.documents()}
    store = OperationalStore(case.url)
    with store.snapshot() as session:
        assert refused[0] not in {row.document_ref for row in session.scalars(select(LiveLine))}
    store.close()


@pytest.mark.parametrize("place", IN_SURPLUS)
def test_a_kill_while_surplus_drafts_are_discarded_leaves_one_document(tmp_path, ready, place):
    case = Case(tmp_path, ready, "F", "thrice")
    assert case.run(place)
    case.check(case.drain())


@pytest.mark.parametrize("place", ["B1 staged"])
def test_a_kill_while_staging_leaves_no_partial_batch(tmp_path, migrated, place):
    shutil.copy(migrated, tmp_path / "store.sqlite")
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    child = os.fork()
    if child == 0:
        os.environ.update(PS_CRASHPOINT=place, PS_CRASHPOINT_HARNESS="1")
        post.stage(make_night(tmp_path), OperationalStore(url), [make_batch()])
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    store = OperationalStore(url)
    assert approve.list_batches(store) == ()
    post.stage(make_night(tmp_path), store, [make_batch()])
    assert [batch.line_count for batch in approve.list_batches(store)] == [2]
    store.close()


def test_every_crash_point_of_posting_is_exercised_here():
    package = Path(ps_integration.__file__).parent
    named = {
        name
        for path in (package / "workflows").glob("*.py")
        for name in re.findall(r'crashpoint\("([BPR]\d+ [^"]+)"\)', path.read_text("utf-8"))
    }
    assert named - {"B2 committed"} == {
        *PLACES,
        *IN_RECOVERY,
        *IN_DISCARD,
        *IN_SURPLUS,
        "B1 staged",
    }


def test_the_harness_has_teeth(tmp_path, ready):
    """An engine that sends again without looking doubles; if this passes, so could anything."""
    case = Case(tmp_path, ready, "F", "lost_after")
    case.erp.find = lambda _company, _reference: ()
    for _ in range(2):
        case.run()
    refs = Counter(receipt.reference for receipt in case.erp.documents())
    assert max(refs.values()) > 1
