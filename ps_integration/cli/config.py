"""`init`, `config`, `doctor`: before the first night, and before a change."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.options import FirmOption, JsonOption, environ, firm_path, load
from ps_integration.domain.identity import current_user
from ps_integration.errors import FixConfigError
from ps_integration.settings.load import json_schema
from ps_integration.workflows.acceptance import accept, changes
from ps_integration.workflows.config_check import load_checked
from ps_integration.workflows.doctor import doctor
from ps_integration.workflows.nightly import operational_store
from ps_integration.workflows.starter import starter

app = typer.Typer(
    no_args_is_help=True, help="The firm file: check, accept, its changes, its JSON Schema."
)


def init_command(
    vendors: Annotated[
        list[str], typer.Argument(help="Vendors to connect, e.g. kantata harvest business_central.")
    ],
    path: Annotated[Path, typer.Option("--output", help="File to write.")] = Path("firm.yaml"),
    as_json: JsonOption = False,
) -> None:
    """Write a commented firm file for the chosen vendors."""
    with output.reported(as_json=as_json):
        if path.exists():
            raise FixConfigError(f"{path} exists; move it away or name another with --output")
        path.write_text(starter(vendors), "utf-8")
        load_checked(path)
        output.say(f"{path} written; fill in what is marked CHANGE, then: ")
        output.say(f"  ps-integration config check --firm {path}")
        output.finish({"path": str(path)}, as_json=as_json)


@app.command("check")
def check_command(firm: FirmOption = None, as_json: JsonOption = False) -> None:
    """Check the firm file; every mistake is listed with its line and key."""
    with output.reported(as_json=as_json):
        path = firm_path(firm)
        file = load_checked(path)
        output.headline(f"{path}: no mistakes", is_good=True)
        systems = len(file.firm.systems)
        output.say(f"{file.firm.firm.name}: {len(file.firm.legal_entities)} legal entities, "
                   f"{systems} systems; configuration {file.config_hash[:12]}")  # fmt: skip
        output.finish({"path": str(path), "config_hash": file.config_hash}, as_json=as_json)


@app.command("accept")
def accept_command(firm: FirmOption = None, as_json: JsonOption = False) -> None:
    """Accept the firm file as the person logged in to this machine; who changed it cannot."""
    with output.reported(as_json=as_json):
        file = load(firm)
        who = current_user()
        with operational_store(file) as store:
            accept(store, file, who, datetime.now(UTC))
        output.headline(f"configuration {file.config_hash[:12]}: accepted by {who}", is_good=True)
        output.finish({"config_hash": file.config_hash, "accepted_by": who}, as_json=as_json)


@app.command("changes")
def changes_command(firm: FirmOption = None, as_json: JsonOption = False) -> None:
    """List who changed the configuration, and who accepted it."""
    with output.reported(as_json=as_json):
        file = load(firm)
        with operational_store(file) as store:
            rows = changes(store)
        shown = [[row.at, row.act, row.who, row.how, row.config_hash[:12]] for row in rows]
        output.table("Configurations", ["at", "act", "who", "how", "configuration"], shown)
        names = ("at", "act", "who", "how", "config_hash")
        data = [{name: getattr(row, name) for name in names} for row in rows]
        output.finish({"changes": data}, as_json=as_json)


@app.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of the firm file, for editors."""
    typer.echo(json.dumps(json_schema(), indent=2))


def doctor_command(firm: FirmOption = None, as_json: JsonOption = False) -> None:
    """Look at systems, credentials, rights, clocks, stores and mappings; change nothing."""
    with output.reported(as_json=as_json):
        findings = doctor(load(firm), environ())
        rows = [[f.state, f.check, f.target, f.message] for f in findings]
        output.table("Doctor", ["", "check", "what", "finding"], rows)
        worst = {finding.state for finding in findings}
        code = 2 if "fail" in worst else 1 if "warn" in worst else 0
        data = {"findings": [dict(zip(("state", "check", "target", "message"), row, strict=True))
                             for row in rows]}  # fmt: skip
        output.finish(data, as_json=as_json, code=code)
