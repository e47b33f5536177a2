"""What is renumbered, renamed or merged stays what it is: nobody is credited and billed again."""

from datetime import datetime

import pytest

from ps_integration_tests.regressions.firm import COMPANY, Firm

PLACES = (
    "workflows/sql/crosswalk.sql",
    "billing/sql/correction_states.sql",
    "stores/operational/claims.py",
)


def renumber_in_files(firm: Firm, old: str, new: str) -> None:
    """Replace a project's or person's number in the hours and the price list."""
    for name in ("drops/hours-2026-03.csv", "drops/rates.csv"):
        text = firm.path(name).read_text("utf-8")
        firm.path(name).write_text(text.replace(old, new), "utf-8")


def change(firm: Firm, collection: str, record: str, **values: object) -> None:
    """Change one record of the company in the ERP, as a person would there."""
    name = f"{COMPANY}/{collection}"
    [known] = [one for one in firm.state.documents("books", name) if one["id"] == record]
    firm.state.put("books", name, record, {**known, **values}, firm.state.clock())


def renumber_in_erp(firm: Firm, day: str) -> None:
    """Project NL-1 becomes NL-9 in the ERP."""
    firm.state.set_clock(datetime.fromisoformat(f"{day}T12:00:00+00:00"))
    change(firm, "projects", "j1", number="NL-9")
    change(firm, "projectBillings", "b1", projectNumber="NL-9")
    change(firm, "dimensionValues", "v1", code="NL-9")


def renumber_customer_in_erp(firm: Firm, day: str) -> None:
    """Customer 10000 becomes 20000 in the ERP."""
    firm.state.set_clock(datetime.fromisoformat(f"{day}T12:00:00+00:00"))
    for record in ("b1", "b2"):
        change(firm, "projectBillings", record, customerNumber="20000")
    change(firm, "customers", "k1", number="20000")


def two_nights(firm: Firm, first: str, second: str) -> None:
    """A night, everything approved that waits, and the next one."""
    firm.night(first)
    firm.approve()
    firm.night(second)


@pytest.mark.case(
    "a project, its customer and a person get other numbers everywhere, and nobody is billed again",
    kind="identity",
    places=PLACES,
)
def test_what_is_renumbered_everywhere_goes_on(posted: Firm) -> None:
    before = posted.documents()
    renumber_in_files(posted, "NL-1", "NL-9")
    renumber_in_erp(posted, "2026-04-02")
    two_nights(posted, "2026-04-02", "2026-04-03")
    renumber_in_files(posted, "P-17", "P-71")
    renumber_customer_in_erp(posted, "2026-04-04")
    two_nights(posted, "2026-04-04", "2026-04-05")
    assert posted.documents() == before


@pytest.mark.parametrize(("old", "new"), [("NL-1", "NL-9"), ("NL-1", "NL-2")])
@pytest.mark.case(
    "a project is renumbered or merged in the time files alone, and nobody is billed again",
    kind="identity",
    places=PLACES,
)
def test_what_is_renumbered_in_one_system_waits_for_a_person(
    posted: Firm, old: str, new: str
) -> None:
    before = posted.documents()
    hours = posted.path("drops/hours-2026-03.csv")
    hours.write_text(hours.read_text("utf-8").replace(f",{old},", f",{new},"), "utf-8")
    if new == "NL-9":
        prices = posted.path("drops/rates.csv")
        prices.write_text(prices.read_text("utf-8").replace(old, new), "utf-8")
        renumber_in_erp_as_a_new_project(posted, "2026-04-02")
    two_nights(posted, "2026-04-02", "2026-04-03")
    assert posted.documents() == before
    found = posted.said("breaks", "list")
    named = f"renumbered|project|timesheets|{old}|{new}|"
    assert any(one["record_key"].startswith(named) for one in found["breaks"]), found


def renumber_in_erp_as_a_new_project(firm: Firm, day: str) -> None:
    """The ERP gets a project NL-9 beside NL-1: nothing says that they are one."""
    firm.state.set_clock(datetime.fromisoformat(f"{day}T12:00:00+00:00"))
    for collection, record, old in (
        ("projects", "j1", "number"),
        ("projectBillings", "b1", "projectNumber"),
        ("dimensionValues", "v1", "code"),
    ):
        name = f"{COMPANY}/{collection}"
        [known] = [one for one in firm.state.documents("books", name) if one["id"] == record]
        made = {**known, "id": f"{record}-new", old: "NL-9"}
        firm.state.put("books", name, f"{record}-new", made, firm.state.clock())
