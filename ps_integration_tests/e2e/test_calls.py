"""How often each system was called is what the far sides counted."""

from collections import Counter

import pytest

from ps_integration_tests.e2e.conftest import SECOND, World

pytestmark = pytest.mark.e2e
_NOTED = "select system, sum(calls)::bigint as calls from raw.calls group by system"


def test_the_calls_of_nights_that_post_are_those_that_the_far_sides_saw(fresh: World):
    """Reading, posting and feedback; asking for a token is no call of the API."""
    fresh.fault("status_503", times=1)
    fresh.live()
    fresh.night(SECOND)
    requests = fresh.server.log.requests()
    seen = Counter(one.system for one in requests if "token" not in one.path)
    assert fresh.invoices()
    assert sorted(row["calls"] for row in fresh.rows(_NOTED)) == sorted(seen.values())
