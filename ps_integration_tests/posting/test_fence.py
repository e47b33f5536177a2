"""A store that was restored from an older copy sends nothing before it knows what was sent."""

import shutil

import pytest
from sqlalchemy import delete, select

from ps_integration.errors import CouldNotRunError
from ps_integration.stores.operational import audit_check, fence
from ps_integration.stores.operational.journal import Journal
from ps_integration.stores.operational.models import Document, LiveLine, StoreIdentity
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import approve, post
from ps_integration.workflows.catch_up import catch_up
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import make_batch, make_document, make_night

ROUTE = {"legal_entity": "us", "system": "bc", "company": "US01"}


@pytest.fixture
def night(tmp_path):
    plain = make_night(tmp_path)
    routing = plain.firm.routing.model_validate({"erp": [ROUTE]})
    firm = plain.firm.model_copy(update={"routing": routing})
    return make_night(tmp_path, firm=firm)


def test_a_store_that_does_not_say_which_it_is_says_what_to_do(tmp_path, migrated):
    site = tmp_path / "store.sqlite"
    shutil.copy(migrated, site)
    store = OperationalStore(f"sqlite:///{site}")
    with store.session() as session:
        session.execute(delete(StoreIdentity))
    with store.snapshot() as session, pytest.raises(CouldNotRunError, match="last backup"):
        fence.identity(session)
    store.close()


class Site:
    """A store with its journal, its ERP, and the copies somebody made of its file."""

    def __init__(self, folder, night, migrated, posting_class="F"):
        self.folder, self.night, self.path = folder, night, folder / "store.sqlite"
        shutil.copy(migrated, self.path)
        self.erp = FakeErp(folder / "erp.sqlite", posting_class, drafts=posting_class == "F")
        self.journal = Journal(folder / "posting.journal")

    def store(self):
        return OperationalStore(f"sqlite:///{self.path}", self.journal)

    def bill(self, *numbers, ref=""):
        store = self.store()
        batch = make_batch(*(make_document(number, ref=ref) for number in numbers))
        post.stage(self.night, store, [batch])
        approve.approve(store, batch.batch_id, "maria", self.night.as_of, "")
        store.close()

    def post(self):
        store = self.store()
        result = post.post(self.night, store, {"bc": self.erp})
        store.close()
        return result

    def keep_copy(self):
        shutil.copy(self.path, self.folder / "copy.sqlite")

    def restore_copy(self):
        for name in ("store.sqlite-wal", "store.sqlite-shm"):
            (self.folder / name).unlink(missing_ok=True)
        shutil.copy(self.folder / "copy.sqlite", self.path)

    def posted(self):
        return sorted(r.reference for r in self.erp.documents() if r.state == "posted")


@pytest.fixture(params=["K", "U", "F"])
def site(request, tmp_path, night, migrated):
    return Site(tmp_path, night, migrated, request.param)


def states(site):
    store = site.store()
    with store.snapshot() as session:
        found = {doc.document_ref: doc.state for doc in session.scalars(select(Document))}
    store.close()
    return found


def test_a_store_that_lost_what_it_sent_takes_it_again_and_bills_nothing_twice(site):
    site.bill(1)
    site.post()
    site.keep_copy()
    site.bill(2)
    site.post()
    site.restore_copy()
    result = site.post()
    assert "restored from an older copy" in result.metadata["caught_up"]
    assert states(site) == {"PS-APOLLO-202603-1": "posted", "PS-APOLLO-202603-2": "posted"}
    assert site.posted() == ["PS-APOLLO-202603-1", "PS-APOLLO-202603-2"]
    store = site.store()
    with store.snapshot() as session:
        assert session.get(LiveLine, "bc|harvest_uk|time_entry|2-1|1|0") is not None
        assert audit_check.verify(session).holds
        assert fence.identity(session).epoch == 2
    store.close()


def test_what_was_planned_in_the_old_copy_and_sent_later_is_not_sent_again(site):
    site.bill(1)
    site.keep_copy()
    site.post()
    site.restore_copy()
    calls = len(site.erp.calls("create"))
    site.post()
    assert states(site) == {"PS-APOLLO-202603-1": "posted"}
    assert len(site.erp.calls("create")) == calls


