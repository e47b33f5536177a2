"""A record in quarantine holds the periods that it may belong to, until somebody sets it aside."""

import pytest

from ps_integration_tests.regressions.firm import Firm

PEOPLE = "columns: {match_key: Person, name: Name, is_active: {const: true}}\n        - name: rates"
TASKS = """columns: {match_key: Person, name: Name, is_active: {const: true}}
        - name: tasks
          table: tasks
          path: tasks.csv
          id: [Task]
          columns:
            match_key: Task
            name: Name
            project_external_id: Project
            is_active: {column: Active, values: {"Y": "true", "N": "false"}}
        - name: rates"""
MARCH, APRIL = "2026-03", "2026-04"
BAD_HOURS = "clock/time_entries/1005"
UNFINISHED = "plan/tasks/status_unknown/is_active"


def _period(firm: Firm, period: str) -> dict[str, int]:
    """What the status of a period says of quarantine: how many records, by kind of reason."""
    found = firm.said("period", "status", "--entity", "NL", "--period", period)
    kinds = ("quarantined", "set_aside", "of_no_period")
    return {one["kind"]: one["count"] for one in found["reasons"] if one["kind"] in kinds}


def _record(firm: Firm, name: str) -> dict[str, object]:
    found = firm.said("quarantine", "list", "--by-record")["records"]
    return next(one for one in found if one["record"] == name)


def _add(firm: Firm, row: str) -> None:
    path = firm.path("drops/hours.csv")
    path.write_text(path.read_text("utf-8") + row + "\n", "utf-8")


@pytest.mark.case(
    "a period asks only for what may belong to it, and quarantine has a life",
    kind="quarantine holds for ever",
    places=(
        "workflows/sql/period_gaps.sql",
        "workflows/period_reasons.py",
        "reports/verdict.py",
        "workflows/outcome.py",
        "workflows/contract_checks.py",
    ),
)
def test_quarantine_holds_what_it_may_belong_to_until_it_is_set_aside(
    studio_posted: Firm,
) -> None:
    firm = studio_posted
    firm.edit("firm.yaml", PEOPLE, TASKS)
    firm.path("drops/tasks.csv").write_text(
        "Task,Project,Name,Active\nT1,NL-1,Draw,Y\nT2,NL-1,Plan,later\nT3,NL-2,Dig,later\n", "utf-8"
    )
    _add(firm, "1005,P-17,NL-1,2026-04-01,abc,Y,RELEASED")
    found = firm.night("2026-04-02")
    assert (found["quarantined"], found.get("set_aside")) == (3, 0)

    # tasks have no period, and the row of 1 April is none of March
    assert _period(firm, MARCH) == {"of_no_period": 2}
    assert _period(firm, APRIL) == {"quarantined": 1, "of_no_period": 2}
    causes = {one["cause"]: one["records"] for one in firm.said("quarantine", "list")["causes"]}
    assert causes == {UNFINISHED: 2, "clock/time_entries/not_a_number/seconds": 1}
    shown = firm.said("quarantine", "show", BAD_HOURS)
    assert (shown["place"], shown["payload"]["cells.Hours"]) == ("hours.csv row 6", "abc")
    assert (shown["is_approved"], shown["seconds"], shown["state"]) == (True, None, "open")
    assert "hours.csv row 6" in firm.run("why", "clock:1005").text

    _set_aside_in_two(firm)
    _set_aside_by_cause(firm)

    # what changed comes back by itself; a row whose day is unreadable holds every open period
    firm.edit("drops/hours.csv", "abc", "abd")
    _add(firm, "1006,P-22,NL-2,no day,2.5,Y,RELEASED")
    found = firm.night("2026-04-03")
    assert (found["quarantined"], found["set_aside"]) == (3, 1)
    assert "3 records in quarantine, 2.50 approved hours are in quarantine" in found["sentence"]
    assert (_record(firm, BAD_HOURS)["state"], _record(firm, "plan/tasks/T2")["state"]) == (
        "open",
        "set_aside",
    )
    assert _period(firm, MARCH) == {"quarantined": 1, "of_no_period": 2}
    assert _period(firm, APRIL) == {"quarantined": 2, "of_no_period": 2}
    assert found["completeness"]["holds"]
    assert not found["failed_checks"]
    assert firm.run("audit", "verify").code == 0


def _set_aside_in_two(firm: Firm) -> None:
    """Approved time: one proposes, another confirms; until then it holds its period."""
    aside = ("quarantine", "set-aside", BAD_HOURS, "--reason", "typed by mistake, never worked")
    assert firm.run(*aside[:3], "--reason", " ", who="controller").code == 2
    assert firm.said(*aside, who="controller")["decisions"][0]["decision"] == "proposed"
    assert firm.run(*aside, who="controller").code == 2
    assert _period(firm, APRIL)["quarantined"] == 1
    assert firm.said(*aside, who="olga")["decisions"][0]["decision"] == "set_aside"
    assert _period(firm, APRIL) == {"set_aside": 1, "of_no_period": 2}


def _set_aside_by_cause(firm: Firm) -> None:
    """Master data: one person sets aside all of a cause, and takes one record back."""
    by_cause = ("set-aside", UNFINISHED, "--reason", "not planned yet")
    assert len(firm.said("quarantine", *by_cause, who="olga")["decisions"]) == 2
    back = ("restore", "plan/tasks/T3", "--reason", "is to be planned")
    assert firm.said("quarantine", *back, who="controller")["decisions"][0]["decision"] == (
        "restored"
    )
