"""Preview, decisions by file, acceptance of a configuration and break-glass, as commands."""

import csv
import json
from io import BytesIO, StringIO

import pytest

from ps_integration.domain.identity import current_user
from ps_integration.sandbox.app import SandboxApp
from ps_integration_tests.e2e.conftest import SECOND, Edit, World
from ps_integration_tests.e2e.test_commands import run, said

pytestmark = pytest.mark.e2e


@pytest.fixture
def waiting(north: World, edit_firm: Edit) -> World:
    """Two batches that wait for a person, under a configuration that a second one accepted."""
    edit_firm("max_lines_per_batch: 100", "max_lines_per_batch: 0")
    north.accept()
    north.night(SECOND)
    return north


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bytes]]:
    """Path and body of every request that changes something, as the server got them."""
    seen: list[tuple[str, bytes]] = []
    answer = SandboxApp.__call__

    def noting(self, environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if environ["REQUEST_METHOD"] == "POST":
            seen.append((environ["PATH_INFO"], body))
        return answer(self, {**environ, "wsgi.input": BytesIO(body)}, start_response)

    monkeypatch.setattr(SandboxApp, "__call__", noting)
    return seen


def batches(world: World) -> list[str]:
    return [one["batch_id"] for one in said(run(world, "batches", "list", "--json"))["batches"]]


def test_what_the_preview_shows_is_what_the_server_gets(waiting: World, received):
    previews = []
    for batch in batches(waiting):
        found = said(run(waiting, "batches", "preview", batch, "--json"))["documents"]
        previews += [(one["path"], one["body"].encode()) for one in found]
        run(waiting, "batches", "approve", batch)
    assert received == []
    assert run(waiting, "post").exit_code == 0
    assert len(previews) == 2
    for path, body in previews:
        assert [got for where, got in received if where.endswith(path)].count(body) == 1


def test_one_document_is_previewed_and_an_unknown_one_is_not(waiting: World):
    batch = batches(waiting)[0]
    [one] = said(run(waiting, "batches", "preview", batch, "--json"))["documents"]
    shown = run(waiting, "batches", "preview", batch, "--document", one["document_ref"])
    assert one["body"] in shown.stdout
    assert run(waiting, "batches", "preview", batch, "--document", "PS-X").exit_code == 2


def ballot(world: World, **decisions: str) -> list[dict[str, str]]:
    path = world.folder / "ballot.csv"
    assert run(world, "batches", "export", str(path)).exit_code == 0
    rows = list(csv.DictReader(StringIO(path.read_text("utf-8"))))
    for row in rows:
        row["decision"] = decisions.get(row["legal_entity"], "")
    return rows


def bring(world: World, rows: list[dict[str, str]]):
    path = world.folder / "filled.csv"
    out = StringIO()
    writer = csv.DictWriter(out, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(out.getvalue(), "utf-8")
    return run(world, "batches", "import", str(path), "--json")


def statuses(world: World) -> dict[str, str]:
    listed = said(run(world, "batches", "list", "--json"))["batches"]
    return {one["legal_entity"]: one["status"] for one in listed}


def test_decisions_of_a_file_are_carried_out_as_the_user_who_imports(waiting: World):
    result = bring(waiting, ballot(waiting, IE="Approve", UK="reject"))
    assert result.exit_code == 0, result.output
    assert said(result)["by"] == current_user()
    assert statuses(waiting) == {"IE": "approved", "UK": "rejected"}


def test_a_row_with_another_hash_is_named_and_nothing_is_decided(waiting: World):
    rows = ballot(waiting, IE="approve", UK="approve")
    rows[1]["content_sha256"] = "0" * 64
    result = bring(waiting, rows)
    assert result.exit_code == 2
    assert "row 3" in said(result)["message"]
    assert "is not what the file was exported with" in said(result)["message"]
    assert statuses(waiting) == {"IE": "planned", "UK": "planned"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"decision": "yes"}, "neither approve nor reject"),
        ({"batch_id": "feedbeef"}, "not known"),
    ],
)
def test_a_row_that_is_wrong_is_named_and_nothing_is_decided(waiting: World, change, problem):
    rows = ballot(waiting, IE="approve", UK="approve")
    rows[1].update(change)
    result = bring(waiting, rows)
    assert (result.exit_code, "row 3" in said(result)["message"]) == (2, True)
    assert problem in said(result)["message"]
    assert statuses(waiting) == {"IE": "planned", "UK": "planned"}


