"""`quarantine`: records that cannot be read as they are, and setting them aside."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.options import FirmOption, JsonOption, load
from ps_integration.domain.days import said_at
from ps_integration.domain.identity import current_user
from ps_integration.domain.money import hours
from ps_integration.stores.operational.match_decisions import Decider
from ps_integration.workflows import quarantine_work
from ps_integration.workflows.nightly import operational_store, snapshot
from ps_integration.workflows.quarantine_work import Case

app = typer.Typer(
    no_args_is_help=True,
    help="Records that cannot be read as they are: list, show, set aside, restore.",
)
NamedArgument = Annotated[
    str,
    typer.Argument(
        help="A record (SYSTEM/STREAM/RECORD) or a cause (SYSTEM/STREAM/RULE/FIELD), as listed."
    ),
]
ReasonOption = Annotated[
    str, typer.Option("--reason", help="Why; kept with the decision, required.")
]
_STATES: Mapping[str, str] = {"set_aside": "set aside"}


@app.command("list")
def list_command(
    by_record: Annotated[
        bool, typer.Option("--by-record", help="One line per record, not per cause.")
    ] = False,
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what is in quarantine by cause, with the hours and money that its records tell."""
    with output.reported(as_json=as_json):
        file = load(firm)
        with snapshot(file) as warehouse, operational_store(file) as store:
            cases = quarantine_work.listed(store, warehouse)
        found = quarantine_work.causes(cases)
        if by_record:
            _draw_records(cases)
        else:
            output.table(
                "In quarantine, by cause",
                ["cause", "records", "since", "hours", "money", "state", "remedy"],
                [
                    [
                        one["cause"], one["records"], one["since"], _hours(one["seconds"]),
                        _money(one["amounts"]), _states(one["states"]), one["remedy"],
                    ]
                    for one in found
                ],
            )  # fmt: skip
        data = {"causes": found, "records": [_record(case) for case in cases]}
        output.finish(data, as_json=as_json)


@app.command("show")
def show_command(
    named: NamedArgument, firm: FirmOption = None, as_json: JsonOption = False
) -> None:
    """Show one record: where it stands, what is wrong, what it says and what was decided."""
    with output.reported(as_json=as_json):
        file = load(firm)
        with snapshot(file) as warehouse, operational_store(file) as store:
            case = quarantine_work.one_named(quarantine_work.listed(store, warehouse), named)
            fields = quarantine_work.shown(warehouse, case)
            decided = quarantine_work.history(store, case)
        output.headline(f"{case.name}: {_said(case.state)}", is_good=case.state == "set_aside")
        seen = f"first seen {said_at(case.first_seen_at)}, last seen {said_at(case.last_seen_at)}"
        output.say(f"{case.place or 'not from a file'}; {seen}")
        output.table(
            "What is wrong",
            ["object", "field", "value", "rule", "remedy"],
            [[one[name] for name in ("object", "field", "value", "rule", "remedy")]
             for one in case.faults],
        )  # fmt: skip
        output.table("What it says", ["field", "value"], [[*pair] for pair in fields.items()])
        output.table(
            "What was decided",
            ["decision", "what", "by", "at", "reason", "as it stands now"],
            [[*one.values()] for one in decided],
        )
        data = {**_record(case), "payload": fields, "decisions": decided}
        output.finish(data, as_json=as_json)


@app.command("set-aside")
def set_aside_command(
    named: NamedArgument, reason: ReasonOption, firm: FirmOption = None, as_json: JsonOption = False
) -> None:
    """Say that a record, or all of one cause, needs no more work as it stands.

    It keeps no period from being clean and is no open exception, but goes on being counted. When
    it changes it comes back by itself. Where it may hide approved time or money, two people say so.
    """
    with output.reported(as_json=as_json):
        file = load(firm)
        by = Decider(current_user(), datetime.now(UTC), reason, file.firm.approval)
        with snapshot(file) as warehouse, operational_store(file) as store:
            made = quarantine_work.set_aside(store, warehouse, named, by)
            rows = [_made(one) for one in made]
        proposed = sum(one["decision"] == "proposed" for one in rows)
        if done := len(rows) - proposed:
            output.headline(f"{named}: {done} set aside by {by.who}", is_good=True)
        if proposed:
            output.headline(f"{named}: {proposed} proposed by {by.who}", is_good=False)
            output.say(
                "They may hide approved time or money, so they count as before until another "
                "person runs the same command"
            )
        output.finish({"decisions": rows, "by": by.who}, as_json=as_json)


@app.command("restore")
def restore_command(
    named: NamedArgument, reason: ReasonOption, firm: FirmOption = None, as_json: JsonOption = False
) -> None:
    """Take back that a record, or all of one cause, is set aside; it counts again at once."""
    with output.reported(as_json=as_json):
        file = load(firm)
        by = Decider(current_user(), datetime.now(UTC), reason, file.firm.approval)
        with snapshot(file) as warehouse, operational_store(file) as store:
            made = quarantine_work.restore(store, warehouse, named, by)
            rows = [_made(one) for one in made]
        output.headline(f"{named}: {len(rows)} restored by {by.who}", is_good=True)
        output.finish({"decisions": rows, "by": by.who}, as_json=as_json)


def _draw_records(cases: list[Case]) -> None:
    output.table(
        "In quarantine, by record",
        ["record", "file and row", "field", "value", "rule", "since", "hours", "money", "state"],
        [
            [
                case.name, case.place or "-", one["field"], one["value"], one["rule"],
                case.first_seen_at, _hours(case.seconds), _money(case.held.amounts),
                _said(case.state),
            ]
            for case in cases
            for one in case.faults
        ],
    )  # fmt: skip


def _record(case: Case) -> dict[str, object]:
    return {
        "record": case.name,
        "causes": case.causes,
        "place": case.place,
        "faults": case.faults,
        "first_seen_at": case.first_seen_at,
        "last_seen_at": case.last_seen_at,
        "seconds": case.seconds,
        "is_approved": case.is_approved,
        "amounts": case.held.amounts,
        "state": case.state,
        "needs_two": case.held.needs_two,
        "decided": case.decided,
    }


def _made(row: object) -> dict[str, object]:
    names = ("decision_id", "decision", "system", "stream", "record_id")
    return {name: getattr(row, name) for name in names}


def _hours(seconds: object) -> str:
    return str(hours(int(str(seconds)), 2)) if seconds else "-"


def _money(amounts: object) -> str:
    told = sorted(amounts.items()) if isinstance(amounts, Mapping) else ()
    return ", ".join(output.money(minor, currency) for currency, minor in told) or "-"


def _states(states: object) -> str:
    told = states.items() if isinstance(states, Mapping) else ()
    return ", ".join(f"{count} {_said(str(state))}" for state, count in told)


def _said(state: str) -> str:
    return _STATES.get(state, state)
