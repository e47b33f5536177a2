"""What is renumbered or renamed stays what it is: nobody is credited and billed again."""

from datetime import datetime

import pytest

from ps_integration_tests.regressions.firm import COMPANY, Firm

PLACES = (
    "workflows/sql/crosswalk.sql",
    "billing/sql/correction_states.sql",
    "stores/operational/claims.py",
)
WAYS = {"all at once": ("both",), "files first": ("files", "erp"), "ERP first": ("erp", "files")}


def renumber(firm: Firm, where: str, day: str) -> None:
    """NL-1 becomes NL-9 in the time files, in the ERP, or in both."""
    if where in {"files", "both"}:
        for name in ("drops/hours-2026-03.csv", "drops/rates.csv"):
            text = firm.path(name).read_text("utf-8")
            firm.path(name).write_text(text.replace("NL-1", "NL-9"), "utf-8")
    if where in {"erp", "both"}:
        firm.state.set_clock(datetime.fromisoformat(f"{day}T12:00:00+00:00"))
        change(firm, "projects", "j1", number="NL-9")
        change(firm, "projectBillings", "b1", projectNumber="NL-9")
        change(firm, "dimensionValues", "v1", code="NL-9")


def change(firm: Firm, collection: str, record: str, **values: object) -> None:
    """Change one record of the company in the ERP, as a person would there."""
    name = f"{COMPANY}/{collection}"
    [known] = [one for one in firm.state.documents("books", name) if one["id"] == record]
    firm.state.put("books", name, record, {**known, **values}, firm.state.clock())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.case(
    "a project that gets another number is not credited and billed again",
    kind="identity",
    places=PLACES,
)
def test_a_renumbered_project_makes_no_document(posted: Firm, way: str) -> None:
    before = posted.documents()
    for where, day in zip((*WAYS[way], ""), ("2026-04-02", "2026-04-03"), strict=False):
        if where:
            renumber(posted, where, day)
        posted.night(day)
    assert posted.documents() == before
