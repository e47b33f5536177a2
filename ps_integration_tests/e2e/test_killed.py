"""`kill -9` of a whole night: run again, and the books are those of an undisturbed night."""

import random
import time

import pytest

from ps_integration_tests.e2e.conftest import SECOND, THIRD, World
from ps_integration_tests.e2e.test_repeated import process

pytestmark = pytest.mark.e2e
PLACES = ("P3 intent-committed", "P4 answered", "P6 committed@3", "P9 read-back")


@pytest.mark.parametrize("place", PLACES)
def test_a_night_killed_while_posting_ends_as_an_undisturbed_one(north: World, undisturbed, place):
    north.state.set_clock(SECOND)
    harness = {"PS_CRASHPOINT_HARNESS": "1", "PS_CRASHPOINT": place}
    running = process(north, "--as-of", "2026-03-10", **harness)
    running.communicate(timeout=120)
    assert running.returncode == -9
    assert north.night(THIRD).exit_code == 0
    assert north.invoices() == undisturbed


@pytest.mark.parametrize("share", [0.35, 0.6, 0.8])
def test_a_night_killed_at_any_moment_ends_as_an_undisturbed_one(north: World, undisturbed, share):
    north.state.set_clock(SECOND)
    running = process(north, "--as-of", "2026-03-10")
    time.sleep(6 * share * random.uniform(0.8, 1.2))
    running.kill()
    running.communicate(timeout=60)
    assert north.night(THIRD).exit_code == 0
    assert north.invoices() == undisturbed
