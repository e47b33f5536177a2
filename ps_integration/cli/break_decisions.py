"""`breaks`: deciding about them, one at a time or in a workbook."""

from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.breaks import app, day_of
from ps_integration.cli.options import FirmOption, JsonOption, load
from ps_integration.domain.identity import current_user
from ps_integration.domain.money import exact_minor
from ps_integration.errors import FixConfigError
from ps_integration.reports.read import as_of
from ps_integration.stores.operational import breaks
from ps_integration.workflows.break_work import Decision, decide, desk
from ps_integration.workflows.nightly import operational_store, snapshot
from ps_integration.workflows.workbook_export import Sealing, draw, workbook_keys
from ps_integration.workflows.workbook_import import Bench, Imported, import_workbook

__all__ = ["app"]

BreakArgument = Annotated[str, typer.Argument(help="Break id, or its first characters.")]
NoteOption = Annotated[str, typer.Option("--note", help="Why; kept with the break.")]
FileArgument = Annotated[Path, typer.Argument(help="Excel workbook (.xlsx).")]


@app.command("assign")
def assign_command(
    break_id: BreakArgument,
    to: Annotated[str, typer.Argument(help="A person or a queue of the firm file.")],
    note: NoteOption = "",
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a break to somebody; rules do not take it away again."""
    _carry_out(break_id, Decision(assign_to=to, note=note), firm, as_json)


@app.command("comment")
def comment_command(
    break_id: BreakArgument,
    text: Annotated[str, typer.Argument(help="What is to be said.")],
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say something about a break; it stays with its history."""
    _carry_out(break_id, Decision(note=text), firm, as_json)


@app.command("snooze")
def snooze_command(
    break_id: BreakArgument,
    until: Annotated[str, typer.Option("--until", help="Date to look again, e.g. 2026-04-07.")],
    note: NoteOption = "",
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a break off until a date; it wakes then or when it gets worse. What it holds stays."""
    with output.reported(as_json=as_json):
        day = day_of("--until", until)
        _carry_out(break_id, Decision("snooze", note=note, snooze_until=day), firm, as_json)


@app.command("wake")
def wake_command(
    break_id: BreakArgument,
    note: NoteOption = "",
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a break up again before its date."""
    _carry_out(break_id, Decision("wake", note=note), firm, as_json)


@app.command("accept")
def accept_command(
    break_id: BreakArgument,
    note: Annotated[str, typer.Option("--note", help="Why finance lives with it; required.")],
    amount: Annotated[
        str | None, typer.Option("--amount", help="The money at risk, written out.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Until when; default: breaks.accept_days.")
    ] = None,
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Live with a break as it is; where money is at risk, another person confirms."""
    with output.reported(as_json=as_json):
        day = day_of("--until", until)
        file = load(firm)
        with operational_store(file) as store, store.snapshot() as session:
            item, _ = breaks.show(session, break_id)
        minor = _minor(amount, item.currency)
        decision = Decision("accept", note=note, amount_minor=minor, accept_until=day)
        _carry_out(break_id, decision, firm, as_json)


@app.command("confirm")
def confirm_command(
    break_id: BreakArgument,
    note: NoteOption = "",
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Confirm that a break is accepted, as another person proposed; it holds nothing any more."""
    _carry_out(break_id, Decision("confirm", note=note), firm, as_json)


@app.command("reopen")
def reopen_command(
    break_id: BreakArgument,
    note: Annotated[str, typer.Option("--note", help="Why; required.")],
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take back that a break is accepted."""
    _carry_out(break_id, Decision("reopen", note=note), firm, as_json)


def _minor(text: str | None, currency: str | None) -> int | None:
    if text is None:
        return None
    try:
        return exact_minor(Decimal(text), currency or "")
    except (InvalidOperation, ValueError) as error:
        raise FixConfigError(f"--amount {text!r}: write an amount such as 100.00") from error


def _carry_out(break_id: str, decision: Decision, firm: Path | None, as_json: bool) -> None:
    with output.reported(as_json=as_json):
        file, who = load(firm), current_user()
        with operational_store(file) as store:
            item = decide(store, desk(file, who, datetime.now(UTC)), break_id, decision)
            with store.snapshot() as session:
                _, events = breaks.show(session, item.break_id)
        comment = "commented" if decision.verb else ""
        last = next(one.event for one in reversed(events) if one.event != comment)
        output.headline(f"{item.rule} {item.record_key}: {last} by {who}", is_good=True)
        if last == "proposed":
            output.say(
                f"another person confirms: ps-integration breaks confirm {item.break_id[:8]}"
            )
        data = {"break_id": item.break_id, "state": item.state, "event": last, "by": who}
        output.finish(data, as_json=as_json)


@app.command("export")
def export_command(
    path: FileArgument, firm: FirmOption = None, as_json: JsonOption = False
) -> None:
    """Write open breaks and matches as a workbook to decide in, with Excel or LibreOffice."""
    with output.reported(as_json=as_json):
        file = load(firm)
        if path.exists():
            raise FixConfigError(f"{path} exists; move it away or name another")
        with operational_store(file) as store, snapshot(file) as warehouse:
            if store.keys is None:
                raise FixConfigError("audit.key: there is no key to seal a workbook with")
            run_id = str(warehouse.value("select run_id from config.run"))
            sealing = Sealing(file.firm, run_id, workbook_keys(store.keys)[0])
            with store.snapshot() as session:
                data = draw(session, warehouse, sealing, as_of(warehouse))
        path.write_bytes(data)
        output.headline(f"{path} written", is_good=True)
        output.say(f"decide in the yellow columns, then: ps-integration breaks import {path}")
        output.finish({"path": str(path), "run_id": run_id}, as_json=as_json)


@app.command("import")
def import_command(
    path: FileArgument,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, change nothing.")
    ] = False,
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Carry out a workbook's decisions as the person logged in here: all of them or none."""
    with output.reported(as_json=as_json):
        file, who = load(firm), current_user()
        data = _bytes(path)
        with operational_store(file) as store, snapshot(file) as warehouse:
            keys = () if store.keys is None else workbook_keys(store.keys)
            at_desk = desk(file, who, datetime.now(UTC))
            bench = Bench(at_desk, keys, file.firm.firm.id, warehouse)
            done = import_workbook(store, data, bench, is_dry=dry_run)
        output.headline(_told(done, who), is_good=True)
        output.finish({**asdict(done), "by": who}, as_json=as_json)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FixConfigError(f"{path}: {error.strerror}") from error


def _told(done: Imported, who: str) -> str:
    count = len(done.decided) + len(done.matches)
    if not count:
        if not done.repeated:
            return "nothing is decided in this file; nothing has changed"
        return (
            f"nothing has changed: {_count(done.repeated)} carried out before, last {done.earlier}"
        )
    verb = "would be carried out" if done.is_dry else f"carried out by {who}"
    again = f"; {_count(done.repeated)} carried out before" if done.repeated else ""
    return f"{_count(count)} {verb}{again}"


def _count(count: int) -> str:
    return f"{count:,} decision{'' if count == 1 else 's'}"
