"""A few faults of one seed in every run of the tests; `make quality` plays whole seeds."""

import pytest

from ps_integration_tests.quality.vendors.kinds import KINDS
from ps_integration_tests.quality.vendors.play import play
from ps_integration_tests.quality.vendors.score import notes, score, table


@pytest.fixture(scope="module")
def played():
    """Three nights: clean, with faults before posting, with faults after it."""
    return play(1, faults=12, likes=6, last=3)


@pytest.mark.e2e
def test_nothing_is_reported_of_a_firm_without_faults(played):
    assert [one["record_key"] for one, _ in played.found[1]] == []


@pytest.mark.e2e
def test_what_is_planted_is_found(played):
    result = score([played])
    assert not result.crashes, notes(result)
    assert result.total.planted >= 9, table(result, 1)
    assert result.total.found >= 0.7 * result.total.planted, notes(result)


def test_every_kind_says_in_words_of_its_own_what_happens():
    names = [kind.name for kind in KINDS]
    assert len(set(names)) == len(names)
