"""`opening`: what is settled elsewhere at going live, and the signature that starts posting."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.options import FirmOption, JsonOption, load
from ps_integration.domain.identity import current_user
from ps_integration.domain.money import hours
from ps_integration.workflows.nightly import operational_store, snapshot
from ps_integration.workflows.opening import OpeningList, chosen, opening_lists, sign

app = typer.Typer(no_args_is_help=True, help="Going live: list, sign.")


@app.command("list")
def list_command(firm: FirmOption = None, as_json: JsonOption = False) -> None:
    """Show, per legal entity and time system, what will never be posted from here."""
    with output.reported(as_json=as_json):
        file = load(firm)
        with snapshot(file) as warehouse:
            lists = opening_lists(file.firm, warehouse)
        _draw(lists)
        output.finish({"openings": [asdict(one) for one in lists]}, as_json=as_json)


@app.command("sign")
def sign_command(
    legal_entity: Annotated[str | None, typer.Argument(help="Default: all.")] = None,
    time_system: Annotated[str | None, typer.Argument(help="Default: all.")] = None,
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign opening lists as the person logged in to this machine; posting may then begin."""
    with output.reported(as_json=as_json):
        file = load(firm)
        with snapshot(file) as warehouse:
            lists = chosen(opening_lists(file.firm, warehouse), legal_entity, time_system)
        who = current_user()
        with operational_store(file) as store:
            for one in lists:
                sign(store, one, who, datetime.now(UTC))
        _draw(lists)
        output.headline(f"signed by {who}", is_good=True)
        output.finish({"signed": [asdict(one) for one in lists], "by": who}, as_json=as_json)


def _draw(lists: tuple[OpeningList, ...]) -> None:
    output.table(
        "Settled elsewhere, counted and never posted",
        ["entity", "time system", "bill from", "entries", "hours", "marked invoiced", "list"],
        [
            [
                one.legal_entity, one.time_system, one.bill_from, one.entries,
                hours(one.seconds, 2), one.already_invoiced, one.sha256[:12],
            ]
            for one in lists
        ],
    )  # fmt: skip
