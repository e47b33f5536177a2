"""`store`: back up the firm's state, put it back, say whether it may post."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.options import FirmOption, JsonOption, load
from ps_integration.domain.days import said_at
from ps_integration.domain.identity import current_user
from ps_integration.stores.operational import fence
from ps_integration.workflows import backup
from ps_integration.workflows.nightly import operational_store, state_folder

app = typer.Typer(no_args_is_help=True, help="The firm's state: backup, restore, status.")


@app.command("backup")
def backup_command(
    target: Annotated[
        Path | None, typer.Argument(help="New folder. Default: backups/<instant> in the state.")
    ] = None,
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy the operational store and the last night's warehouse into a folder."""
    with output.reported(as_json=as_json):
        file, now = load(firm), datetime.now(UTC)
        folder = target or state_folder(file) / "backups" / f"{now:%Y%m%dT%H%M%S}"
        made = backup.backup(file, folder, now)
        output.headline(f"backed up to {folder}", is_good=True)
        output.say(f"ledger row {made.ledger_seq}, epoch {made.epoch}; the posting journal stays")
        output.finish({"folder": str(folder), **asdict(made)}, as_json=as_json)


@app.command("restore")
def restore_command(
    source: Annotated[Path, typer.Argument(help="Folder of a backup.")],
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a backup in the place of the state; what was there is moved aside."""
    with output.reported(as_json=as_json):
        made = backup.restore(load(firm), source, current_user(), datetime.now(UTC))
        output.headline(f"restored as of {said_at(made.made_at)}", is_good=True)
        output.say("The next `nightly` or `post` asks the ERP what was sent since, and sends")
        output.say("nothing before it knows. Approvals and decisions made since must be repeated.")
        output.finish(asdict(made), as_json=as_json)


@app.command("status")
def status_command(firm: FirmOption = None, as_json: JsonOption = False) -> None:
    """Say which store this is and whether it may post."""
    with output.reported(as_json=as_json):
        with operational_store(load(firm)) as store, store.snapshot() as session:
            own, stands = fence.identity(session), fence.mark(session)
            why = fence.reason(session, store.journal) if store.journal else None
        output.say(f"store {own.store_id}, epoch {own.epoch}, ledger row {stands.seq}")
        output.headline(
            "may post" if why is None else f"fenced: {why}; the next run catches up first",
            is_good=why is None,
        )
        told = {"store_id": own.store_id, "epoch": own.epoch, "ledger_seq": stands.seq}
        code = output.ExitCode.CLEAR if why is None else output.ExitCode.BREAKS
        output.finish({**told, "fenced": why}, as_json=as_json, code=code)
