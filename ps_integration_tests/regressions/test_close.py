"""The close pack agrees with itself, and names who approved."""

import json

import pytest

from ps_integration_tests.regressions.firm import Firm

LIMIT = 'max_amount_per_batch: {GBP: "5000"}'


@pytest.mark.case(
    "a batch approved since the night is so on every page of the close pack, with its approver",
    kind="a paper that contradicts itself",
    places=("workflows/close_pack.py",),
)
def test_the_close_pack_names_who_approved_since_the_night(northlight: Firm) -> None:
    northlight.edit("firm.yaml", LIMIT, 'max_amount_per_batch: {GBP: "1"}')
    northlight.night("2026-03-31")
    northlight.sign()
    northlight.night("2026-04-01")
    northlight.approve(who="controller")
    answer = northlight.run("period", "pack", "--period", "2026-03", "--entity", "NL")
    assert answer.code in (0, 1), answer.text + answer.errors
    [value] = northlight.path("data").glob("**/close/NL-2026-03/value.json")
    made = json.loads(value.read_text("utf-8"))
    assert [one["decided_by"] for one in made["approvals"]] == ["controller"]
    assert {one["status"] for one in made["batches"]} == {"approved"}
    assert {one["state"] for one in made["documents"]} == {"approved"}
