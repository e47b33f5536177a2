"""Two posting runs at once, on SQLite."""

import os
from collections import Counter

from ps_integration.stores.operational import leases
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import approve, post
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import make_batch, make_document, make_night


def test_four_posters_at_once_send_each_document_once(tmp_path, store, night, states):
    batch = make_batch(*(make_document(number) for number in range(1, 7)))
    post.stage(night, store, [batch])
    approve.approve(store, batch.batch_id, "maria", night.as_of, "")
    erp = FakeErp(tmp_path / "erp.sqlite", "F", drafts=True)
    url = str(store.engine.url)
    store.close()
    children = []
    for number in range(4):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                own = make_night(tmp_path, run_id=f"run-{number}")
                post.post(own, OperationalStore(url), {"bc": erp})
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert codes == [0, 0, 0, 0]
    assert set(states().values()) == {"posted"}
    assert set(Counter(erp.calls("create")).values()) == {1}
    assert len(erp.documents()) == 6


def test_a_run_that_lost_its_lease_sends_and_writes_nothing_more(
    tmp_path, store, night, approved, states
):
    class Stolen(FakeErp):
        def find(self, company, reference):
            with store.session() as session:
                leases.acquire(session, leases.POSTING, night.as_of.replace(year=2100))
            return super().find(company, reference)

    approved(make_batch())
    erp = Stolen(tmp_path / "erp.sqlite", "F")
    result = post.post(night, store, {"bc": erp})
    assert result.metadata["lease_lost"] == 1
    assert erp.calls("create") == []
    assert set(states().values()) == {"approved"}
