"""`kill -9` of a whole night: run again, and the books are those of an undisturbed night."""

import os
import time

import pytest

from ps_integration_tests.e2e.conftest import SECOND, THIRD, World
from ps_integration_tests.e2e.test_repeated import process

pytestmark = pytest.mark.e2e
PLACES = ("P3 intent-committed", "P4 answered@3", "P9 read-back")


@pytest.mark.parametrize("place", PLACES)
def test_a_night_killed_while_posting_ends_as_an_undisturbed_one(north: World, undisturbed, place):
    north.state.set_clock(SECOND)
    harness = {"PS_CRASHPOINT_HARNESS": "1", "PS_CRASHPOINT": place}
    running = process(north, "--as-of", "2026-03-10", **harness)
    running.communicate(timeout=120)
    assert running.returncode == -9
    assert north.night(THIRD).exit_code == 0
    assert north.invoices() == undisturbed


@pytest.mark.parametrize("after", ["raw", "breaks", "posting_batches"])
def test_a_night_killed_at_any_moment_ends_as_an_undisturbed_one(north: World, undisturbed, after):
    north.state.set_clock(SECOND)
    running = process(north, "--as-of", "2026-03-10", PYTHONUNBUFFERED="1")
    while after not in (line := running.stdout.readline()):
        assert line, running.stderr.read()
    time.sleep(os.getpid() % 10 / 50)
    running.kill()
    running.communicate(timeout=60)
    assert north.night(THIRD).exit_code == 0
    assert north.invoices() == undisturbed
