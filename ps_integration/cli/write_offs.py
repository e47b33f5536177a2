"""`write-offs`: hours that are never billed, proposed by one person and confirmed by another."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.options import FirmOption, JsonOption, load
from ps_integration.domain.identity import current_user
from ps_integration.stores.operational import proposals
from ps_integration.workflows import write_offs
from ps_integration.workflows.nightly import operational_store, snapshot
from ps_integration.workflows.write_offs import Asked

app = typer.Typer(no_args_is_help=True, help="Write-offs: list, propose, confirm.")


@app.command("list")
def list_command(firm: FirmOption = None, as_json: JsonOption = False) -> None:
    """List what waits for a second person, discarded documents too."""
    with output.reported(as_json=as_json), operational_store(load(firm)) as store:
        with store.snapshot() as session:
            found = proposals.waiting(session)
        output.table(
            "Waiting for a second person",
            ["proposal", "kind", "subject", "part", "amount", "by", "at", "reason"],
            [
                [
                    one.proposal_id, one.kind, one.subject, one.part,
                    output.money(one.amount_minor, one.currency), one.proposed_by,
                    one.proposed_at, one.reason,
                ]
                for one in found
            ],
        )  # fmt: skip
        data = [
            {
                "proposal_id": one.proposal_id, "kind": one.kind, "subject": one.subject,
                "part": one.part, "amount_minor": one.amount_minor, "currency": one.currency,
                "proposed_by": one.proposed_by, "reason": one.reason,
            }
            for one in found
        ]  # fmt: skip
        output.finish({"proposals": data}, as_json=as_json)


@app.command("propose")
def propose_command(
    entry_id: Annotated[str, typer.Argument(help="Entry, e.g. harvest_uk:1234.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; required.")],
    part: Annotated[int, typer.Option("--part", help="Which part of it.")] = 1,
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Propose that a part of an entry is never billed."""
    with output.reported(as_json=as_json):
        file, who = load(firm), current_user()
        with snapshot(file) as warehouse, operational_store(file) as store:
            asked = Asked(entry_id, part, reason)
            made = write_offs.propose(store, warehouse, asked, who, datetime.now(UTC))
        amount = output.money(made.amount_minor, made.currency)
        output.headline(f"proposal {made.proposal_id}: {entry_id}, {amount}", is_good=True)
        output.say(f"another person confirms: ps-integration write-offs confirm {made.proposal_id}")
        output.finish({"proposal_id": made.proposal_id, "by": who}, as_json=as_json)


@app.command("confirm")
def confirm_command(
    proposal_id: Annotated[int, typer.Argument(help="Number of the proposal.")],
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Confirm what another person proposed; the next night shows it as written off."""
    with output.reported(as_json=as_json):
        file, who = load(firm), current_user()
        with operational_store(file) as store:
            rules, now = file.firm.approval, datetime.now(UTC)
            done = write_offs.confirm(store, proposal_id, who, now, rules)
        names = f"{done.proposed_by} and {who}"
        output.headline(f"{done.subject}: written off by {names}", is_good=True)
        output.finish({"proposal_id": proposal_id, "by": who}, as_json=as_json)
