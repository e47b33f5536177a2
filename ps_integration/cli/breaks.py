"""`breaks`: what the rules found, the history of one of them, and living with it."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.options import FirmOption, JsonOption, load
from ps_integration.domain.identity import current_user
from ps_integration.reconciliation.rule import load_rules
from ps_integration.stores.operational import audit, breaks
from ps_integration.stores.operational.models import Break
from ps_integration.workflows.nightly import operational_store

app = typer.Typer(no_args_is_help=True, help="Breaks: list, show, accept.")


@app.command("list")
def list_command(
    rule: Annotated[str | None, typer.Option("--rule", help="Only this rule, e.g. TM06.")] = None,
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the open breaks, the most money at risk first."""
    with output.reported(as_json=as_json), operational_store(load(firm)) as store:
        with store.snapshot() as session:
            found = breaks.open_breaks(session, rule=rule)
        output.table(
            "Open breaks",
            ["break", "rule", "severity", "record", "period", "at risk", "owner", "opened"],
            [
                [
                    one.break_id[:8], one.rule, one.severity, one.record_key, one.period or None,
                    output.money(one.at_risk_minor, one.currency), one.owner, one.opened_at,
                ]
                for one in found
            ],
        )  # fmt: skip
        code = output.ExitCode.BREAKS if found else output.ExitCode.CLEAR
        data = [_row(one) for one in found]
        output.finish({"breaks": data}, as_json=as_json, code=code)


@app.command("show")
def show_command(
    break_id: Annotated[str, typer.Argument(help="Break id, or its first characters.")],
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one break: both sides, cause, owner, remedy and its history."""
    with output.reported(as_json=as_json):
        file = load(firm)
        with operational_store(file) as store, store.snapshot() as session:
            one, events = breaks.show(session, break_id)
        rule = next(
            (rule for rule in load_rules(file.firm.rules_path) if rule.code == one.rule), None
        )
        output.headline(f"{one.rule} {one.record_key} {one.period}", is_good=one.state != "open")
        if rule is not None:
            output.say(f"{rule.title}. {rule.remedy}")
        for name, value in {**_row(one), **one.facts}.items():
            if value is not None and name != "facts":
                output.say(f"{name:>20}  {value}")
        for event in events:
            output.say(f"{event.at:%Y-%m-%d %H:%M}  {event.event} by {event.by}  {event.note}")
        history = [
            {"at": event.at, "event": event.event, "by": event.by, "note": event.note}
            for event in events
        ]
        data = {**_row(one), "facts": one.facts, "events": history}
        output.finish(data, as_json=as_json)


@app.command("accept")
def accept_command(
    break_id: Annotated[str, typer.Argument(help="Break id, or its first characters.")],
    note: Annotated[str, typer.Option("--note", help="Why finance lives with it; required.")],
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Accept one break as it is; it holds nothing any more, and returns when it grows."""
    with output.reported(as_json=as_json), operational_store(load(firm)) as store:
        who, now = current_user(), datetime.now(UTC)
        with store.session() as session:
            one, _ = breaks.show(session, break_id)
            breaks.accept(session, one.break_id, by=who, note=note, at=now)
            audit.append(
                session,
                at=now,
                who=who,
                action="accept_break",
                subject=one.break_id,
                detail={"rule": one.rule, "record_key": one.record_key, "note": note},
            )
        output.headline(f"{one.rule} {one.record_key}: accepted by {who}", is_good=True)
        data = {"break_id": one.break_id, "state": "accepted", "by": who}
        output.finish(data, as_json=as_json)


_NAMES = (
    "break_id", "rule", "record_key", "period", "state", "severity", "owner", "blocked_kind",
    "blocked_id", "root_break_id", "opened_at", "last_seen_at", "closed_at", "times_seen",
    "at_risk_minor", "currency",
)  # fmt: skip


def _row(one: Break) -> dict[str, object]:
    return {name: getattr(one, name) for name in _NAMES}
