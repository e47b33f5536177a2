"""After a night: `nightly`, `batches`, `opening`, `breaks`, `why` and `report`, as typed."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ps_integration.cli.main import app
from ps_integration_tests.e2e import firm
from ps_integration_tests.e2e.conftest import SECOND, Edit, World

pytestmark = pytest.mark.e2e


def run(world: World, *arguments: str) -> Result:
    result = CliRunner().invoke(
        app, [*arguments], env={**world.environ, "PS_FIRM": str(world.firm_path)}
    )
    assert "Traceback" not in result.output
    assert "\x1b" not in result.output
    assert not any(secret in result.output for secret in firm.SECRETS)
    return result


def said(result: Result) -> dict[str, Any]:
    found = json.loads(result.stdout.splitlines()[-1])
    assert isinstance(found, dict)
    return found


@pytest.fixture
def posted(north: World) -> World:
    """The firm after its second night: everything posted."""
    north.night(SECOND)
    return north


@pytest.fixture
def waiting(north: World, edit_firm: Edit) -> World:
    """The firm after a second night of a person, without a policy: two batches wait."""
    edit_firm("max_lines_per_batch: 100", "max_lines_per_batch: 0")
    north.accept()
    north.night(SECOND)
    return north


def test_a_night_prints_its_verdict_and_one_object(north: World):
    north.state.set_clock(SECOND)
    result = run(north, "nightly", "--as-of", "2026-03-10", "--json")
    found = said(result)
    assert result.exit_code == 0, result.output
    assert {"run_id", "as_of", "completeness", "batches", "breaks", "quarantined", "posted",
            "reports"} <= set(found)  # fmt: skip
    group = found["completeness"]["groups"][0]
    assert found["completeness"]["holds"] is True
    assert {"legal_entity", "currency", "period"} <= set(group)
    for name in ("approved", "posted", "queued", "settled_elsewhere", "written_off",
                 "non_billable", "covered", "excepted", "deferred"):  # fmt: skip
        assert {f"{name}_hours", f"{name}_amount"} <= set(group)
    assert {"batch_id", "system", "legal_entity", "period", "currency", "lines", "amount",
            "status"} <= set(found["batches"][0])  # fmt: skip
    assert set(found["breaks"]) == {"open", "blocking"}
    assert found["posted"] == {"new": 7, "total": 7}
    assert set(found["reports"]) == {"html", "xlsx", "pdf"}
    assert "clear" in result.stdout


def test_a_night_that_could_not_read_says_so_and_exits_2(north: World):
    north.fault("dead", "clock")
    result = run(north, "nightly", "--as-of", "2026-03-10")
    assert result.exit_code == 2
    assert "could not read clock time_entries" in result.stdout


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "2026-03-10T22:00:00", ""])
def test_an_as_of_that_is_no_instant_is_refused(north: World, text):
    result = run(north, "nightly", "--as-of", text)
    assert (result.exit_code, "--as-of" in result.stderr) == (2, True)


def test_a_missing_variable_is_named(north: World):
    result = CliRunner().invoke(app, ["nightly", "--firm", str(north.firm_path), "--json"])
    assert result.exit_code == 2
    assert "PSA_TOKEN" in said(result)["message"]


def test_batches_are_listed_shown_and_rejected(waiting: World):
    listed = said(run(waiting, "batches", "list", "--json"))["batches"]
    assert [(one["legal_entity"], one["status"]) for one in listed] == [
        ("IE", "planned"), ("UK", "planned"),
    ]  # fmt: skip
    batch = listed[0]["batch_id"]
    assert said(run(waiting, "batches", "show", batch, "--json"))["batch_id"] == batch
    assert run(waiting, "batches", "reject", batch, "--note", "wrong month").exit_code == 0
    again = said(run(waiting, "batches", "show", batch, "--json"))
    assert again["status"] == "rejected"


def test_an_approved_batch_is_posted_by_the_next_night(waiting: World, undisturbed):
    for one in said(run(waiting, "batches", "list", "--json"))["batches"]:
        result = run(waiting, "batches", "approve", one["batch_id"], "--note", "checked")
        assert result.exit_code == 0, result.output
    waiting.night(SECOND)
    assert waiting.invoices() == undisturbed


def test_the_maker_cannot_approve(north: World, edit_firm: Edit):
    edit_firm("max_lines_per_batch: 100", "max_lines_per_batch: 0")
    north.state.set_clock(SECOND)
    run(north, "nightly", "--as-of", "2026-03-10")
    batch = said(run(north, "batches", "list", "--json"))["batches"][0]["batch_id"]
    result = run(north, "batches", "approve", batch)
    assert result.exit_code == 2
    assert "another person must decide" in result.stderr
    assert said(run(north, "batches", "show", batch, "--json"))["status"] == "planned"


def test_names_that_nobody_knows_are_answered_plainly(posted: World):
    for command in (["batches", "show", "feedbeef"], ["batches", "approve", "feedbeef"],
                    ["breaks", "show", "feedbeef"], ["why", "clock:999"],
                    ["report", "--run", "nothing"], ["opening", "sign", "XX"]):  # fmt: skip
        result = run(posted, *command, "--json")
        assert result.exit_code == 2, (command, result.output)
        assert said(result)["message"]


def test_openings_are_listed_and_signed(fresh: World):
    fresh.night()
    openings = said(run(fresh, "opening", "list", "--json"))["openings"]
    assert {one["legal_entity"] for one in openings} == {"IE", "UK"}
    assert len(said(run(fresh, "opening", "sign", "--json"))["signed"]) == 2


def test_why_of_a_posted_hour_goes_from_payload_to_erp_line(posted: World):
    story = said(run(posted, "why", "clock:101", "--json"))
    assert story["verdict"].startswith("part 1 is posted")
    assert {"received", "versions", "rated", "disposition", "posting lines", "documents"} <= set(
        story["chapters"]
    )


def test_why_takes_a_document_line_and_a_line_key(posted: World):
    row = posted.rows("select document_ref, line_no, line_key, object_id from ops.posting_lines")[0]
    for name in (f"{row['document_ref']}/{row['line_no']}", str(row["line_key"])):
        assert said(run(posted, "why", name, "--json"))["entry_id"] == row["object_id"]


def test_why_of_a_number_that_two_companies_have_names_both(posted: World):
    number = posted.rows("select min(erp_number) as number from ops.documents")[0]["number"]
    result = run(posted, "why", f"{number}/1")
    assert (result.exit_code, "clock:101, sheets:t1" in result.stderr) == (2, True)


def test_why_of_a_record_in_quarantine_names_field_and_rule(posted: World):
    posted.state.set_clock(SECOND)
    entry = firm.harvest_entry(107, "2026-03-07", "2")
    posted.state.put("clock", "time_entries", "107", {**entry, "spent_date": "soon"}, SECOND)
    posted.night(SECOND)
    story = said(run(posted, "why", "clock:107", "--json"))
    assert story["verdict"].startswith("in quarantine: spent_date='soon'")


def test_25_hours_on_a_day_hold_the_hour_and_say_why(north: World):
    north.state.put(
        "clock", "time_entries", "108", firm.harvest_entry(108, "2026-03-07", "25"), SECOND
    )
    outcome = north.night(SECOND)
    assert (outcome.exit_code, outcome.data["breaks"]["open"]) == (1, {"TM11": 1})
    assert outcome.data["posted"]["new"] == 7
    story = said(run(north, "why", "clock:108", "--json"))
    assert "excepted" in story["verdict"]
    assert "TM11" in story["verdict"]
    one = said(run(north, "breaks", "list", "--json"))["breaks"][0]
    shown = run(north, "breaks", "show", one["break_id"][:8])
    assert (shown.exit_code, "TM11" in shown.stdout) == (0, True)


def test_an_unknown_currency_is_named_and_the_currency_last_read_stands(
    north: World, undisturbed: list[tuple[str, ...]]
):
    project = north.state.get("psa", "workspaces", "1") or {}
    north.state.put("psa", "workspaces", "1", {**project, "currency": "XBT"}, SECOND)
    outcome = north.night(SECOND)
    assert outcome.exit_code == 1
    rows = north.rows("select stream, field, value from quarantine.records order by all")
    assert [tuple(row.values()) for row in rows] == [
        ("workspace_resources", "currency", "XBT"), ("workspaces", "currency", "XBT"),
    ]  # fmt: skip
    assert north.invoices() == undisturbed


def test_an_error_nobody_thought_of_is_told_without_a_traceback(
    posted: World, monkeypatch: pytest.MonkeyPatch
):
    def broken(*_: object) -> None:
        raise ZeroDivisionError("seven by nothing")

    monkeypatch.setattr("ps_integration.cli.story.why", broken)
    result = run(posted, "why", "clock:101", "--json")
    assert result.exit_code == 2
    assert "unexpected ZeroDivisionError: seven by nothing" in said(result)["message"]


def test_what_is_approved_can_be_posted_at_once(waiting: World, undisturbed):
    for one in said(run(waiting, "batches", "list", "--json"))["batches"]:
        assert run(waiting, "batches", "approve", one["batch_id"]).exit_code == 0
    found = said(run(waiting, "post", "--json"))
    assert found["posted"] == {"new": 7, "total": 7}
    assert waiting.invoices() == undisturbed
    assert said(run(waiting, "post", "--json"))["posted"] == {"new": 0, "total": 7}


def test_a_break_is_accepted_with_a_reason_and_holds_nothing_any_more(north: World):
    north.edit("time_entries", "103", hours=17)
    north.night(SECOND)
    [long_day] = said(run(north, "breaks", "list", "--rule", "TM11", "--json"))["breaks"]
    assert run(north, "breaks", "accept", long_day["break_id"], "--note", "  ").exit_code == 2
    accepted = run(north, "breaks", "accept", long_day["break_id"][:8], "--note", "go-live")
    assert accepted.exit_code == 0
    north.night(SECOND)
    assert said(run(north, "breaks", "list", "--rule", "TM11", "--json"))["breaks"] == []
    shown = said(run(north, "breaks", "show", long_day["break_id"], "--json"))
    assert shown["events"][-1]["note"] == "go-live"


def test_a_night_is_planned_again_byte_for_byte_without_any_credential(posted: World):
    run_id = said(run(posted, "report", "--json"))["run_id"]
    asked = ["replay", run_id, "--firm", str(posted.firm_path), "--json"]
    result = CliRunner().invoke(app, asked)
    assert (result.exit_code, said(result)["same"]) == (0, True), result.output