def test_what_was_planned_in_the_old_copy_and_never_sent_is_planned_anew(site):
    site.bill(1)
    site.post()
    site.bill(2)
    site.keep_copy()
    site.bill(3)
    site.post()
    site.restore_copy()
    site.journal.path.write_bytes(_without(site.journal.path.read_bytes(), b"202603-2"))
    site.erp.forget("PS-APOLLO-202603-2")
    site.post()
    assert states(site) == {
        "PS-APOLLO-202603-1": "posted",
        "PS-APOLLO-202603-2": "superseded",
        "PS-APOLLO-202603-3": "posted",
    }


def _without(journal, ref):
    return b"".join(line for line in journal.splitlines(keepends=True) if ref not in line)


def test_a_call_whose_answer_the_journal_lacks_is_looked_up(site):
    site.bill(1)
    site.keep_copy()
    site.post()
    lines = site.journal.path.read_bytes().splitlines(keepends=True)
    site.journal.path.write_bytes(lines[0])  # the machine died before the answer was written down
    site.restore_copy()
    site.post()
    assert states(site) == {"PS-APOLLO-202603-1": "posted"}
    assert site.posted() == ["PS-APOLLO-202603-1"]


def test_an_erp_document_that_nobody_here_knows_keeps_the_fence_up(site):
    site.bill(1)
    site.keep_copy()
    site.post()
    site.journal.path.unlink()
    site.restore_copy()
    store = site.store()
    with store.session() as session:
        fence.identity(session).is_copy = True
    store.close()
    result = site.post()
    assert not result.checks[0].passed
    assert result.checks[0].is_blocking
    assert "PS-APOLLO-202603-1" in result.checks[0].description
    assert site.posted() == ["PS-APOLLO-202603-1"]
    site.erp.forget("PS-APOLLO-202603-1")
    assert site.post().checks[0].passed


def test_an_erp_that_cannot_be_asked_keeps_the_fence_up(site):
    site.bill(1)
    site.post()
    site.keep_copy()
    site.bill(2)
    site.post()
    site.restore_copy()
    site.erp.is_down = True
    assert "could not be asked" in site.post().checks[0].description
    site.erp.is_down = False
    assert site.post().checks[0].passed


def test_a_lost_journal_is_made_up_for_by_asking_the_erp(site):
    site.bill(1)
    site.post()
    site.journal.path.unlink()
    result = site.post()
    assert result.checks[0].passed
    assert "journal is missing" in result.metadata["caught_up"]
    assert site.journal.mark() is not None


def test_what_was_signed_before_the_journal_was_lost_is_still_sent(site):
    site.bill(1)
    site.post()
    site.bill(2)
    site.journal.path.unlink()
    site.post()
    assert states(site) == {"PS-APOLLO-202603-1": "posted", "PS-APOLLO-202603-2": "posted"}


def test_a_store_in_good_order_is_never_fenced(site):
    for number in (1, 2, 3):
        site.bill(number)
        result = site.post()
        assert result.metadata["caught_up"] == ""


def test_the_journal_of_another_store_is_refused(site, tmp_path, migrated, night):
    site.bill(1)
    site.post()
    other = tmp_path / "other"
    other.mkdir()
    second = Site(other, night, migrated)
    store = second.store()
    with store.session() as session:
        fence.identity(session).store_id = "another"
    store.close()
    second.bill(1)
    second.post()
    shutil.copy(site.journal.path, second.journal.path)
    with pytest.raises(Exception, match="belongs to another operational store"):
        second.post()


def test_a_line_that_a_crash_cut_off_hides_nothing(site):
    site.bill(1)
    site.post()
    whole = site.journal.mark()
    with site.journal.path.open("ab") as file:
        file.write(b'{"store": "x", "epo')
    assert site.journal.mark() == whole
    site.bill(2)
    site.post()
    assert site.journal.mark().seq > whole.seq
    assert len(list(site.journal.entries((0, 0)))) > 2


def test_catching_up_twice_from_one_copy_gives_the_same_store(site):
    site.keep_copy()
    site.bill(1)
    site.post()
    for _ in range(2):
        site.restore_copy()
        store = site.store()
        standing = catch_up(site.night, store, {"bc": site.erp})
        store.close()
        assert standing.is_open
        site.post()
        assert states(site) == {"PS-APOLLO-202603-1": "posted"}
    assert site.posted() == ["PS-APOLLO-202603-1"]
