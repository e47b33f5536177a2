"""A short selection of the crash matrix: every labelled step and every wire fault, on every pair.

The whole of it runs by `make crashes`.
"""

import pytest

from ps_integration_tests.crashes import stores, world
from ps_integration_tests.crashes.__main__ import KINDS_OF_STORE, complaint, folder
from ps_integration_tests.crashes.faults import MATRIX
from ps_integration_tests.crashes.spec import draw, places
from ps_integration_tests.posting.targets import targets

PAIRS = [(target, store) for target in targets() for store in KINDS_OF_STORE]


@pytest.fixture(scope="module", params=PAIRS, ids=lambda pair: f"{pair[0].name}-{pair[1]}")
def opened(request):
    target, store = request.param
    if not stores.is_available(store):
        pytest.skip("no PostgreSQL server on this machine")
    with (
        folder() as home,
        stores.serve(store, home) as made,
        world.opened(target, made, home) as opened,
    ):
        yield store, opened


def cases(store, opened):
    """Every labelled step, each with the next fault; every fault comes."""
    steps = places()
    for number in range(max(len(steps), len(MATRIX))):
        place, kind = steps[number % len(steps)], MATRIX[number % len(MATRIX)]
        yield draw(opened.target.name, store, kind, number, place)


def test_a_kill_at_any_step_on_any_fault_loses_and_doubles_nothing(opened):
    store, running = opened
    killed = set()
    for spec in cases(store, running):
        result = running.play(spec)
        assert result.verdict == "ok", complaint(result)
        killed.update(result.killed_at)
    assert set(places()) <= killed
