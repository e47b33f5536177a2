"""The short form of `make sources`."""

import pytest

from ps_integration_tests.sources.check import KINDS, fuzz, shrink


def test_a_stream_that_shrinks_deletes_only_what_its_listing_can_prove(tmp_path):
    assert [one for one in shrink(tmp_path) if not one.is_right] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_ends_no_night_and_deletes_nothing(tmp_path, kind):
    found = list(fuzz(tmp_path, kind, range(40 if kind == "csv" else 5)))
    assert {one.deleted for one in found} == {0}
    assert "failed" in {one.outcome for one in found}
