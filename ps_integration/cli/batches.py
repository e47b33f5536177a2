"""`batches`: what waits for finance, and the decision on it."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.options import FirmOption, JsonOption, environ, load
from ps_integration.domain.days import said_at
from ps_integration.domain.identity import current_user
from ps_integration.errors import FixConfigError
from ps_integration.stores.operational import taken_back
from ps_integration.workflows import approve, ballot, connect, glass
from ps_integration.workflows.nightly import new_night, operational_store
from ps_integration.workflows.preview import Preview, preview

app = typer.Typer(
    no_args_is_help=True,
    help="Posting batches: list, show, preview, approve, reject, export, import.",
)

BatchArgument = Annotated[str, typer.Argument(help="Batch id.")]
NoteOption = Annotated[str, typer.Option("--note", help="Why; kept in the trail.")]


@app.command("list")
def list_command(firm: FirmOption = None, as_json: JsonOption = False) -> None:
    """List the batches, the oldest first."""
    with output.reported(as_json=as_json), operational_store(load(firm)) as store:
        batches = approve.list_batches(store)
        output.table(
            "Posting batches",
            [
                "batch", "status", "entity", "period", "documents", "lines", "amount",
                "takes back", "decided by",
            ],
            [
                [
                    batch.batch_id, batch.status, batch.legal_entity, batch.period,
                    batch.document_count, batch.line_count,
                    output.money(batch.amount_minor, batch.currency),
                    output.money(batch.taken_back_minor, batch.currency)
                    if batch.takes_back else "",
                    batch.decided_by,
                ]
                for batch in batches
            ],
        )  # fmt: skip
        data = [asdict(batch) for batch in batches]
        output.finish({"batches": data}, as_json=as_json)


@app.command("show")
def show_command(
    batch_id: BatchArgument, firm: FirmOption = None, as_json: JsonOption = False
) -> None:
    """Show one batch: its documents, their states and control totals."""
    with output.reported(as_json=as_json), operational_store(file := load(firm)) as store:
        batch = approve.show_batch(store, batch_id)
        output.headline(f"{batch.batch_id}  {batch.status}", is_good=batch.status == "posted")
        output.say(
            f"{batch.legal_entity} {batch.period}  {batch.system} {batch.company}  "
            f"{output.money(batch.amount_minor, batch.currency)} in {batch.line_count} lines; "
            f"planned {said_at(batch.planned_at)}, made by {', '.join(batch.makers)}, "
            f"decided by {batch.decided_by or 'nobody yet'}"
            f"{', above the limit (break-glass)' if batch.is_break_glass else ''}"
        )
        for entity in file.firm.legal_entities:
            if entity.id == batch.legal_entity:
                output.say(f"Invoice date: {entity.invoice_date.replace('_', ' ')}.")
        if batch.takes_back:
            output.say(f"It {taken_back.said(batch.takes_back, batch.currency)}.")
        output.table(
            "Documents",
            [
                "reference", "kind", "project", "customer", "state", "invoice date", "ERP number",
                "lines", "amount",
            ],
            [
                [
                    document.document_ref, document.kind, document.project_id,
                    document.customer_key, document.state,
                    document.invoice_date, document.erp_number,
                    document.line_count, output.money(document.amount_minor, batch.currency),
                ]
                for document in batch.documents
            ],
        )  # fmt: skip
        for document in batch.documents:
            if document.takes_back:
                taken = taken_back.said(document.takes_back, batch.currency)
                output.say(f"{document.document_ref} {taken}")
            if document.hold_reason:
                output.say(f"{document.document_ref}: {document.hold_reason}")
        output.finish(asdict(batch), as_json=as_json)


@app.command("preview")
def preview_command(
    batch_id: BatchArgument,
    document: Annotated[
        str | None, typer.Option("--document", help="One reference; default: all of the batch.")
    ] = None,
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the requests that would be sent, byte for byte, and what the ERP says to them."""
    with output.reported(as_json=as_json):
        file = load(firm)
        erps = connect.erp_writers(file.firm, environ())
        night = new_night(file, datetime.now(UTC), trigger="person", maker=current_user())
        with operational_store(file) as store:
            found = preview(night, store, erps, batch_id, document)
        for one in found:
            output.headline(f"{one.document_ref}  {one.state}", is_good=True)
            output.say(f"{one.method} {one.path}  to {one.system}, {len(one.body):,} bytes, "
                       f"SHA-256 {one.body_sha256}; the ERP {one.erp_says}")  # fmt: skip
            if one.takes_back:
                output.say(f"It {one.takes_back}.")
            output.say(one.body.decode("utf-8", "backslashreplace"))
        output.finish({"documents": [_previewed(one) for one in found]}, as_json=as_json)


