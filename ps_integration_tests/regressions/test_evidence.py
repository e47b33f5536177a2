"""What cannot be read is unknown: it withdraws nothing that was posted on it."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ps_integration_tests.regressions.firm import Firm, lay, served

HOURS, MILESTONE = Decimal("2600.00"), Decimal("5000.00")


@pytest.fixture
def clockworks(tmp_path: Path) -> Iterator[Firm]:
    """Clockify for time, Kantata for projects: 26 hours and a milestone are posted."""
    lay("clockworks", tmp_path)
    with served(tmp_path) as firm:
        firm.night("2026-03-31")
        firm.sign()
        firm.night("2026-04-01")
        assert firm.billed() == HOURS + MILESTONE
        yield firm


def _document(firm: Firm, system: str, collection: str, number: str) -> dict[str, Any]:
    return next(one for one in firm.state.documents(system, collection) if one["id"] == number)


@pytest.mark.case(
    "an approval request and a milestone that cannot be read take nothing back",
    kind="quarantine taken for withdrawal",
    places=(
        "stores/warehouse/schema.sql",
        "billing/sql/correction_cells.sql",
        "billing/sql/ledger.sql",
        "workflows/mapping.py",
        "workflows/conform_stream.py",
        "workflows/duplicates.py",
    ),
)
def test_evidence_in_quarantine_reverses_nothing(clockworks: Firm) -> None:
    request = "65e000000000000000000001"
    asked = _document(clockworks, "clock", "approval_requests", request)["approvalRequest"]
    unread = {**asked, "status": {**asked["status"], "state": "ESCALATED"}}
    clockworks.far("clock", "approval_requests", request, approvalRequest=unread)
    clockworks.far("plan", "stories", "42", state="sonstwas")
    found = clockworks.night("2026-04-02")
    assert found["quarantined"] == 2
    assert sum(Decimal(one["amount"]) for one in found["batches"]) == HOURS + MILESTONE
    assert {kind for kind, _, _ in clockworks.documents()} == {"salesInvoices"}
    assert clockworks.billed() == HOURS + MILESTONE
