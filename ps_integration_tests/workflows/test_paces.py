"""What reads a vendor account and what writes to it keep the account's limit together."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from ps_integration.connectors.limits import Paces
from ps_integration.connectors.protocol import StatusNote
from ps_integration.workflows.night import Night
from ps_integration.workflows.nightly import workbench
from ps_integration_tests.connectors.server import scripted
from ps_integration_tests.workflows.test_connect import CLOCKIFY, firm

NOTE = StatusNote("time_entry", "e1", "R", "INV-1", "invoiced", "")
ANSWER = (200, {}, b'{"id": "u"}')
ACCOUNT = ("clockify", "https://api.example.com", "w1")


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self):
        self.now = 0.0

    def paces(self):
        return Paces(lambda: self.now, self.sleep)

    def sleep(self, seconds):
        self.now += seconds


def night(folder, far):
    system = CLOCKIFY | {
        "base_url": far.url,
        "requests_per_second": 2,
        "credentials": {"api_key": "env:A"},
        "options": {"reports_url": far.url},
    }
    as_of = datetime(2026, 3, 1, tzinfo=UTC)
    return Night("r", as_of, firm(reads=system, too=system), "", folder, "person", "kim")


def keeps(sent, calls, seconds):
    """Whether no more calls than that left within so many seconds."""
    pairs = zip(sent, sent[calls:], strict=False)
    return all(later - first >= seconds for first, later in pairs)


def test_readers_and_a_writer_of_an_account_together_keep_its_limit(tmp_path):
    clock, sent = Clock(), []
    with scripted(ANSWER, aside=lambda _: sent.append(clock.now)) as far:
        tonight = night(tmp_path, far)
        with workbench(tonight, {"A": "x"}, paces=clock.paces()) as bench:
            for _ in range(3):
                bench.connectors["reads"].probe()
                bench.connectors["too"].probe()
                bench.feedback_writers["reads"].tell([NOTE])
    assert len(sent) == 9
    assert keeps(sent, 2, 1.0), sent


def test_two_workbenches_of_a_process_together_keep_the_limit_of_an_account(tmp_path):
    clock, sent = Clock(), []
    paces = clock.paces()
    with scripted(ANSWER, aside=lambda _: sent.append(clock.now)) as far:
        tonight = night(tmp_path, far)
        for _ in range(3):
            with workbench(tonight, {"A": "x"}, paces=paces) as bench:
                bench.connectors["reads"].probe()
    assert len(sent) == 3
    assert keeps(sent, 2, 1.0), sent


def test_accounts_do_not_wait_for_each_other():
    clock = Clock()
    paces = clock.paces()
    for account in ("w1", "w2", "w3"):
        paces.of(("clockify", "https://api.example.com", account), ((1, 60.0),)).wait()
    assert clock.now == 0


def test_threads_that_ask_at_once_get_one_pace():
    class Slow(tuple):
        __slots__ = ()

        def __iter__(self):
            time.sleep(0.01)
            return super().__iter__()

    paces = Paces()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: paces.of(ACCOUNT, Slow([(1, 1.0)])), range(8)))
    assert len(set(map(id, found))) == 1
