"""What waits for a person is one break of that person, and what went out tonight is no break."""

from collections.abc import Sequence
from typing import Any

import pytest

from ps_integration_tests.regressions.firm import Firm

LIMIT = 'max_amount_per_batch: {GBP: "5000"}'
UNPOSTED = ("TM01", "BL01", "BL02", "TM15")


def by_hand(firm: Firm) -> None:
    """Let policy approve nothing; the opening list is signed and a batch of 933.88 waits."""
    firm.edit("firm.yaml", LIMIT, 'max_amount_per_batch: {GBP: "1"}')
    firm.night("2026-03-31")
    firm.sign()
    assert firm.night("2026-04-01")["posted"]["new"] == 0


def unposted(firm: Firm, *words: str) -> Sequence[Any]:
    """The breaks about work that is not in the ERP, but for the 6 h that another rule holds."""
    found = firm.said("breaks", "list", *words)["breaks"]
    return [
        one
        for one in found
        if one["rule"] in UNPOSTED and not one["record_key"].startswith("nl-2|")
    ]


@pytest.mark.case(
    "a batch that waits for approval is one break, of who can approve it",
    kind="truth of the morning",
    places=("reconciliation/rules/tm01_approved_time_not_in_erp.sql", "domain/breaks.py"),
)
def test_a_batch_that_waits_is_one_break_of_finance(northlight: Firm) -> None:
    by_hand(northlight)
    northlight.night("2026-04-06")
    waiting = unposted(northlight)
    assert len(waiting) == 1, [one["record_key"] for one in waiting]
    found = waiting[0]
    assert (found["rule"], found["owner"], found["at_risk_minor"]) == ("TM01", "finance", 93388)
    assert found["period"] == "2026-03"
    [batch] = northlight.said("batches", "list")["batches"]
    said = " ".join(northlight.run("breaks", "show", found["break_id"]).text.split())
    assert f"Batch {batch['batch_id']}, 2 entries in 1 document" in said
    assert "7.75 h worth 933.88 GBP" in said
    # the same break the night after, though the plan was made anew
    northlight.night("2026-04-07")
    [again] = unposted(northlight)
    assert (again["break_id"], again["times_opened"]) == (found["break_id"], 1)
    northlight.approve()
    assert northlight.night("2026-04-08")["posted"]["new"] == 2
    assert not unposted(northlight)


@pytest.mark.case(
    "what is posted tonight is not at risk tonight",
    kind="truth of the morning",
    places=(
        "workflows/reconcile.py",
        "workflows/steps.py",
        "reconciliation/engine.py",
        "reconciliation/rules/bl01_work_unbilled_too_long.sql",
        "reconciliation/rules/bl02_milestone_not_billed.sql",
        "reconciliation/rules/tm15_cap_used_up.sql",
    ),
)
def test_what_is_posted_tonight_is_not_at_risk_tonight(northlight: Firm) -> None:
    by_hand(northlight)
    northlight.approve()
    # past the posting limit when the night begins, in the ERP when it ends
    night = northlight.night("2026-04-20")
    assert night["posted"] == {"new": 2, "total": 2}
    assert not unposted(northlight, "--all")
