"""`days`: days of work that were derived from a wrong time zone."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.options import FirmOption, JsonOption, load
from ps_integration.domain.identity import current_user
from ps_integration.workflows import work_days
from ps_integration.workflows.nightly import operational_store, snapshot
from ps_integration.workflows.work_days import Asked

app = typer.Typer(no_args_is_help=True, help="Days of work: date unposted entries anew.")


@app.callback()
def _group() -> None:
    """Keep `rederive` a command of its own while it is the only one."""


@app.command("rederive")
def rederive_command(
    entries: Annotated[
        list[str] | None, typer.Argument(help="Entries, e.g. clockify_emea:65f0.")
    ] = None,
    person: Annotated[
        str, typer.Option("--person", help="All unposted entries of SYSTEM:PERSON_ID.")
    ] = "",
    zone: Annotated[
        str, typer.Option("--zone", help="IANA name; default: what the profile shows now.")
    ] = "",
    note: Annotated[str, typer.Option("--note", help="Why; required.")] = "",
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Date unposted entries in the right time zone; what is posted keeps its day."""
    with output.reported(as_json=as_json):
        file, who = load(firm), current_user()
        asked = Asked(entries or (), person, zone, note)
        with snapshot(file) as warehouse, operational_store(file) as store:
            done = work_days.rederive(store, warehouse, asked, who, datetime.now(UTC))
        output.headline(f"{len(done.dated)} entries are dated anew by {who}", is_good=True)
        output.table(
            "From the next night on",
            ["entry", "from", "to", "zone"],
            [[one.entry_id, one.before, one.after, one.zone] for one in done.dated],
        )
        if done.billed:
            output.say(f"Billed, so they keep their day: {', '.join(done.billed)}")
        data = [
            {
                "entry_id": one.entry_id,
                "zone": one.zone,
                "before": one.before.isoformat(),
                "after": one.after.isoformat(),
            }
            for one in done.dated
        ]
        output.finish({"dated": data, "billed": list(done.billed), "by": who}, as_json=as_json)
