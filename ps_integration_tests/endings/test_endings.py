"""The short form: two of the worst nights; the way to each state of a document."""

from decimal import Decimal
from pathlib import Path

import pytest

from ps_integration_tests.endings.documents import BY_COMMANDS, STATES, steps_to
from ps_integration_tests.endings.states import endings


@pytest.mark.e2e
def test_the_night_ends_with_a_report_or_a_sentence(tmp_path: Path) -> None:
    found = [*endings(tmp_path, [("planned", "warehouse and copy lost"), ("unknown", "key lost")])]
    assert [one for one in found if not one.is_good] == []
    assert [one.billed for one in found] == [Decimal("1605.00")] * 2


def test_every_state_of_a_document_is_led_to_by_commands_or_by_steps_of_the_engine() -> None:
    assert {state for state in STATES if state not in BY_COMMANDS} == {
        *("sending", "draft", "refused", "unknown", "held", "dead", "superseded"),
    }
    assert steps_to("dead") == ("sending", "dead")
    assert steps_to("draft") == ("sending", "draft")
