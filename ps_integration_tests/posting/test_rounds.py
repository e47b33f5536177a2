"""How many calls are under way at once, and in which order documents go out."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from ps_integration.stores.operational import claims, leases
from ps_integration.workflows import post
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import make_batch, make_document

DAYS = {1: 20, 2: 10, 3: 30}
BY_DATE = [f"PS-APOLLO-202603-{number}" for number in (2, 1, 3)]


def dated(number):
    return make_document(number, posting_date=date(2026, 3, DAYS[number]))


class Counting(FakeErp):
    """Notes how many calls were under way at once; the first waits for as many as are wanted."""

    def __init__(self, *args, wanted, **more):
        super().__init__(*args, **more)
        self.under_way = self.most = 0
        self.lock = threading.Lock()
        self.together = threading.Barrier(wanted)

    def create(self, document):
        with self.lock:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        self.together.wait(timeout=10)
        answer = super().create(document)
        with self.lock:
            self.under_way -= 1
        return answer


@pytest.mark.parametrize("limit", [1, 3])
def test_as_many_calls_are_under_way_as_the_account_takes(store, night, approved, tmp_path, limit):
    erp = Counting(tmp_path / "erp.sqlite", "U", concurrency=limit, wanted=limit)
    approved(make_batch(*(make_document(number) for number in range(1, 7))))
    assert post.post(night, store, {"bc": erp}).row_count == 6
    assert erp.most == limit


def test_a_company_in_order_goes_out_one_at_a_time_oldest_first(store, night, approved, tmp_path):
    erp = Counting(tmp_path / "erp.sqlite", "U", concurrency=3, is_ordered=True, wanted=1)
    approved(make_batch(*map(dated, DAYS)))
    post.post(night, store, {"bc": erp})
    assert erp.calls("create") == BY_DATE
    assert erp.most == 1


def test_nothing_overtakes_a_document_whose_outcome_is_unknown(store, night, approved, tmp_path):
    erp = FakeErp(tmp_path / "erp.sqlite", "F", is_ordered=True, delay=900.0)
    approved(make_batch(*map(dated, DAYS)))
    erp.play("lost_before")
    result = post.post(night, store, {"bc": erp})
    assert erp.calls("create") == BY_DATE[:1]
    assert result.metadata["waits_its_turn"] == 2


def test_two_threads_never_fail_each_other_in_silence(store, night, approved, tmp_path):
    """What one worker cannot handle stops the run and is raised; it is not lost in a thread."""

    class Broken(FakeErp):
        def create(self, document):
            raise ZeroDivisionError(document.reference)

    approved(make_batch(make_document(1), make_document(2)))
    with pytest.raises(ZeroDivisionError):
        post.post(night, store, {"bc": Broken(tmp_path / "erp.sqlite", "U", concurrency=2)})
    with store.session() as session:
        later = datetime.now(UTC) + timedelta(seconds=1)
        assert leases.acquire(session, leases.POSTING, later) is not None
        assert claims.refs_in(session, "sending")
