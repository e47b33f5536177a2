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


def _worked(firm: Firm, *rows: str) -> None:
    """Add rows to the hours, all worked on 5 March."""
    hours, days = firm.path(HOURS), firm.path("drops/worked-on.csv")
    hours.write_text(hours.read_text("utf-8") + "".join(f"{row}\n" for row in rows), "utf-8")
    known = days.read_text("utf-8")
    new = {row.split(",")[0] for row in rows} - {line.split(",")[0] for line in known.splitlines()}
    days.write_text(known + "".join(f"{one},05/03/2026\n" for one in sorted(new)), "utf-8")


@pytest.mark.case(
    "an export that lost most of its rows deletes none of them, and only those wait",
    kind="absence taken for deletion",
    places=("workflows/extract.py", "reconciliation/rules/in07_record_vanished.sql"),
)
def test_a_shrunken_export_credits_nothing_and_holds_only_what_it_lacks(posted: Firm) -> None:
    header, *_, last = posted.path(HOURS).read_text("utf-8").splitlines()
    new = "1006,P-17,NL-1,Design,1.0,Y,RELEASED"
    posted.path(HOURS).write_text(f"{header}\n{last}\n", "utf-8")
    _worked(posted, new)
    posted.night("2026-04-02")
    found = posted.night("2026-04-03")
    assert [kind for kind, _, _ in posted.documents() if kind == "salesCreditMemos"] == []
    assert posted.billed() == POSTED + Decimal("120.50")
    assert found["verdict"] == "open breaks", found["sentence"]
    assert "4 of 6 records are gone at once" in _page(posted, found)


@pytest.mark.case(
    "rows that a file held for a night, unreadable or twice, stop nothing while there or once gone",
    kind="one odd row stops the firm",
    places=(
        "billing/sql/link_sources.sql",
        "connectors/vendors/files/__init__.py",
        "workflows/mapping.py",
        "stores/warehouse/schema.sql",
    ),
)
def test_an_odd_row_of_a_file_stops_nothing_while_it_is_there_or_once_it_is_gone(
    posted: Firm,
) -> None:
    odd = ("1006,P-17,NL-1,Design,abc,Y,RELEASED", "1002,P-17,NL-1,Design,0.25,Y,RELEASED")
    _worked(posted, *odd, "1007,P-17,NL-1,Design,1.0,Y,RELEASED")
    posted.night("2026-04-02")
    assert posted.billed() == POSTED + Decimal("120.50")
    posted.edit(HOURS, "".join(f"{row}\n" for row in odd), "")
    _worked(posted, "1008,P-17,NL-1,Design,1.0,Y,RELEASED")
    posted.night("2026-04-03")
    assert posted.billed() == POSTED + Decimal("241.00")
    found = posted.night("2026-04-04")
    assert found["failed_checks"] == [], found["sentence"]
    _worked(posted, "1009,P-17,NL-1,Design,1.0,Y,RELEASED")
    found = posted.night("2026-04-05")
    assert posted.billed() == POSTED + Decimal("361.50")
    assert found["quarantined"] == 0
