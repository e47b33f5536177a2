"""`breaks`: what the rules found, the history of one of them, and working it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.options import FirmOption, JsonOption, load
from ps_integration.domain.days import said_at
from ps_integration.errors import FixConfigError
from ps_integration.reconciliation.rule import load_rules
from ps_integration.stores.operational import breaks
from ps_integration.stores.operational.models import Break, BreakEvent
from ps_integration.workflows.break_list import Listed, books, listed
from ps_integration.workflows.nightly import operational_store

app = typer.Typer(
    no_args_is_help=True,
    help="Breaks: list, show, assign, comment, snooze, accept, confirm, reopen, export, import.",
)


@app.command("list")
def list_command(
    rule: Annotated[str | None, typer.Option("--rule", help="Only this rule, e.g. TM06.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Only what is assigned to them.")] = None,
    with_all: Annotated[
        bool, typer.Option("--all", help="Also what is put off and what is accepted.")
    ] = False,
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the open breaks, the most money at risk first; what holds money is never left out."""
    with output.reported(as_json=as_json):
        file = load(firm)
        with operational_store(file) as store, store.snapshot() as session:
            night = books(file)
            of = night.as_of or datetime.now(UTC)
            found = listed(session, file.firm, of, night.at, with_all=with_all)
        shown = [one for one in found.shown if _fits(one.item, rule, to)]
        output.table("Open breaks", _COLUMNS, [_cells(one) for one in shown])
        ages = ", ".join(f"{count} of {name}" for name, count in found.ages(shown).items())
        output.say(f"Age in business days on {said_at(of)}: {ages or 'nothing is open'}")
        if found.put_off:
            output.say(f"{found.put_off} put off; --all shows them")
        is_open = any(one.item.state == "open" for one in shown)
        code = output.ExitCode.BREAKS if is_open else output.ExitCode.CLEAR
        data = [
            {
                **_row(one.item),
                "at_risk_reporting_minor": one.worth_minor,
                "age_business_days": one.age,
                "waits_for": one.waits_for,
            }
            for one in shown
        ]
        told = {
            "as_of": of.isoformat(),
            "breaks": data,
            "ages": found.ages(shown),
            "put_off": found.put_off,
        }
        output.finish(told, as_json=as_json, code=code)


_COLUMNS = (
    "break", "rule", "severity", "record", "period", "at risk", "assigned to", "due", "age",
    "state",
)  # fmt: skip


def _fits(item: Break, rule: str | None, to: str | None) -> bool:
    return rule in (None, item.rule) and to in (None, item.assigned_to)


def _cells(one: Listed) -> list[object]:
    item = one.item
    at_risk = output.money(item.at_risk_minor, item.currency)
    return [
        item.break_id[:8], item.rule, item.severity, item.record_key, item.period or None, at_risk,
        item.assigned_to or item.owner, item.due_on, one.age, _state(one),
    ]  # fmt: skip


def _state(one: Listed) -> str:
    item = one.item
    if item.state == "accepted":
        return f"accepted until {item.accepted_until or 'it grows'}"
    if one.waits_for:
        return "waits for a second person"
    if item.snoozed_until is not None:
        return f"until {item.snoozed_until}"
    return "overdue" if one.is_overdue else "open"


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
            output.say(f"{said_at(event.at)}  {event.event} by {event.by}  {event.note}")
        data = {**_row(one), "facts": one.facts, "events": _history(events)}
        output.finish(data, as_json=as_json)


def _history(events: Sequence[BreakEvent]) -> list[dict[str, object]]:
    names = ("at", "event", "by", "note", "detail")
    return [{name: getattr(event, name) for name in names} for event in events]


_NAMES = (
    "break_id", "rule", "record_key", "period", "state", "severity", "owner", "assigned_to",
    "due_on", "snoozed_until", "accepted_minor", "accepted_until", "blocked_kind", "blocked_id",
    "root_break_id", "opened_at", "episode_at", "last_seen_at", "closed_at", "times_seen",
    "times_opened", "version", "at_risk_minor", "currency",
)  # fmt: skip


def _row(one: Break) -> dict[str, object]:
    return {name: getattr(one, name) for name in _NAMES}


def day_of(option: str, text: str | None) -> date | None:
    """Read a calendar date of an option.

    Raises:
        FixConfigError: It is none.
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise FixConfigError(f"{option} {text!r}: write a date such as 2026-04-30") from error
