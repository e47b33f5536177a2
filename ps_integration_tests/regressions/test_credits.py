"""Credits for work that is gone wait for a person, and corrections have limits that are gross."""

from decimal import Decimal

import pytest

from ps_integration_tests.regressions.firm import Firm

HOURS = "drops/hours-2026-03.csv"
POSTED = Decimal("933.88")


def waiting(firm: Firm) -> list[dict[str, object]]:
    return [one for one in firm.said("batches", "list")["batches"] if one["status"] == "planned"]


@pytest.mark.case(
    "the credit for a deleted entry waits for a person",
    kind="credits",
    places=(
        "workflows/policy.py",
        "stores/operational/rights.py",
        "billing/sql/ready_lines.sql",
        "cli/batches.py",
    ),
)
def test_the_credit_for_a_deleted_entry_waits_for_a_person(posted: Firm) -> None:
    posted.edit(HOURS, "1002,P-17,NL-1,Design,0.25,Y,RELEASED\n", "")
    posted.edit(HOURS, "1003,P-22,NL-2,Review,6.0,Y,OPEN", "1003,P-22,NL-2,Review,6.0,Y,RELEASED")
    posted.night("2026-04-02")
    posted.night("2026-04-03")
    posted.night("2026-04-04")
    # the credit of 30.13 has not gone out, and what has nothing to do with it has: 6 h at 95.00
    assert posted.billed() == POSTED + Decimal("570.00")
    [batch] = waiting(posted)
    shown = posted.run("batches", "show", str(batch["batch_id"])).text
    assert "takes back 30.13 GBP: deleted after posting 30.13 GBP (1 line)" in " ".join(
        shown.split()
    )
    answer = posted.run("batches", "approve", str(batch["batch_id"]), who="controller")
    assert "deleted after posting 30.13 GBP" in " ".join(answer.text.split())
    posted.night("2026-04-05")
    assert posted.billed() == POSTED + Decimal("570.00") - Decimal("30.13")


@pytest.mark.case(
    "withdrawn approvals are not credited by policy",
    kind="credits",
    places=("workflows/policy.py",),
)
def test_withdrawn_work_waits_for_a_person(posted: Firm) -> None:
    posted.edit(HOURS, "Design,7.5,Y,RELEASED", "Design,7.5,Y,SENT BACK")
    posted.edit(HOURS, "Design,0.25,Y,RELEASED", "Design,0.25,N,RELEASED")
    posted.night("2026-04-02")
    assert posted.billed() == POSTED
    [batch] = waiting(posted)
    assert batch["takes_back"] == [
        {"reason": "approval_withdrawn", "line_count": 1, "amount_minor": 90375},
        {"reason": "no_longer_billable", "line_count": 1, "amount_minor": 3013},
    ]
    posted.approve()
    posted.night("2026-04-03")
    assert posted.billed() == Decimal("0.00")


@pytest.mark.case(
    "corrections above the day's limit wait together, counted gross",
    kind="credits",
    places=("workflows/policy.py", "stores/operational/rights.py"),
)
def test_an_edit_of_nearly_all_that_was_billed_waits_for_a_person(posted: Firm) -> None:
    posted.edit(HOURS, "Design,7.5,Y,RELEASED", "Design,7.25,Y,RELEASED")
    posted.night("2026-04-02")
    # 7.25 h at 120.50 are 873.63: the net moves by 30.12 only, but 903.75 would be taken back
    assert posted.billed() == POSTED
    [batch] = waiting(posted)
    assert (batch["amount_minor"], batch["takes_back"][0]["amount_minor"]) == (-3012, 90375)  # type: ignore[index]
    posted.approve()
    posted.night("2026-04-03")
    assert posted.billed() == POSTED - Decimal("30.12")
