"""The warehouse of a firm is opened with what the firm says of it."""

from datetime import UTC, datetime

import pytest

from ps_integration.settings.firm import Firm
from ps_integration.workflows.night import Night
from ps_integration.workflows.nightly import open_warehouse
from ps_integration_tests.workflows.conftest import FIRM


@pytest.mark.parametrize(("stores", "limit"), [({}, "1.8 GiB"), ({"memory_gb": 3}, "2.7 GiB")])
def test_the_firm_says_how_much_memory_its_warehouse_has(tmp_path, stores, limit):
    night = Night(
        run_id="run1",
        as_of=datetime(2026, 6, 1, 4, tzinfo=UTC),
        firm=Firm.model_validate({**FIRM, "stores": stores}, strict=False),
        config_hash="",
        folder=tmp_path,
        trigger="person",
        maker="kim",
    )
    with open_warehouse(night) as warehouse:
        assert warehouse.value("select current_setting('memory_limit')") == limit
