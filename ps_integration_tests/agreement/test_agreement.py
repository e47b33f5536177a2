"""Every paper of a night says the same money, and it is what the ERP holds.

`make agreement` plays ten nights of each firm; the suite plays four of one.
"""

import json
import os
from pathlib import Path

import pytest

from ps_integration_tests.agreement.nights import PLAYS, Play
from ps_integration_tests.agreement.papers import Night
from ps_integration_tests.regressions.firm import Firm, lay, served

NIGHTS = int(os.environ.get("PS_AGREEMENT_NIGHTS", "4"))
MONTHS = ("2026-03", "2026-04")


@pytest.mark.parametrize("erp", sorted(PLAYS) if NIGHTS > 4 else ["business_central"])
def test_every_paper_says_what_the_erp_holds(erp: str, tmp_path: Path) -> None:
    play = PLAYS[erp]
    lay(play.place, tmp_path)
    with served(tmp_path) as firm:
        for at, happens in enumerate(play.nights[:NIGHTS]):
            happens(firm)
            day = f"2026-03-{31:02}" if at == 0 else f"2026-04-{at:02}"
            told = firm.night(day)
            [folder] = firm.path("data").glob(f"*/reports/{told['run_id']}")
            _agree(Night(folder, told), f"{erp}, {day}, after {happens.__name__}")
            _as_in_the_erp(Night(folder, told), play, firm)
            _as_in_the_close_pack(Night(folder, told), firm)


def _agree(night: Night, where: str) -> None:
    value = night.from_value()
    assert night.from_page() == value, where
    assert night.from_workbook() == value, where
    completeness = {key: one for key, one in value.items() if key[0] == "Completeness"}
    assert night.from_command() == completeness, where
    said = night.sentences()
    assert {said["command"], said["page"], said["workbook"]} == {said["value"]}, where
    assert said["value"] in said["pdf"], where
    figures = night.figures()
    for figure, table, column in (
        ("approved", "Completeness", "Approved"),
        ("posted", "Ledger", "Confirmed"),
        ("posted", "Posted by month", "Confirmed"),
        ("waiting", "Completeness", "Queued"),
        ("deferred", "Completeness", "Deferred"),
    ):
        total = sum(one for key, one in value.items() if (key[0], key[3]) == (table, column))
        assert figures[figure] == total, (where, figure, table)


def _as_in_the_erp(night: Night, play: Play, firm: Firm) -> None:
    shown = {
        month: amount
        for (table, _, month, column), amount in night.from_value().items()
        if (table, column) == ("Posted by month", "ERP documents") and amount
    }
    held = {month: amount for month, amount in play.in_erp(firm).items() if amount}
    assert shown == held, night.told["as_of"]


def _as_in_the_close_pack(night: Night, firm: Firm) -> None:
    for month in MONTHS:
        status = firm.said("period", "status", "--period", month, "--entity", "NL")
        answer = firm.run("period", "pack", "--period", month, "--entity", "NL")
        assert answer.code in (0, 1, 2), answer.text + answer.errors
        [path] = firm.path("data").glob(f"*/close/NL-{month}/value.json")
        pack = json.loads(path.read_text("utf-8"))
        assert pack["asked"]["answer"] == status["answer"]
        for name in ("completeness", "ledger", "batches", "documents", "corrections"):
            of_it = [one for one in night.value[name] if one["period"] == month]
            assert pack[name] == of_it, (night.told["as_of"], month, name)
        counted = sum(
            one["at_risk_minor"] or 0
            for one in night.value["exceptions"]
            if one["period"] == month and one["root_break_id"] is None
        )
        assert counted == sum(
            one["at_risk_minor"] or 0
            for one in pack["exceptions"]
            if one["period"] == month and one["root_break_id"] is None
        )
