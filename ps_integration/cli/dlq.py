"""`dlq`: dead letters, and what a person does with them."""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.options import FirmOption, JsonOption, load
from ps_integration.domain.days import said_at
from ps_integration.domain.identity import current_user
from ps_integration.errors import AskFinanceError, PsIntegrationError
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import connect, dead_letters
from ps_integration.workflows.dead_letters import Person
from ps_integration.workflows.nightly import operational_store

app = typer.Typer(no_args_is_help=True, help="Dead letters, and what to do with them.")

RefsArgument = Annotated[
    list[str] | None, typer.Argument(help="References; none with --cause or --system.")
]
CauseOption = Annotated[str, typer.Option("--cause", help="All of this cause (`dlq list`).")]
SystemOption = Annotated[str, typer.Option("--system", help="All of this system.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept in the trail.")]


@app.command("list")
def list_command(
    cause: CauseOption = "",
    system: SystemOption = "",
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what policy has stopped trying, the oldest first."""
    with output.reported(as_json=as_json), operational_store(load(firm)) as store:
        found = dead_letters.list_letters(store, cause=cause, system=system)
        output.table(
            "Dead letters",
            ["reference", "system", "state", "cause", "unclear", "attempts", "amount", "since"],
            [
                [
                    one.ref, one.system, one.state, one.cause,
                    "yes" if one.was_ambiguous else "no", one.attempts,
                    output.money(one.amount_minor, one.currency), one.since,
                ]
                for one in found
            ],
        )  # fmt: skip
        code = output.ExitCode.BREAKS if found else output.ExitCode.CLEAR
        output.finish({"letters": [asdict(one) for one in found]}, as_json=as_json, code=code)


@app.command("show")
def show_command(
    ref: Annotated[str, typer.Argument(help="Reference.")],
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one dead letter and every step that led to it."""
    with output.reported(as_json=as_json), operational_store(load(firm)) as store:
        letter, history = dead_letters.show(store, ref)
        output.headline(f"{letter.ref}  {letter.state}: {letter.cause}", is_good=False)
        output.say(letter.reason)
        steps = [
            {
                "at": row.at, "from": row.from_state, "to": row.to_state,
                "attempt": row.attempt, "evidence": row.evidence,
            }
            for row in history
        ]  # fmt: skip
        for row in history:
            said = row.evidence.get("message") or row.evidence.get("reason") or ""
            output.say(f"  {said_at(row.at)}  {row.from_state or 'new'} to {row.to_state}  {said}")
        output.finish({**asdict(letter), "steps": steps}, as_json=as_json)


@app.command("retry")
def retry_command(
    refs: RefsArgument = None,
    cause: CauseOption = "",
    system: SystemOption = "",
    reason: ReasonOption = "",
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put letters back to work under their own reference; the next run looks, then sends."""
    with output.reported(as_json=as_json):
        file = load(firm)
        erps = connect.erp_writers(file.firm, dict(os.environ))

        def act(store: OperationalStore, ref: str, person: Person) -> str:
            return f"goes on from {dead_letters.retry(store, ref, person, erps)}"

        with operational_store(file) as store:
            chosen = _chosen(store, refs, cause, system)
            _each(store, chosen, reason, act, as_json=as_json)


@app.command("resend")
def resend_command(
    ref: Annotated[str, typer.Argument(help="Reference.")],
    reason: Annotated[str, typer.Option("--reason", help="How you know; required.")],
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """You have looked, and an ERP that cannot be asked does not have it: send it again."""
    with output.reported(as_json=as_json):
        file = load(firm)
        erps = connect.erp_writers(file.firm, dict(os.environ))

        def act(store: OperationalStore, ref: str, person: Person) -> str:
            return f"goes on from {dead_letters.resend(store, ref, person, erps)}"

        with operational_store(file) as store:
            _each(store, [ref], reason, act, as_json=as_json)


@app.command("fix")
def fix_command(
    refs: RefsArgument = None,
    cause: CauseOption = "",
    system: SystemOption = "",
    reason: ReasonOption = "",
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """The source, mapping or rate was corrected: plan and approve the lines anew."""
    with output.reported(as_json=as_json):
        file = load(firm)
        erps = connect.erp_writers(file.firm, dict(os.environ))

        def act(store: OperationalStore, ref: str, person: Person) -> str:
            dead_letters.fix(store, ref, person, erps)
            return "its lines are planned anew by the next night"

        with operational_store(file) as store:
            chosen = _chosen(store, refs, cause, system)
            _each(store, chosen, reason, act, as_json=as_json)


@app.command("adopt")
def adopt_command(
    ref: Annotated[str, typer.Argument(help="Reference.")],
    number: Annotated[str, typer.Option("--number", help="The ERP's number for it.")],
    reason: ReasonOption = "",
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """The ERP has it: take it as posted under the ERP's number."""
    with output.reported(as_json=as_json), operational_store(load(firm)) as store:

        def act(store: OperationalStore, ref: str, person: Person) -> str:
            dead_letters.adopt(store, ref, person, number)
            return f"posted as {number}"

        _each(store, [ref], reason, act, as_json=as_json)


@app.command("discard")
def discard_command(
    refs: RefsArgument = None,
    cause: CauseOption = "",
    system: SystemOption = "",
    reason: ReasonOption = "",
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give letters up, with a reason; a document's hours are written off by two persons."""
    with output.reported(as_json=as_json):
        file = load(firm)
        erps = connect.erp_writers(file.firm, dict(os.environ))

        def act(store: OperationalStore, ref: str, person: Person) -> str:
            waits = dead_letters.discard(store, ref, person, erps)
            return "discarded" if waits is None else "proposed; another person runs the same"

        with operational_store(file) as store:
            chosen = _chosen(store, refs, cause, system)
            _each(store, chosen, reason, act, as_json=as_json)


def _chosen(
    store: OperationalStore, refs: Sequence[str] | None, cause: str, system: str
) -> Sequence[str]:
    """The references asked for, or all of one cause or system."""
    if bool(refs) == bool(cause or system):
        raise AskFinanceError("name references, or --cause or --system, not both")
    found = dead_letters.list_letters(store, cause=cause, system=system)
    return refs or [one.ref for one in found]


def _each(
    store: OperationalStore,
    refs: Sequence[str],
    reason: str,
    act: Callable[[OperationalStore, str, Person], str],
    *,
    as_json: bool,
) -> None:
    """Act on every letter by itself; what one of them refuses does not stop the others."""
    who, done, refused = current_user(), {}, {}
    for ref in refs:
        try:
            done[ref] = act(store, ref, Person(who, datetime.now(UTC), reason))
            output.say(f"{ref}: {done[ref]}")
        except PsIntegrationError as error:
            refused[ref] = str(error)
            output.say(f"refused: {error}")
    output.headline(f"{len(done)} done, {len(refused)} refused", is_good=not refused)
    code = output.ExitCode.BREAKS if refused else output.ExitCode.CLEAR
    output.finish({"by": who, "done": done, "refused": refused}, as_json=as_json, code=code)
