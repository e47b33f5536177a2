"""`deletions`: records that a source stopped listing all at once, and saying they were deleted."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.options import FirmOption, JsonOption, load
from ps_integration.domain.identity import current_user
from ps_integration.stores.operational.match_decisions import Decider
from ps_integration.workflows import deletions
from ps_integration.workflows.nightly import operational_store, snapshot

app = typer.Typer(no_args_is_help=True, help="Deletions that need a person: list, accept.")
_SHOWN = 5


@app.command("list")
def list_command(firm: FirmOption = None, as_json: JsonOption = False) -> None:
    """List the streams whose last listing lacked too much for its records to count as deleted."""
    with output.reported(as_json=as_json):
        file = load(firm)
        with snapshot(file) as warehouse, operational_store(file) as store:
            found = deletions.listed(store, warehouse)
        output.table(
            "Missing all at once; none counts as deleted until a person accepts it",
            ["system", "stream", "missing", "since", "posted work", "state", "by", "records"],
            [
                [
                    one.missing.system, one.missing.stream, len(one.missing.records), one.since,
                    _money(one.missing.amounts), one.state, one.decided_by,
                    ", ".join([*sorted(one.missing.records)[:_SHOWN],
                               *(["..."] if len(one.missing.records) > _SHOWN else [])]),
                ]
                for one in found
            ],
        )  # fmt: skip
        told = [
            {
                "system": one.missing.system,
                "stream": one.missing.stream,
                "records": one.missing.records,
                "posted_minor": one.missing.amounts,
                "since": one.since,
                "state": one.state,
                "by": one.decided_by,
            }
            for one in found
        ]
        output.finish({"deletions": told}, as_json=as_json)


@app.command("accept")
def accept_command(
    system: Annotated[str, typer.Argument(help="The system, as the firm file names it.")],
    stream: Annotated[str, typer.Argument(help="The stream, as the list names it.")],
    note: Annotated[str, typer.Option("--note", help="Why; kept with the decision, required.")],
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that what a stream lacks was deleted; where posted work rests on it, two people do.

    What is not listed again by the next night then counts as deleted. The credits that follow wait
    for approval like every other correction.
    """
    with output.reported(as_json=as_json):
        file = load(firm)
        by = Decider(current_user(), datetime.now(UTC), note, file.firm.approval)
        with snapshot(file) as warehouse, operational_store(file) as store:
            made = deletions.accept(store, warehouse, (system, stream), by)
        said = f"decision {made.decision_id}: {len(made.records)} records of {system} {stream}"
        output.headline(f"{said} are {made.decision} as deleted by {made.decided_by}", is_good=True)
        if made.decision == "proposed":
            amounts = _money({key: int(str(value)) for key, value in made.amounts.items()})
            output.say(
                f"{amounts} of posted work rests on them, so nothing is deleted until another "
                "person runs the same command"
            )
        told = {
            "decision_id": made.decision_id,
            "decision": made.decision,
            "records": sorted(made.records),
            "by": made.decided_by,
        }
        output.finish(told, as_json=as_json)


def _money(amounts: Mapping[str, int]) -> str:
    told = [output.money(minor, currency) for currency, minor in sorted(amounts.items())]
    return ", ".join(told) or "-"
