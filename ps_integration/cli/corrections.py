"""`corrections`: posted work that changed master data would move; a person decides."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from ps_integration.cli import output
from ps_integration.cli.options import FirmOption, JsonOption, load
from ps_integration.domain.identity import current_user
from ps_integration.stores.operational import correction_decisions
from ps_integration.stores.operational.correction_decisions import Decider
from ps_integration.workflows import corrections
from ps_integration.workflows.nightly import operational_store, snapshot

app = typer.Typer(
    no_args_is_help=True,
    help="Posted work whose master data changed: list, release, refuse, withdraw.",
)

NamedArgument = Annotated[
    str, typer.Argument(help="Id of a change or of a cause, or an entry, e.g. harvest_uk:1234.")
]
NoteOption = Annotated[str, typer.Option("--note", help="Why; kept with the decision, required.")]


@app.command("list")
def list_command(
    by_cause: Annotated[
        bool, typer.Option("--by-cause", help="One line per cause, not per entry.")
    ] = False,
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what the last night would bill otherwise if the change counted for posted work too."""
    with output.reported(as_json=as_json):
        file = load(firm)
        with (
            snapshot(file) as warehouse,
            operational_store(file) as store,
            store.snapshot() as session,
        ):
            rows = corrections.listed(session, warehouse)
            decided = correction_decisions.standing(session)
            decisions = [
                {
                    "decision_id": one.decision_id, "decision": one.decision,
                    "object_id": one.object_id, "by": one.decided_by,
                    "at": one.decided_at.isoformat(), "note": one.note,
                }
                for one in decided
            ]  # fmt: skip
        causes = corrections.causes(rows)
        shown = causes if by_cause else rows
        output.table(
            "Posted work that today's master data would bill otherwise",
            ["id", "cause", "changed", "of", "from", "to", "posted -> today", "moves", "days",
             "state"],
            [
                [
                    row["cause_id"] if by_cause else row["change_id"],
                    f"{row['objects']} entries" if by_cause else row["cause_id"],
                    row["what"],
                    f"{row['subject_kind']} {row['subject']}"
                    + ("" if by_cause else f", {row['object_id']}"),
                    row["from_value"], row["to_value"], corrections.effect(row),
                    output.money(row["effect_minor"], row["currency"]), row["age_days"],
                    row["states"] if by_cause else row["state"],
                ]
                for row in shown
            ],
        )  # fmt: skip
        output.table(
            "Decisions that stand",
            ["decision", "what", "entry", "by", "at", "note"],
            [list(one.values()) for one in decisions],
        )
        output.finish(
            {"corrections": rows, "causes": causes, "decisions": decisions}, as_json=as_json
        )


@app.command("release")
def release_command(
    named: NamedArgument, note: NoteOption, firm: FirmOption = None, as_json: JsonOption = False
) -> None:
    """Let the change count for posted work: the next night plans the correction."""
    _decide("released", named, note, firm, as_json=as_json)


@app.command("refuse")
def refuse_command(
    named: NamedArgument, note: NoteOption, firm: FirmOption = None, as_json: JsonOption = False
) -> None:
    """Leave posted work as it was posted; the break closes until the change itself changes."""
    _decide("refused", named, note, firm, as_json=as_json)


@app.command("withdraw")
def withdraw_command(
    decision: Annotated[int, typer.Argument(help="Number of the decision.")],
    note: NoteOption,
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a decision back; the next night asks again."""
    with output.reported(as_json=as_json):
        file, who = load(firm), current_user()
        with operational_store(file) as store:
            by = Decider(who, datetime.now(UTC), note, file.firm.approval)
            found = corrections.withdraw(store, decision, by)
        output.headline(f"{found.object_id}: no longer {found.decision}", is_good=True)
        output.finish({"withdrawn": decision, "by": who}, as_json=as_json)


def _decide(
    decision: Literal["released", "refused"],
    named: str,
    note: str,
    firm: FirmOption,
    *,
    as_json: bool,
) -> None:
    with output.reported(as_json=as_json):
        file, who = load(firm), current_user()
        with snapshot(file) as warehouse, operational_store(file) as store:
            by = Decider(who, datetime.now(UTC), note, file.firm.approval)
            made = corrections.decide(store, warehouse, decision, named, by)
            rows = [
                {
                    "decision_id": one.decision_id, "object_id": one.object_id,
                    "effect_minor": one.effect_minor, "currency": one.currency,
                }
                for one in made
            ]  # fmt: skip
        for row in rows:
            amount = output.money(row["effect_minor"], row["currency"])
            output.headline(f"{row['object_id']}: {decision} by {who}, {amount}", is_good=True)
        if decision == "released":
            output.say("The next night plans the correction; another person approves its batch.")
        output.finish({"decisions": rows, "decision": decision, "by": who}, as_json=as_json)
