"""Absence is no deletion, and what waits in quarantine or could not be read is unknown."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from ps_integration_tests.regressions.firm import Firm

POSTED = Decimal("933.88")
HOURS = "drops/hours-2026-03.csv"


def _page(firm: Firm, found: Mapping[str, Any]) -> str:
    """The text of a night's report page."""
    return firm.path(found["reports"]["html"]).read_text("utf-8")


@pytest.mark.case(
    "an export with only its header is no deletion of all it had",
    kind="absence taken for deletion",
    places=(
        "workflows/extract.py",
        "workflows/sql/land_missing.sql",
        "reports/sql/sources.sql",
        "reconciliation/rules/in07_record_vanished.sql",
    ),
)
def test_an_empty_export_credits_nothing_and_is_named(posted: Firm) -> None:
    header = posted.path(HOURS).read_text("utf-8").splitlines()[0]
    posted.path(HOURS).write_text(header + "\n", "utf-8")
    nights = [posted.night(f"2026-04-0{day}") for day in (2, 3)]
    assert posted.documents() == [("salesInvoices", "Open", POSTED)]
    for found in nights:
        assert found["verdict"] == "open breaks", found["sentence"]
        assert "IN07" in found["breaks"]["open"]
    assert "the listing is empty, and 5 records were known" in _page(posted, nights[1])


@pytest.mark.case(
    "an export that lost most of its rows deletes none of them, and only those wait",
    kind="absence taken for deletion",
    places=("workflows/extract.py", "reconciliation/rules/in07_record_vanished.sql"),
)
def test_a_shrunken_export_credits_nothing_and_holds_only_what_it_lacks(posted: Firm) -> None:
    header, *_, last = posted.path(HOURS).read_text("utf-8").splitlines()
    new = "1006,P-17,NL-1,Design,1.0,Y,RELEASED"
    posted.path(HOURS).write_text(f"{header}\n{last}\n{new}\n", "utf-8")
    days = posted.path("drops/worked-on.csv")
    days.write_text(days.read_text("utf-8").rstrip("\n") + "\n1006,05/03/2026\n", "utf-8")
    posted.night("2026-04-02")
    found = posted.night("2026-04-03")
    assert [kind for kind, _, _ in posted.documents() if kind == "salesCreditMemos"] == []
    assert posted.billed() == POSTED + Decimal("120.50")
    assert found["verdict"] == "open breaks", found["sentence"]
    assert "4 of 5 records are gone at once" in _page(posted, found)
