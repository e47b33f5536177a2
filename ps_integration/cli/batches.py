"""`batches`: what waits for finance, and the decision on it."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.options import FirmOption, JsonOption, load
from ps_integration.domain.identity import current_user
from ps_integration.workflows import approve
from ps_integration.workflows.nightly import operational_store

app = typer.Typer(no_args_is_help=True, help="Posting batches: list, show, approve, reject.")

BatchArgument = Annotated[str, typer.Argument(help="Batch id.")]
NoteOption = Annotated[str, typer.Option("--note", help="Why; kept in the trail.")]


@app.command("list")
def list_command(firm: FirmOption = None, as_json: JsonOption = False) -> None:
    """List the batches, the oldest first."""
    with output.reported(as_json=as_json), operational_store(load(firm)) as store:
        batches = approve.list_batches(store)
        output.table(
            "Posting batches",
            ["batch", "status", "entity", "period", "documents", "lines", "amount", "decided by"],
            [
                [
                    batch.batch_id, batch.status, batch.legal_entity, batch.period,
                    batch.document_count, batch.line_count,
                    output.money(batch.amount_minor, batch.currency), batch.decided_by,
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
    with output.reported(as_json=as_json), operational_store(load(firm)) as store:
        batch = approve.show_batch(store, batch_id)
        output.headline(f"{batch.batch_id}  {batch.status}", is_good=batch.status == "posted")
        output.say(
            f"{batch.legal_entity} {batch.period}  {batch.system} {batch.company}  "
            f"{output.money(batch.amount_minor, batch.currency)} in {batch.line_count} lines; "
            f"planned {batch.planned_at:%Y-%m-%d %H:%M} by {batch.maker}, "
            f"decided by {batch.decided_by or 'nobody yet'}"
        )
        output.table(
            "Documents",
            ["reference", "kind", "project", "customer", "state", "ERP number", "lines", "amount"],
            [
                [
                    document.document_ref, document.kind, document.project_id,
                    document.customer_key, document.state, document.erp_number,
                    document.line_count, output.money(document.amount_minor, batch.currency),
                ]
                for document in batch.documents
            ],
        )  # fmt: skip
        for document in batch.documents:
            if document.hold_reason:
                output.say(f"{document.document_ref}: {document.hold_reason}")
        output.finish(asdict(batch), as_json=as_json)


@app.command("approve")
def approve_command(
    batch_id: BatchArgument,
    note: NoteOption = "",
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Approve one batch as the person logged in to this machine; its maker cannot."""
    with output.reported(as_json=as_json):
        file, who = load(firm), current_user()
        with operational_store(file) as store:
            decision = approve.approve(store, batch_id, who, datetime.now(UTC), note, file)
        if decision == "approved":
            output.headline(f"{batch_id}: approved by {who}", is_good=True)
        else:
            output.headline(f"{batch_id}: first approval by {who}", is_good=True)
            output.say("It is large enough to need two; another person must approve it as well.")
        output.finish({"batch_id": batch_id, "decision": decision, "by": who}, as_json=as_json)


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
