"""What the report calls posted is what the ERP has, to the cent."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from ps_integration_tests.regressions.firm import Firm


@pytest.mark.case(
    "the headline's posted money is that of the ERP's documents, not hours at today's price",
    kind="figures",
    places=("reports/verdict.py", "workflows/outcome.py", "reports/sheets.py"),
)
def test_posted_money_is_what_the_erp_has_while_a_correction_waits(posted: Firm) -> None:
    posted.edit("drops/rates.csv", "120,50", "700,00")  # the correction is above the ceiling
    told = posted.night("2026-04-02")
    assert posted.billed() == Decimal("933.88")
    folder = posted.path(told["reports"]["html"]).parent
    value = json.loads((folder / "value.json").read_text("utf-8"))
    report = value.get("report", value)
    figures = {one["name"]: one["by_currency"] for one in report["figures"]}
    assert figures["posted"] == [{"currency": "GBP", "minor": 93388}]
    assert _cell(folder / "report.xlsx", "Posted") == 933.88
    # new from here on: what the difference is, and the same figure for scripts
    assert figures["owed"] or figures["waiting"], "the difference to today's price is shown"
    assert told["posted_amounts"] == [{"currency": "GBP", "amount": "933.88"}]


def _cell(path: Path, label: str) -> object:
    """The number beside the first row of the summary with this label."""
    rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    return next(row[1] for row in rows if row[0] == label)
