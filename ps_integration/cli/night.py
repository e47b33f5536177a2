"""`nightly`: one night from the command line."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.options import (
    AsOfOption,
    FirmOption,
    JsonOption,
    as_of_value,
    environ,
    load,
)
from ps_integration.cli.progress import night_progress
from ps_integration.domain.identity import current_user
from ps_integration.workflows.nightly import instant_of, new_night, nightly
from ps_integration.workflows.outcome import Outcome


def command(
    firm: FirmOption = None,
    as_of: AsOfOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Plan everything on copies; write nothing outside.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Run one night: read, validate, reconcile, rate, batch, approve, post, tell, report."""
    with output.reported(as_json=as_json):
        file = load(firm)
        day = as_of_value(as_of)
        zone = file.firm.firm.time_zone
        instant = datetime.now(UTC) if day is None else instant_of(day, zone)
        night = new_night(file, instant, trigger="person", maker=current_user(), is_dry=dry_run)
        title = f"{file.firm.firm.name}: night of {night.as_of_date}"
        with night_progress(title + (" (dry run)" if dry_run else "")) as on_step:
            result = nightly(night, environ(), on_step)
        show(result)
        output.finish(result.data, as_json=as_json, code=result.exit_code)


def show(result: Outcome) -> None:
    """Print what a controller asks first: verdict, balance, batches, breaks, the report."""
    data = result.data
    verdict = f"{result.verdict}: {data['sentence']}"
    output.headline(verdict, is_good=result.verdict == "clear")
    for check in _listed(data["failed_checks"]):
        output.say(f"  blocking check failed: {check}")
    for alert in _listed(data["alerts"]):
        output.say(f"  alert: {alert}")
    for part in _listed(data["failed_parts"]):
        output.say(f"  failed and is missing: {part['part']}: {part['why']}")
    for read in _listed(data["unread"]):
        output.say(f"  could not read {read['system']} {read['stream']}: {read['error_message']}")
    completeness = data["completeness"]
    if isinstance(completeness, dict):
        _groups(_listed(completeness["groups"]))
    _batches(_listed(data["batches"]))
    _breaks(data)
    reports = data["reports"]
    if isinstance(reports, dict):
        for at, path in enumerate(reports.values()):
            output.say(f"{'        ' if at else 'Report: '}{path}")


def _groups(groups: list[dict[str, object]]) -> None:
    rows = [
        [
            group["legal_entity"], group["currency"], group["period"],
            *(f"{group[f'{name}_amount']:,}" for name in _SHOWN),
        ]
        for group in groups
    ]  # fmt: skip
    output.table(
        "Every approved hour, in money at today's rates, by month of work",
        ["entity", "cur", "period", *_SHOWN],
        rows,
    )


_SHOWN = ("approved", "posted", "queued", "excepted", "deferred")


def _batches(batches: list[dict[str, object]]) -> None:
    if batches:
        columns = ["batch", "system", "entity", "period", "lines", "amount", "status"]
        output.table("Posting batches", columns, [
            [
                batch["batch_id"], batch["system"], batch["legal_entity"], batch["period"],
                batch["lines"], _money(batch["amount"], batch["currency"]), batch["status"],
            ]
            for batch in batches
        ])  # fmt: skip


def _money(amount: object, currency: object) -> str:
    """An amount with its currency; a currency that is none has no amount."""
    return f"{amount:,} {currency}" if isinstance(amount, Decimal) else f"- {currency}"


def _breaks(data: object) -> None:
    if isinstance(data, dict):
        open_breaks = data["breaks"]["open"]
        counts = ", ".join(f"{rule} {count}" for rule, count in open_breaks.items())
        aside = f", {data['set_aside']} set aside" if data["set_aside"] else ""
        output.say(
            f"Open breaks: {counts or 'none'}; quarantined records: {data['quarantined']}{aside}"
        )
        posted = data["posted"]
        output.say(f"Posting lines: {posted['new']} new, {posted['total']} in all")


def _listed(value: object) -> list[dict[str, object]]:
    return value if isinstance(value, list) else []