def test_a_file_cannot_say_who_decides(waiting: World):
    rows = [{**row, "decided_by": "olga"} for row in ballot(waiting, IE="approve")]
    assert said(bring(waiting, rows))["by"] == current_user()
    batch = next(iter(rows))["batch_id"]
    assert said(run(waiting, "batches", "show", batch, "--json"))["decided_by"] == current_user()


def test_the_maker_cannot_approve_by_file(north: World, edit_firm: Edit):
    edit_firm("max_lines_per_batch: 100", "max_lines_per_batch: 0")
    north.state.set_clock(SECOND)
    run(north, "nightly", "--as-of", "2026-03-10")
    result = bring(north, ballot(north, IE="approve", UK="approve"))
    assert result.exit_code == 2
    assert said(result)["message"].count("another person must decide") == 2
    assert set(statuses(north).values()) == {"planned"}


def test_a_text_that_is_no_ballot_is_refused(waiting: World):
    for data in (b"", b"\xff\xfe", b"batch_id,decision\n", b'batch_id,"x\n', b"a" * 100):
        (waiting.folder / "no.csv").write_bytes(data)
        assert run(waiting, "batches", "import", str(waiting.folder / "no.csv")).exit_code == 2


def test_who_changed_the_firm_file_cannot_accept_it(north: World, edit_firm: Edit):
    edit_firm("max_lines_per_batch: 100", "max_lines_per_batch: 0")
    result = run(north, "config", "accept")
    assert (result.exit_code, "another person must accept it" in result.stderr) == (2, True)
    north.accept()
    told = said(run(north, "config", "changes", "--json"))["changes"]
    assert [(one["act"], one["who"]) for one in told][-2:] == [
        ("installed", current_user()), ("accepted", "olga"),
    ]  # fmt: skip


def test_the_owner_of_a_changed_firm_file_does_not_approve_what_the_schedule_made(
    north: World, edit_firm: Edit
):
    edit_firm("max_lines_per_batch: 100", "max_lines_per_batch: 0")
    north.night(SECOND)
    result = run(north, "batches", "approve", batches(north)[0])
    assert (result.exit_code, "another person must decide" in result.stderr) == (2, True)


def test_broken_glass_is_told_by_alert_outcome_and_report(north: World, edit_firm: Edit):
    edit_firm("max_lines_per_batch: 100", "max_lines_per_batch: 0")
    edit_firm(
        "stores:",
        f"  people: {{{current_user()}: {{roles: [break_glass]}}}}\nstores:",
    )
    north.accept()
    north.night(SECOND)
    first, second = batches(north)
    assert "no role" in run(north, "batches", "approve", first).stderr
    told = ["--break-glass", "--reason", "controller is ill"]
    assert run(north, "batches", "approve", first, *told).exit_code == 0
    [alert] = (north.folder / "state" / "alerts.jsonl").read_text("utf-8").splitlines()
    assert (json.loads(alert)["alert"], json.loads(alert)["batch_id"]) == ("break_glass", first)
    result = run(north, "post", "--json")
    assert result.exit_code == 1
    [sentence] = said(result)["alerts"]
    assert "above the limit: controller is ill" in sentence
    assert f"alert: {sentence}" in result.stdout
    page = (north.folder / said(result)["reports"]["html"]).read_text("utf-8")
    assert "above the limit: controller is ill" in page
    assert statuses(north) == {"IE": "posted", "UK": "planned"}
    assert second
