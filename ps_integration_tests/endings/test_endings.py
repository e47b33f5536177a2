"""The short form: every state of the stores once, with documents that wait and are posted."""

from decimal import Decimal
from pathlib import Path

import pytest

from ps_integration_tests.endings.states import endings


@pytest.mark.e2e
def test_the_night_ends_with_a_report_or_a_sentence(tmp_path: Path) -> None:
    stores = ["warehouse damaged", "copy damaged", "warehouse and copy lost", "key lost"]
    found = [*endings(tmp_path, ["planned and posted"], stores)]
    assert [one for one in found if not one.is_good] == []
    assert {one.billed for one in found} == {Decimal("1605.00")}
