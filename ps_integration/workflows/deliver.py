"""The delivery step: the verdict in the first line, to everyone the firm file names, once a run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from ps_integration.connectors.auth import secret
from ps_integration.connectors.messages import AppriseMessenger
from ps_integration.domain.money import Money
from ps_integration.errors import PsIntegrationError
from ps_integration.reports import files, html, night_paper, xlsx
from ps_integration.reports.text import legible
from ps_integration.reports.value import NightReport
from ps_integration.settings.delivery import Destination
from ps_integration.workflows import alerts
from ps_integration.workflows.night import CheckResult, Night, StepResult
from ps_integration.workflows.report import reports_folder, value_of

SENT: Final = "delivered.json"
"""Beside the report: who has been told of it."""
CHECK: Final = "told_everyone"
_RULES_MAX: Final = 8
_TITLE_MAX: Final = 250


def deliver(night: Night, environ: Mapping[str, str]) -> StepResult:
    """Tell every destination that wants this verdict and has not been told of this run.

    What could not be sent is an alert and a failed check, and stops nothing: the report is filed.
    """
    value = value_of(night.folder, night.run_id)
    folder = files.run_folder(reports_folder(night.folder), night.run_id)
    told = _told(folder)
    failed: dict[str, str] = {}
    for one in night.firm.delivery:
        if one.name in told or not one.wants(value.verdict.state):
            continue
        try:
            messenger = AppriseMessenger(secret(one.to, environ))
            messenger.send(first_line(value), body(value, folder), _files(one, folder))
            told.append(one.name)
            files.write_whole(folder / SENT, msgspec.json.encode(told))
        except PsIntegrationError as error:
            failed[one.name] = str(error)
            alerts.put(night.folder, _alert(night, str(error)))
    return StepResult(len(told), {"told": told, "failed": failed}, (_check(failed),))


def first_line(value: NightReport) -> str:
    """The verdict, first and in one line."""
    line = f"{value.verdict.state}: {value.firm}, {value.as_of_date}: {value.verdict.sentence}"
    return " ".join(legible(line).split())[:_TITLE_MAX]


def body(value: NightReport, folder: Path) -> str:
    """What to do first and where the report is; plain text."""
    lines = [value.verdict.sentence, *value.verdict.reasons[:_RULES_MAX], ""]
    for figure in value.figures:
        amount = Money(figure.reporting_minor, value.reporting_currency)
        lines.append(f"{figure.name.replace('_', ' ')}: {amount} ({figure.count})")
    lines.append("")
    open_rules = [rule for rule in value.rules if rule.open_count]
    lines += [
        f"{rule.code} {rule.title}: {rule.open_count} open, {rule.owner}"
        for rule in open_rules[:_RULES_MAX]
    ]
    lines += ["", f"Report: {folder / html.NAME}", f"Workbook: {folder / xlsx.NAME}"]
    lines += [f"To sign: {folder / night_paper.NAME}"]
    return "\n".join(" ".join(legible(line).split()) for line in lines)


def _files(one: Destination, folder: Path) -> Sequence[Path]:
    drawn = (html.NAME, xlsx.NAME, night_paper.NAME)
    return [folder / name for name in drawn] if one.attach else ()


def _told(folder: Path) -> list[str]:
    path = folder / SENT
    return msgspec.json.decode(path.read_bytes(), type=list[str]) if path.exists() else []


def _alert(night: Night, said: str) -> dict[str, object]:
    at = night.as_of.isoformat()
    return {"at": at, "alert": "report_not_delivered", "run_id": night.run_id, "message": said}


def _check(failed: Mapping[str, str]) -> CheckResult:
    return CheckResult(
        name=CHECK,
        passed=not failed,
        severity="warn",
        is_blocking=False,
        description="; ".join(failed.values()) or "Everyone who wants this verdict has been told",
    )
