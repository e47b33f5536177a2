"""`audit`: whether the trail holds, its key, and evidence packs for an auditor."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.options import FirmOption, JsonOption, load
from ps_integration.domain.identity import current_user
from ps_integration.errors import AskFinanceError
from ps_integration.stores.operational import audit
from ps_integration.stores.operational.audit_check import AuditVerdict
from ps_integration.workflows.audit_keys import keys_of, public_key
from ps_integration.workflows.audit_verify import verify
from ps_integration.workflows.evidence_pack import Places, Scope, export
from ps_integration.workflows.nightly import operational_store, snapshot, state_folder
from ps_integration.workflows.verify_pack import sha

app = typer.Typer(no_args_is_help=True, help="Audit trail: verify, export, key, rotate.")


@app.command("verify")
def verify_command(
    head: Annotated[
        str, typer.Option("--head", help="A head as a report prints it, 812:5f0c...")
    ] = "",
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Walk the trail and compare every row it witnesses; exit code 1 when something is off."""
    with output.reported(as_json=as_json):
        file = load(firm)
        with operational_store(file, is_noted=False) as store:
            verdict = verify(file, store, head)
        _show(verdict)
        data = {**asdict(verdict), "holds": verdict.holds, "first_bad_seq": verdict.first_bad_seq}
        output.finish(data, as_json=as_json, code=0 if verdict.holds else 1)


@app.command("key")
def key_command(firm: FirmOption = None, as_json: JsonOption = False) -> None:
    """Show which key codes the trail, and the public key that checks anchors and packs."""
    with output.reported(as_json=as_json):
        file = load(firm)
        keys = keys_of(file.firm, state_folder(file))
        data = {
            "key_id": keys.current.id,
            "public_key": public_key(keys.current),
            "previous": [key.id for key in keys.previous],
        }
        for name, value in data.items():
            output.say(f"{name:>12}  {value}")
        output.finish(data, as_json=as_json)


@app.command("rotate")
def rotate_command(
    note: Annotated[str, typer.Option("--note", help="Why; kept in the trail.")],
    lost: Annotated[
        bool, typer.Option("--lost", help="The key before is lost and can check nothing more.")
    ] = False,
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Go on under the key that the firm file names now; the trail keeps where it began."""
    with output.reported(as_json=as_json):
        file = load(firm)
        with operational_store(file) as store, store.session() as session:
            audit.begin_key(
                session, at=datetime.now(UTC), who=current_user(), note=note, is_lost=lost
            )
        key_id = keys_of(file.firm, state_folder(file)).current.id
        output.headline(f"the trail goes on under key {key_id}", is_good=True)
        output.finish({"key_id": key_id, "is_old_key_lost": lost}, as_json=as_json)


@app.command("export")
def export_command(
    target: Annotated[Path, typer.Option("--output", "-o", help="The zip file to write.")],
    batch: Annotated[str, typer.Option("--batch", help="One batch.")] = "",
    period: Annotated[str, typer.Option("--period", help="A posting period, 2026-03.")] = "",
    legal_entity: Annotated[str, typer.Option("--legal-entity", help="With --period.")] = "",
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a signed evidence pack that an auditor checks offline with the verify.py in it."""
    with output.reported(as_json=as_json):
        if bool(batch) == bool(period and legal_entity):
            raise AskFinanceError("name --batch, or --period with --legal-entity")
        file = load(firm)
        folder = state_folder(file)
        keys = keys_of(file.firm, folder)
        with operational_store(file) as store, snapshot(file) as warehouse:
            places = Places(file.firm, folder, store, warehouse)
            packed = export(places, keys, Scope(batch, period, legal_entity))
        target.write_bytes(packed)
        output.headline(f"{target}: {len(packed):,} bytes", is_good=True)
        output.say(f"check it with: python verify.py {target.name} {public_key(keys.current)}")
        data = {"path": str(target), "sha256": sha(packed), "public_key": public_key(keys.current)}
        output.finish(data, as_json=as_json)


def _show(verdict: AuditVerdict) -> None:
    found = len(verdict.findings)
    title = "the trail holds" if verdict.holds else f"the trail does not hold: {found} findings"
    output.headline(title, is_good=verdict.holds)
    output.say(f"{verdict.rows} trail rows, {verdict.witnessed} rows of other tables compared")
    output.say(f"head {verdict.rows}:{verdict.head_sha256}")
    if verdict.findings:
        output.table(
            "What does not hold",
            ["trail row", "table", "row", "problem"],
            [[one.seq, one.table, one.row, one.problem] for one in verdict.findings],
        )
    for note in verdict.notes:
        output.say(note)