def _previewed(one: Preview) -> dict[str, object]:
    body = one.body.decode("utf-8", "backslashreplace")
    return {**asdict(one), "body": body, "body_sha256": one.body_sha256}


@app.command("approve")
def approve_command(
    batch_id: BatchArgument,
    note: NoteOption = "",
    break_glass: Annotated[
        bool, typer.Option("--break-glass", help="Exceed your limit in an emergency; alerts.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why the glass is broken.")] = "",
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Approve one batch as the person logged in to this machine; its makers cannot."""
    with output.reported(as_json=as_json):
        file, who, now = load(firm), current_user(), datetime.now(UTC)
        with operational_store(file) as store:
            taken = approve.show_batch(store, batch_id)
            if break_glass:
                decision = glass.break_glass(store, batch_id, who, now, reason, file)
            else:
                decision = approve.approve(store, batch_id, who, now, note, file)
        if decision == "approved":
            output.headline(f"{batch_id}: approved by {who}", is_good=True)
        else:
            output.headline(f"{batch_id}: first approval by {who}", is_good=True)
            output.say("It is large enough to need two; another person must approve it as well.")
        if taken.takes_back:
            output.say(f"It {taken_back.said(taken.takes_back, taken.currency)}.")
        if break_glass:
            output.say("Approved above the limit: the audit trail, alerts and report say so.")
        output.finish(
            {
                "batch_id": batch_id, "decision": decision, "by": who,
                "takes_back": [asdict(one) for one in taken.takes_back],
            },
            as_json=as_json,
        )  # fmt: skip


@app.command("reject")
def reject_command(
    batch_id: BatchArgument,
    note: NoteOption = "",
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Reject one batch; its lines are planned anew on the next night."""
    with output.reported(as_json=as_json):
        file, who = load(firm), current_user()
        with operational_store(file) as store:
            approve.reject(store, batch_id, who, datetime.now(UTC), note, file)
        output.headline(f"{batch_id}: rejected by {who}", is_good=False)
        output.finish({"batch_id": batch_id, "decision": "rejected", "by": who}, as_json=as_json)


FileArgument = Annotated[Path, typer.Argument(help="CSV file.")]


@app.command("export")
def export_command(
    path: FileArgument, firm: FirmOption = None, as_json: JsonOption = False
) -> None:
    """Write the batches that wait to a CSV file with an empty decision column."""
    with output.reported(as_json=as_json):
        if path.exists():
            raise FixConfigError(f"{path} exists; move it away or name another")
        with operational_store(load(firm)) as store:
            text = ballot.export(store)
        path.write_text(text, "utf-8", newline="")
        count = text.count("\r\n") - 1
        output.say(f"{path}: {count} batches; write approve or reject beside each, then import it")
        output.finish({"path": str(path), "batches": count}, as_json=as_json)


@app.command("import")
def import_command(
    path: FileArgument, firm: FirmOption = None, as_json: JsonOption = False
) -> None:
    """Carry out the decisions of an exported file, all or none, as the person logged in here."""
    with output.reported(as_json=as_json):
        file, who = load(firm), current_user()
        try:
            votes = ballot.read(path.read_bytes())
        except OSError as error:
            raise FixConfigError(f"{path}: {error.strerror}") from error
        with operational_store(file) as store:
            done = ballot.apply(store, votes, who, datetime.now(UTC), file)
        rows = [[batch_id, decision] for batch_id, decision in done.items()]
        output.table(f"Decided by {who}", ["batch", "decision"], rows)
        output.finish({"decisions": done, "by": who}, as_json=as_json)
