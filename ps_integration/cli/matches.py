"""`matches`: which entries lines typed into the ERP by hand bill, and deciding about it."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.options import FirmOption, JsonOption, load
from ps_integration.domain.identity import current_user
from ps_integration.errors import FixConfigError
from ps_integration.settings.load import FirmFile
from ps_integration.stores.operational.match_decisions import CONFIRM, Decider
from ps_integration.stores.operational.match_reading import named
from ps_integration.stores.operational.models import MatchDecision
from ps_integration.workflows import match_list, match_work
from ps_integration.workflows.match_work import Asked
from ps_integration.workflows.nightly import operational_store, snapshot

app = typer.Typer(no_args_is_help=True, help="Matches: list, accept, confirm, reject, withdraw.")

LineArgument = Annotated[str, typer.Argument(help="DOCUMENT/LINE, or the record of its break.")]
NoteOption = Annotated[str, typer.Option("--note", help="Why; kept with the decision, required.")]


@app.command("list")
def list_command(
    status: Annotated[
        str | None, typer.Option("--status", help="accepted, confirmed, ambiguous or open.")
    ] = None,
    with_all: Annotated[
        bool, typer.Option("--all", help="Also decisions that were taken back.")
    ] = False,
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the lines that the last night found typed by hand, and what was decided of them."""
    with output.reported(as_json=as_json):
        if status not in (None, *match_list.STATUSES):
            raise FixConfigError(f"--status {status}: one of {', '.join(match_list.STATUSES)}")
        file = load(firm)
        with (
            snapshot(file) as warehouse,
            operational_store(file) as store,
            store.snapshot() as session,
        ):
            lines = match_list.lines(warehouse, status)
            decided = match_list.decided(session, warehouse, with_all=with_all)
        output.table(
            "Lines typed by hand, as the last night left them",
            ["line", "date", "project", "amount", "status", "entries", "evidence"],
            [
                [
                    row["line"], row["posting_date"], row["project_key"],
                    output.money(row["amount_minor"], row["currency"]), row["status"],
                    row["entries"], row["evidence"],
                ]
                for row in lines
            ],
        )  # fmt: skip
        output.table(
            "Decisions",
            ["decision", "what", "lines", "entries", "by", "at", "state", "note"],
            [
                [
                    one.decision_id, one.decision, one.lines, ", ".join(one.entries),
                    one.decided_by, one.decided_at, one.state, one.note,
                ]
                for one in decided
            ],
        )  # fmt: skip
        told = {"lines": lines, "decisions": [asdict(one) for one in decided]}
        output.finish(told, as_json=as_json)


@app.command("accept")
def accept_command(
    line: LineArgument,
    entries: Annotated[list[str], typer.Argument(help="Entries it bills, e.g. harvest_uk:1234.")],
    note: NoteOption,
    *,
    beside: Annotated[
        list[str] | None, typer.Option("--with-line", help="A further line that bills the entry.")
    ] = None,
    is_different: Annotated[
        bool,
        typer.Option(
            "--despite-difference",
            help="Although hours, money or dates differ; where money does, another confirms.",
        ),
    ] = False,
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Accept that a line bills these entries; from the next night on nothing bills them again."""
    with output.reported(as_json=as_json):
        file = load(firm)
        asked = Asked((line, *(beside or ())), entries, is_different)
        with snapshot(file) as warehouse, operational_store(file) as store:
            made = match_work.accept(store, warehouse, asked, _decider(file, note))
        _tell(made)
        data = {"decision_id": made.decision_id, "difference_minor": made.difference_minor}
        told = {**data, "decision": made.decision, "by": made.decided_by}
        output.finish(told, as_json=as_json)


@app.command("confirm")
def confirm_command(
    decision_id: Annotated[int, typer.Argument(help="Number of the decision that is proposed.")],
    note: NoteOption,
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Confirm a match whose money differs, as another person proposed; then it is accepted."""
    with output.reported(as_json=as_json):
        file = load(firm)
        with snapshot(file) as warehouse, operational_store(file) as store:
            made = match_work.confirm(store, warehouse, decision_id, _decider(file, note))
        _tell(made)
        told = {"decision_id": made.decision_id, "confirms": decision_id, "by": made.decided_by}
        output.finish(told, as_json=as_json)


def _tell(made: MatchDecision) -> None:
    said = f"decision {made.decision_id}: {named(made)} bills {', '.join(made.entries)}"
    output.headline(f"{said}, {made.decision} by {made.decided_by}", is_good=True)
    if difference := made.difference_minor:
        amount = output.money(abs(difference), made.currency)
        more = "more" if difference > 0 else "less"
        output.say(f"the ERP bills {amount} {more} than the entries come to")
    if made.decision == "proposed":
        output.say(f"nothing is settled until another person runs: {CONFIRM} {made.decision_id}")
    output.say(f"to take it back: ps-integration matches withdraw {made.decision_id}")


@app.command("reject")
def reject_command(
    line: LineArgument,
    note: NoteOption,
    entries: Annotated[
        list[str] | None,
        typer.Argument(help="Entries it does not bill together; none: all that was offered."),
    ] = None,
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that a line does not bill what the night offered; it is not offered again."""
    with output.reported(as_json=as_json):
        file = load(firm)
        with snapshot(file) as warehouse, operational_store(file) as store:
            asked = Asked((line,), entries or ())
            made = match_work.reject(store, warehouse, asked, _decider(file, note))
        for one in made:
            said = (
                f"decision {one.decision_id}: {named(one)} does not bill {', '.join(one.entries)}"
            )
            output.headline(f"{said}, says {one.decided_by}", is_good=True)
        if not made:
            output.say("everything that was offered is rejected already; nothing has changed")
        output.finish({"decision_ids": [one.decision_id for one in made]}, as_json=as_json)


@app.command("withdraw")
def withdraw_command(
    decision_id: Annotated[int, typer.Argument(help="Number of the decision.")],
    note: NoteOption,
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a decision back; the next night looks at its lines and entries as before it."""
    with output.reported(as_json=as_json):
        file = load(firm)
        with operational_store(file) as store:
            by = _decider(file, note)
            found = match_work.withdraw(store, decision_id, by)
        said = f"decision {decision_id}, {found.decision} by {found.decided_by}"
        output.headline(f"{said}: withdrawn by {by.who}", is_good=True)
        output.finish({"decision_id": decision_id, "by": by.who}, as_json=as_json)


def _decider(file: FirmFile, note: str) -> Decider:
    return Decider(current_user(), datetime.now(UTC), note, file.firm.approval)
