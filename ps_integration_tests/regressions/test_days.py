"""Days of work and of events: each is fixed where it belongs, and no zone moves it afterwards."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from ps_integration_tests.regressions.firm import Firm, lay, served


@dataclass(frozen=True)
class Played:
    """Lakeside over three nights: what was billed per work day, and the sales documents."""

    billed: Mapping[str, Decimal]
    held: list[str]
    first: list[tuple[str, str, Decimal]]
    last: list[tuple[str, str, Decimal]]
    final: dict[str, Any]


def _billed(firm: Firm) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for one in firm.bc("salesInvoices"):
        for line in firm.bc(f"salesInvoices({one['id']})/salesInvoiceLines"):
            day = str(line["description"]).split()[0]
            found[day] = found.get(day, Decimal(0)) + Decimal(str(line["netAmount"]))
    return found


def _approve(firm: Firm, request: str, at: str) -> None:
    for one in firm.state.documents("clock", "approval_requests"):
        if one["id"] == request:
            head = one["approvalRequest"]
            status = {**head["status"], "state": "APPROVED", "updatedAt": at}
            firm.far(
                "clock", "approval_requests", request, approvalRequest={**head, "status": status}
            )


@pytest.fixture(scope="module")
def lakeside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """First night with nothing approved; then approvals and an edit; then another zone."""
    folder = tmp_path_factory.mktemp("lakeside")
    lay("lakeside", folder)
    with served(folder) as firm:
        firm.night("2026-03-31")
        firm.sign()
        longer = {
            "start": "2026-02-28T23:10:00Z",
            "end": "2026-03-01T01:10:00Z",
            "duration": "PT2H",
        }
        firm.far("clock", "time_entries", "e2", timeInterval=longer)
        for request in ("a1", "a2", "a3"):
            _approve(firm, request, "2026-04-01T01:30:00Z")  # 31 March, 20:30 in Chicago
        firm.night("2026-04-01")
        billed, first = _billed(firm), firm.documents()
        rules = [one["rule"] for one in firm.said("breaks", "list")["breaks"]]
        zone = {"timeZone": "Asia/Kolkata", "weekStart": "MONDAY"}
        firm.far("clock", "users", "u2", settings=zone)
        firm.far("clock", "time_entries", "e1", description="Survey of the east shore")
        final = firm.night("2026-04-02")
        yield Played(billed, rules, first, firm.documents(), final)


@pytest.mark.case(
    "a profile's new time zone does not move work that was billed",
    kind="work days",
    places=("workflows/sql/work_dates.sql", "workflows/conform.py"),
)
def test_a_new_zone_moves_no_posted_work(lakeside: Played) -> None:
    assert lakeside.last == lakeside.first


@pytest.mark.case(
    "an entry at midnight is listed in the window of its own day, so that its edit is seen",
    kind="windows",
    places=("connectors/vendors/clockify/__init__.py",),
)
def test_hours_edited_at_the_windows_edge_are_billed_as_edited(lakeside: Played) -> None:
    assert lakeside.billed["2026-03-01"] == Decimal("200.00"), "cora's two hours"


@pytest.mark.case(
    "work until the evening of a project's closing day is not late",
    kind="dates of instants",
    places=("reconciliation/rules/tm08_late_time_on_closed_project.sql",),
)
def test_work_of_the_closing_day_is_billed_when_it_is_approved_that_evening(
    lakeside: Played,
) -> None:
    assert "TM08" not in lakeside.held
    assert lakeside.billed["2026-03-31"] == Decimal("300.00"), "ben's hour and ana's two"
