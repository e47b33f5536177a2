"""`batches`: what waits for finance, and the decision on it."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.options import FirmOption, JsonOption, load
from ps_integration.domain.identity import current_user
from ps_integration.workflows import approve
from ps_integration.workflows.nightly import operational_store

app = typer.Typer(no_args_is_help=True, help="Posting batches: list, show, approve, reject.")

BatchArgument = Annotated[str, typer.Argument(help="Batch id, or its first characters.")]
NoteOption = Annotated[str, typer.Option("--note", help="Why; kept in the trail.")]


@app.command("list")
def list_command(firm: FirmOption = None, as_json: JsonOption = False) -> None:
    """List the batches, those that wait for approval first."""
    with output.reported(as_json=as_json), operational_store(load(firm)) as store:
        batches = approve.list_batches(store)
        output.table(
            "Posting batches",
            ["batch", "status", "entity", "period", "documents", "lines", "amount", "planned"],
            [
                [
                    row["batch_id"], row["status"], row["legal_entity"], row["period"],
                    row["document_count"], row["line_count"],
                    output.money(row["amount_minor"], row["currency"]), row["planned_at"],
                ]
                for row in batches
            ],
        )  # fmt: skip
        output.finish({"batches": batches}, as_json=as_json)


@app.command("show")
def show_command(
    batch_id: BatchArgument, firm: FirmOption = None, as_json: JsonOption = False
) -> None:
    """Show one batch: its documents, control totals, approvals and history."""
    with output.reported(as_json=as_json), operational_store(load(firm)) as store:
        shown = approve.show_batch(store, batch_id)
        batch = shown["batch"]
        output.say(
            f"{batch['batch_id']}  {batch['status']}  {batch['legal_entity']} {batch['period']}  "
            f"{output.money(batch['amount_minor'], batch['currency'])}"
        )
        output.table(
            "Documents",
            ["reference", "kind", "project", "customer", "state", "ERP number", "amount"],
            [
                [
                    row["document_ref"], row["kind"], row["project_id"], row["customer_key"],
                    row["state"], row["erp_number"],
                    output.money(row["amount_minor"], row["currency"]),
                ]
                for row in shown["documents"]
            ],
        )  # fmt: skip
        for row in shown["approvals"]:
            output.say(
                f"  {row['decision']} by {row['decided_by']} at {row['decided_at']:%Y-%m-%d %H:%M} "
                f"{row['note']}"
            )
        output.finish(shown, as_json=as_json)


@app.command("approve")
def approve_command(
    batch_id: BatchArgument,
    note: NoteOption = "",
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Approve one batch as the person logged in to this machine; its maker cannot."""
    with output.reported(as_json=as_json), operational_store(load(firm)) as store:
        who = current_user()
        decided = approve.approve(store, batch_id, who=who, now=datetime.now(UTC), note=note)
        output.headline(f"approved by {who}: {decided}", is_good=True)
        output.finish({"batch_id": decided, "decision": "approved", "by": who}, as_json=as_json)


@app.command("reject")
def reject_command(
    batch_id: BatchArgument,
    note: NoteOption = "",
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Reject one batch; its lines are planned anew on the next night."""
    with output.reported(as_json=as_json), operational_store(load(firm)) as store:
        who = current_user()
        decided = approve.reject(store, batch_id, who=who, now=datetime.now(UTC), note=note)
        output.headline(f"rejected by {who}: {decided}", is_good=False)
        output.finish({"batch_id": decided, "decision": "rejected", "by": who}, as_json=as_json)
