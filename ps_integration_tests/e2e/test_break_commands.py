"""Working breaks from the command line and in a workbook, and asking whether a month is clean."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ps_integration_tests.e2e.conftest import SECOND, World
from ps_integration_tests.e2e.test_commands import run, said
from ps_integration_tests.workbook.edit import Book

pytestmark = pytest.mark.e2e


@pytest.fixture
def long_day(north: World) -> str:
    """The break of a day that was too long, after a night."""
    north.edit("time_entries", "103", hours=17)
    north.night(SECOND)
    [found] = said(run(north, "breaks", "list", "--rule", "TM11", "--json"))["breaks"]
    assert found["due_on"] is not None
    return str(found["break_id"])


def days_away(days: int) -> date:
    return datetime.now(UTC).date() + timedelta(days=days)


def test_a_break_is_worked_by_command(north: World, long_day: str):
    key = long_day[:8]
    assert run(north, "breaks", "assign", key, "nobody").exit_code == 2
    assert run(north, "breaks", "assign", key, "project_manager").exit_code == 0
    assert run(north, "breaks", "comment", key, "asked the team").exit_code == 0
    assert run(north, "breaks", "snooze", key, "--until", "tomorrow").exit_code == 2
    late = ("--until", days_away(9).isoformat())
    assert run(north, "breaks", "snooze", key, *late).exit_code == 0
    mine = ("breaks", "list", "--to", "project_manager", "--json")
    assert (said(run(north, *mine))["breaks"], said(run(north, *mine))["put_off"]) == ([], 1)
    assert len(said(run(north, *mine, "--all"))["breaks"]) == 1
    assert run(north, "breaks", "wake", key).exit_code == 0
    assert len(said(run(north, *mine))["breaks"]) == 1


def test_a_break_is_worked_in_a_workbook(north: World, long_day: str):
    path = north.folder / "work.xlsx"
    assert run(north, "breaks", "export", str(path)).exit_code == 0
    assert run(north, "breaks", "export", str(path)).exit_code == 2
    book = Book(path.read_bytes())
    row = next(number for number in range(20) if long_day in book.row(number))
    path.write_bytes(book.set("Decision", "accept", row).bytes())
    load = ("breaks", "import", str(path))
    assert f"Exceptions!I{row + 4}: say why" in said(run(north, *load, "--json"))["message"]
    book.set("Comment", "=go-live weekend", row).set("Accept until", days_away(30), row)
    path.write_bytes(book.bytes())
    assert "1 decision would be carried out" in run(north, *load, "--dry-run").stdout
    assert set(said(run(north, *load, "--json"))["decided"]) == {long_day}
    assert "nothing has changed: 1 decision carried out before" in run(north, *load).stdout
    shown = said(run(north, "breaks", "show", long_day, "--json"))
    assert (shown["state"], shown["events"][-1]["note"]) == ("accepted", "=go-live weekend")
    assert run(north, "breaks", "reopen", long_day[:8], "--note", "it was not").exit_code == 0
    [filed, *_] = sorted((north.folder / "state" / "reports").glob("*/exceptions.xlsx"))[::-1]
    assert Book(filed.read_bytes()).row(0)


def test_a_month_is_asked_about_and_closed(north: World):
    north.night(SECOND)
    march = ("--entity", "UK", "--period", "2026-03")
    asked = run(north, "period", "status", *march, "--json")
    assert asked.exit_code == 2  # the month is not over
    assert said(asked)["reasons"][0]["kind"] == "calendar"
    assert said(asked)["answer"] == "could not say"
    refused = run(north, "period", "close", *march, "--json")
    assert "could not say whether it is clean" in said(refused)["message"]
    closed = run(north, "period", "close", *march, "--accept", "agreed", "--json")
    assert (closed.exit_code, said(closed)["answer"]) == (0, "could not say")
    assert "closed by" in run(north, "period", "status", *march).stdout
    assert run(north, "period", "reopen", *march, "--note", "late time").exit_code == 0
    assert run(north, "period", "status", "--entity", "FR", "--period", "2026-03").exit_code == 2
