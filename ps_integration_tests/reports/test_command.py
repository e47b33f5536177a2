"""`report` on the command line."""

import json

import pytest
from typer import Typer
from typer.testing import CliRunner

from ps_integration.cli import reports
from ps_integration.settings.load import FirmFile
from ps_integration.settings.yaml_source import read_yaml
from ps_integration.workflows.report import report
from ps_integration_tests.reports import world
from ps_integration_tests.reports.nights import FIRM


@pytest.fixture
def command(night, monkeypatch, tmp_path):
    path = tmp_path / "firm.yaml"
    path.write_text("firm: {}\n")
    stores = FIRM.stores.model_copy(update={"folder": str(night.folder)})
    firm = FIRM.model_copy(update={"stores": stores})
    file = FirmFile(firm, read_yaml(path), "c0ffee")
    monkeypatch.setattr(reports, "load", lambda _: file)
    app = Typer()
    app.command()(reports.command)
    return lambda *args: CliRunner().invoke(app, list(args))


def test_the_command_says_where_the_report_is_and_its_verdict(night, warehouse, store, command):
    world.fill(warehouse)
    report(night, warehouse, store)
    said = command("--json")
    assert said.exit_code == 1
    data = json.loads(said.stdout.splitlines()[-1])
    assert (data["run_id"], data["verdict"]) == ("night-2", "open breaks")
    assert data["reports"]["html"].endswith("reports/night-2/report.html")


def test_the_command_draws_again_when_asked(night, warehouse, store, command):
    report(night, warehouse, store)
    page = night.folder / "reports" / "night-2" / "report.html"
    business = page.with_name("business.html")
    before = business.read_bytes()
    page.unlink()
    business.unlink()
    assert command("--draw", "--run", "night-2").exit_code == 1
    assert page.exists()
    assert business.read_bytes() == before


def test_the_command_without_a_report_could_not_run(command):
    assert command().exit_code == 2
