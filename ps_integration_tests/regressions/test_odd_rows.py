"""One odd row holds its own entry, project or customer, and never the firm."""

from decimal import Decimal

import pytest

from ps_integration_tests.regressions.firm import Firm

LINK_ENTRIES = "billing/sql/link_entries.sql"


@pytest.mark.case(
    "a posted entry that moves to another month is billed there, and posting goes on",
    kind="one odd row stops the firm",
    places=("billing/sql/link_lines.sql",),
)
def test_an_entry_moved_to_another_month_is_put_right_and_the_next_nights_are_quiet(posted: Firm):
    posted.edit("drops/worked-on.csv", "1002,03/03/2026", "1002,01/04/2026")
    for day in ("2026-04-02", "2026-04-03", "2026-04-04"):
        assert posted.night(day)["failed_checks"] == []
    assert posted.billed() == Decimal("933.88")


@pytest.mark.case(
    "a person whom only the time tool knows holds no more than their own time",
    kind="one odd row stops the firm",
    places=(LINK_ENTRIES,),
)
@pytest.mark.parametrize("state", ["RELEASED", "OPEN"])
def test_a_new_joiner_stops_nobody_else(studio: Firm, state):
    hours = studio.path("drops/hours.csv")
    hours.write_text(hours.read_text() + f"1005,P-99,NL-1,2026-03-05,2.0,Y,{state}\n")
    people = studio.path("drops/clock-people.csv")
    people.write_text(people.read_text() + "P-99,New Joiner\n")
    first = studio.night("2026-03-31")
    studio.sign()
    assert studio.night("2026-04-01")["failed_checks"] == []
    assert studio.billed() == Decimal("1503.88")
    assert first["breaks"]["open"].get("MD08", 0) == (state == "RELEASED")


@pytest.mark.case(
    "two overlapping rates hold the entries that they would price",
    kind="one odd row stops the firm",
    places=(LINK_ENTRIES, "billing/sql/rate.sql"),
)
def test_overlapping_rates_stop_only_what_they_price(studio: Firm):
    rates = studio.path("drops/rates.csv")
    rates.write_text(rates.read_text() + "R3,project,NL-2,,GBP,97.00,2026-02-01,2026-12-31\n")
    studio.edit("drops/rates.csv", "95.00,2026-01-01,", "95.00,2026-01-01,2026-12-31")
    first = studio.night("2026-03-31")
    studio.sign()
    assert studio.night("2026-04-01")["failed_checks"] == []
    assert studio.billed() == Decimal("933.88")
    assert first["breaks"]["open"]["MD09"] == 1


@pytest.mark.case(
    "an unknown project and a person's own rate hold that entry",
    kind="one odd row stops the firm",
    places=("reconciliation/rules/bl08_fx_rate_missing.sql", "reconciliation/engine.py"),
)
def test_an_unknown_project_priced_by_its_person_stops_only_itself(studio: Firm):
    hours = studio.path("drops/hours.csv")
    hours.write_text(hours.read_text() + "1005,P-17,NL-9,2026-03-05,2.0,Y,RELEASED\n")
    rates = studio.path("drops/rates.csv")
    rates.write_text(rates.read_text() + "R3,resource,,P-17,GBP,80.00,2026-01-01,\n")
    studio.night("2026-03-31")
    studio.sign()
    assert studio.night("2026-04-01")["failed_checks"] == []
    assert studio.billed() == Decimal("1503.88")


@pytest.mark.case(
    "a report is drawn when somebody whose time is posted leaves every list of people",
    kind="a part that fails ends the night",
    places=("reports/sql/business_weeks.sql", "workflows/report.py"),
)
def test_a_leaver_does_not_end_the_report(studio_posted: Firm):
    for name in ("people.csv", "clock-people.csv"):
        kept = [
            line
            for line in studio_posted.path(f"drops/{name}").read_text().splitlines()
            if not line.startswith("P-22")
        ]
        studio_posted.path(f"drops/{name}").write_text("\n".join(kept) + "\n")
    for day in ("2026-04-02", "2026-04-03", "2026-04-04"):
        found = studio_posted.night(day)
    assert studio_posted.path(found["reports"]["html"]).exists()
    assert studio_posted.billed() == Decimal("1503.88")


@pytest.mark.case(
    "approved time from before going live that no price list reaches stops nobody",
    kind="one odd row stops the firm",
    places=(LINK_ENTRIES,),
)
def test_old_time_without_a_price_is_settled_elsewhere(studio: Firm):
    hours = studio.path("drops/hours.csv")
    hours.write_text(hours.read_text() + "1005,P-17,NL-1,2019-03-05,2.0,Y,RELEASED\n")
    studio.night("2026-03-31")
    studio.sign()
    assert studio.night("2026-04-01")["failed_checks"] == []
    assert studio.billed() == Decimal("1503.88")
