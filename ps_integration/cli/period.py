"""`period`: whether a month of a legal entity is clean, and closing it."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.options import FirmOption, JsonOption, load
from ps_integration.domain.days import said_at
from ps_integration.domain.identity import current_user
from ps_integration.workflows import period_close
from ps_integration.workflows.close_pack import PAGE, PDF, WORKBOOK, pack
from ps_integration.workflows.nightly import operational_store, snapshot
from ps_integration.workflows.period import PeriodAnswer
from ps_integration.workflows.period_close import Person

app = typer.Typer(no_args_is_help=True, help="Periods: status, close, pack, reopen.")

EntityOption = Annotated[str, typer.Option("--entity", help="Legal entity, e.g. UK.")]
PeriodOption = Annotated[str, typer.Option("--period", help="Month, e.g. 2026-03.")]
_SIGNS = {"wrong": "x", "unknown": "?", "note": "-"}
_CODES: Mapping[str, int] = {
    "clean": output.ExitCode.CLEAR,
    "not clean": output.ExitCode.BREAKS,
    "could not say": output.ExitCode.COULD_NOT_RUN,
}


@app.command("status")
def status_command(
    entity: EntityOption, period: PeriodOption, firm: FirmOption = None, as_json: JsonOption = False
) -> None:
    """Say whether a period is clean (exit 0), not clean (1), or cannot be told (2), and why."""
    with output.reported(as_json=as_json):
        found = period_close.ask(load(firm), entity, period)
        _draw(found)
        output.finish(asdict(found), as_json=as_json, code=_CODES[found.answer])


@app.command("close")
def close_command(
    entity: EntityOption,
    period: PeriodOption,
    accept: Annotated[
        str, typer.Option("--accept", help="Why it is closed although it is not clean.")
    ] = "",
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Close a period as the person logged in here; one that is not clean needs a reason."""
    with output.reported(as_json=as_json):
        file, person = load(firm), Person(current_user(), datetime.now(UTC))
        with snapshot(file) as warehouse, operational_store(file) as store:
            place = (entity, period)
            found = period_close.close(store, file.firm, warehouse, place, person, accept)
        _draw(found)
        output.headline(f"closed by {person.who} as {found.answer}", is_good=True)
        output.say("The accounting period itself is closed in the ERP.")
        output.finish({**asdict(found), "closed_by": person.who}, as_json=as_json)


@app.command("pack")
def pack_command(
    entity: EntityOption, period: PeriodOption, firm: FirmOption = None, as_json: JsonOption = False
) -> None:
    """Write the close pack: PDF to sign, page and workbook, with a manifest of hashes."""
    with output.reported(as_json=as_json):
        made, folder = pack(load(firm), entity, period, datetime.now(UTC))
        output.headline(made.asked.sentence, is_good=made.asked.answer == "clean")
        for name in (PDF, PAGE, WORKBOOK):
            output.say(f"  {folder / name}")
        data = {"answer": made.asked.answer, "run_id": made.run_id, "folder": str(folder)}
        output.finish(data, as_json=as_json, code=_CODES[made.asked.answer])


@app.command("reopen")
def reopen_command(
    entity: EntityOption,
    period: PeriodOption,
    note: Annotated[str, typer.Option("--note", help="Why; required.")],
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take the closing of a period back."""
    with output.reported(as_json=as_json):
        file, person = load(firm), Person(current_user(), datetime.now(UTC))
        with snapshot(file) as warehouse, operational_store(file) as store:
            place = (entity, period)
            found = period_close.reopen(store, file.firm, warehouse, place, person, note)
        output.headline(f"{entity} {period}: opened again by {person.who}", is_good=True)
        output.finish({**asdict(found), "reopened_by": person.who}, as_json=as_json)


def _draw(found: PeriodAnswer) -> None:
    output.headline(found.sentence, is_good=found.answer == "clean")
    for one in found.reasons:
        output.say(f"  {_SIGNS[one.weight]} {one.text}")
    closed = f"; {found.standing}" if found.standing else ""
    output.say(f"Books of the night {found.run_id}, {said_at(found.as_of)}{closed}")
