"""`breaks`: what the rules found, and the history of one of them."""

from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.options import FirmOption, JsonOption, load
from ps_integration.stores.operational import breaks
from ps_integration.workflows.nightly import operational_store

app = typer.Typer(no_args_is_help=True, help="Breaks: list, show.")


@app.command("list")
def list_command(
    rule: Annotated[str | None, typer.Option("--rule", help="Only this rule, e.g. TM06.")] = None,
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the open breaks, the most money at risk first within a currency."""
    with output.reported(as_json=as_json), operational_store(load(firm)) as store:
        with store.session() as session:
            rows = breaks.open_breaks(session, rule=rule)
        output.table(
            "Open breaks",
            ["break", "rule", "severity", "record", "period", "at risk", "owner", "opened"],
            [
                [
                    row["break_id"], row["rule"], row["severity"], row["record_key"],
                    row["period"] or None, output.money(row["at_risk_minor"], row["currency"]),
                    row["owner"], row["opened_at"],
                ]
                for row in rows
            ],
        )  # fmt: skip
        code = output.ExitCode.BREAKS if rows else output.ExitCode.CLEAR
        output.finish({"breaks": rows}, as_json=as_json, code=code)


@app.command("show")
def show_command(
    break_id: Annotated[str, typer.Argument(help="Break id, or its first characters.")],
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one break: both sides, cause, owner, remedy and its history."""
    with output.reported(as_json=as_json), operational_store(load(firm)) as store:
        with store.session() as session:
            shown = breaks.show(session, break_id)
        for name, value in shown.items():
            if name not in ("facts", "events"):
                output.say(f"{name:>16}: {value}")
        for name, value in shown["facts"].items():
            output.say(f"{name:>20}: {value}")
        for event in shown["events"]:
            output.say(f"  {event['at']:%Y-%m-%d %H:%M}  {event['event']}  {event['note']}")
        output.finish(shown, as_json=as_json)
