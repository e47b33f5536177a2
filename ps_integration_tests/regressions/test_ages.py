"""Ages and due dates count to the night whose books they are read from."""

import pytest

from ps_integration_tests.regressions.firm import Firm


@pytest.mark.case(
    "after a night of another day, the list tells ages as of that night, not of the wall clock",
    kind="ages that mean several things",
    places=("workflows/break_list.py", "cli/breaks.py", "cli/break_decisions.py"),
)
def test_ages_are_those_of_the_night(northlight: Firm) -> None:
    northlight.night("2026-03-31")
    found = northlight.said("breaks", "list")
    assert {one["age_business_days"] for one in found["breaks"]} == {0}
    northlight.night("2026-04-08")  # six weekdays later; this firm names no holidays
    ages = {
        one["rule"]: one["age_business_days"] for one in northlight.said("breaks", "list")["breaks"]
    }
    assert ages["TM11"] == 6
