"""Before the first night: `init`, `config`, `doctor`, as a person types them."""

import json
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ps_integration.cli.main import app
from ps_integration.connectors.registry import VENDORS
from ps_integration_tests.e2e import firm
from ps_integration_tests.e2e.conftest import Edit, World

pytestmark = pytest.mark.e2e
CHOICES = [*[(name,) for name in sorted(VENDORS)], *combinations(sorted(VENDORS), 2),
           tuple(sorted(VENDORS))]  # fmt: skip


def run(*arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env=environ)


@pytest.mark.parametrize(
    "command",
    ["", "demo", "nightly", "init", "doctor", "why", "report", "sandbox", "config check",
     "config schema", "batches list", "batches show", "batches approve", "batches reject",
     "breaks list", "breaks show", "opening list", "opening sign"],
)  # fmt: skip
def test_every_command_explains_itself(command):
    result = run(*command.split(), "--help")
    assert (result.exit_code, "Usage" in result.output) == (0, True)


@pytest.mark.parametrize("vendors", CHOICES, ids="+".join)
def test_init_writes_a_file_that_passes_the_check(tmp_path: Path, vendors):
    path = tmp_path / "firm.yaml"
    assert run("init", *vendors, "--output", str(path)).exit_code == 0
    checked = run("config", "check", "--firm", str(path), "--json")
    assert checked.exit_code == 0, checked.output
    assert json.loads(checked.stdout.splitlines()[-1])["path"] == str(path)


def test_init_never_overwrites(tmp_path: Path):
    path = tmp_path / "firm.yaml"
    path.write_text("mine", "utf-8")
    result = run("init", "harvest", "--output", str(path))
    assert (result.exit_code, path.read_text("utf-8")) == (2, "mine")
    assert "exists" in result.stderr


def test_init_names_the_vendors_it_knows(tmp_path: Path):
    result = run("init", "abacus", "--output", str(tmp_path / "firm.yaml"))
    assert result.exit_code == 2
    assert "harvest" in result.stderr
    assert not (tmp_path / "firm.yaml").exists()


def test_the_check_lists_every_mistake_with_line_and_key(north: World, edit_firm: Edit):
    edit_firm("reporting_currency: GBP", "reporting_currency: XBT")
    edit_firm("time_zone: Europe/Dublin", "time_zone: Europe/Dublyn")
    edit_firm("max_lines_per_batch: 100", "max_lines_per_batch: many")
    edit_firm("stores: {folder: state}", "stores: {folder: state, folders: x}")
    result = run("config", "check", "--firm", str(north.firm_path))
    assert result.exit_code == 2
    for text in (":1: firm.reporting_currency", ":4: legal_entities[1].time_zone", "'XBT'",
                 "approval.automatic.max_lines_per_batch", "stores.folders"):  # fmt: skip
        assert text in result.stderr


def test_mistakes_between_keys_are_listed_too(north: World, edit_firm: Edit):
    edit_firm("rates: {source: psa", "rates: {source: psaa")
    edit_firm("vendor: harvest", "vendor: harvester")
    edit_firm("tenant: north", "tennant: north")
    edit_firm("rules: {MD03", "rules: {MD99")
    result = run("config", "check", "--firm", str(north.firm_path), "--json")
    said = json.loads(result.stdout.splitlines()[-1])["message"]
    for text in ("rates.source", "systems[1].vendor", "options.tennant", "rules.MD99"):
        assert text in said
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [("firm: {id: [", "not valid YAML"), ("", "mapping"), ("firm: a\nfirm: b\n", "twice"),
     ("- 1\n", "mapping"), ("a: \x00\n", "YAML")],
)  # fmt: skip
def test_a_broken_file_is_named_with_its_line(north: World, text, told):
    north.firm_path.write_text(text, "utf-8")
    for command in (["config", "check"], ["nightly"], ["doctor"], ["batches", "list"]):
        result = run(*command, "--firm", str(north.firm_path))
        assert (result.exit_code, told in result.stderr) == (2, True), result.output
        assert str(north.firm_path) in result.stderr.replace("\n", "")


def test_the_schema_is_one_json_document():
    assert json.loads(run("config", "schema").stdout)["title"] == "ps_integration firm file"


def findings(world: World, **changes: str) -> tuple[int, dict[tuple[str, str], tuple[str, str]]]:
    result = run("doctor", "--firm", str(world.firm_path), "--json", **{**world.environ, **changes})
    said = json.loads(result.stdout.splitlines()[-1])["findings"]
    assert not any(secret in result.output for secret in firm.SECRETS)
    return result.exit_code, {
        (one["check"], one["target"]): (one["state"], one["message"]) for one in said
    }


def test_the_doctor_finds_nothing_wrong_with_a_well_firm(north: World):
    north.state.set_clock(datetime.now(UTC))
    code, found = findings(north)
    assert {key: one for key, one in found.items() if one[0] != "ok"} == {}
    assert code == 0
    assert {target for check, target in found if check == "reachability"} >= {"psa", "books"}


@pytest.mark.parametrize(
    ("kind", "check", "told"),
    [("dead", "reachability", "could not be reached"),
     ("wrong_token", "credentials", "CLOCK_TOKEN"),
     ("html_200", "reachability", "text/html"), ("status_503", "reachability", "503")],
)  # fmt: skip
def test_the_doctor_names_the_trouble_of_a_system(north: World, kind, check, told):
    north.fault(kind, "clock")
    code, found = findings(north)
    state, message = found[check, "clock"]
    assert (code, state, told in message) == (2, "fail", True)
    assert found["reachability", "psa"][0] == "ok"


def test_the_doctor_names_a_variable_that_is_not_set(north: World):
    code, found = findings(north, CLOCK_TOKEN="")
    assert code == 2
    assert found["credentials", "clock"] == ("fail", "set CLOCK_TOKEN in the environment")


def test_the_doctor_names_a_clock_that_is_off(north: World):
    code, found = findings(north)
    assert (code, found["clock", "clock"][0]) == (2, "fail")


def test_the_doctor_changes_nothing(fresh: World):
    findings(fresh)
    assert not (fresh.folder / "state").exists()


def test_the_doctor_names_a_damaged_store(north: World):
    (north.folder / "state" / "operational.sqlite").write_bytes(b"x" * 9000)
    code, found = findings(north)
    assert (code, found["store", "operational"][0]) == (2, "fail")
    assert "not a database" in found["store", "operational"][1]
