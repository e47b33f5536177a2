"""The report step: the night as one frozen value, drawn as page, workbook and paper, and kept."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from ps_integration.domain.ports import Queries
from ps_integration.errors import CouldNotRunError
from ps_integration.metrics.metric import all_metrics
from ps_integration.reconciliation.rule import load_rules
from ps_integration.reports import files, html, night_paper, pages, working, xlsx
from ps_integration.reports.assemble import Before, Occasion, assemble
from ps_integration.reports.business import page
from ps_integration.reports.changes import TOO_MANY, UNREADABLE
from ps_integration.reports.parts import FAILS, Parts, why_of
from ps_integration.reports.texts import say
from ps_integration.reports.value import NightReport, decode, encode
from ps_integration.stores.operational import breaks, pending
from ps_integration.stores.operational.store import Session
from ps_integration.workflows import business
from ps_integration.workflows.night import Night, StepResult
from ps_integration.workflows.workbook_export import Sealing, draw, workbook_keys

_BACK_MAX: Final = 10_000
_NOTHING: Final[Mapping[str, bytes]] = {}


def report(night: Night, warehouse: Queries, store: breaks.Sessions) -> StepResult:
    """Build, draw and file the report of a settled night.

    The files are in `<folder>/reports/<run id>/`: `report.html`, `report.xlsx`, `report.pdf` to
    sign, all open breaks as `breaks-0001.html` and on, `exceptions.xlsx` to decide in, the value
    itself as `value.json`, the business report as `business.html`, `.xlsx` and `.json`, and
    `manifest.json` with the SHA-256 of each. A part that cannot be made says so in its place, a
    file that cannot be drawn is left out and named; the rest is drawn and filed.

    Raises:
        FixConfigError: A rule file of the firm is wrong.
    """
    reports = reports_folder(night.folder)
    folder = files.run_folder(reports, night.run_id)
    before = _before(night)
    parts = Parts()
    with store.session() as session:
        value = assemble(
            warehouse,
            _occasion(night),
            breaks.open_breaks(session),
            load_rules(night.firm.rules_path),
            before,
            all_metrics(),
        )
        work = parts.make(working.NAME, lambda: _work(night, warehouse, session), _NOTHING)
    made = parts.make(page.NAME, lambda: business.drawn(night, warehouse), _NOTHING)
    value = replace(value, failed_parts=(*value.failed_parts, *parts.failed))
    value = _file(folder, value, night.firm.reports.locale, {**work, **made})
    newest = _latest_or_none(night.folder)
    if newest is None or newest.as_of <= value.as_of:
        files.point_latest(reports, night.run_id)
    return StepResult(
        row_count=len(value.exceptions),
        metadata={
            "verdict": value.verdict.state,
            "sentence": value.verdict.sentence,
            "html": str(folder / html.NAME),
            "xlsx": str(folder / xlsx.NAME),
            "pdf": str(folder / night_paper.NAME),
            "business": str(folder / page.NAME),
            "failed": {part.name: part.why for part in value.failed_parts},
        },
    )


def reports_folder(folder: Path) -> Path:
    """Where a firm's reports are kept."""
    return folder / "reports"


def latest_value(folder: Path) -> NightReport | None:
    """The newest report's value; None before the first.

    Args:
        folder: The firm's state folder.

    Raises:
        CouldNotRunError: It is there and cannot be read.
    """
    run_id = files.latest_run_id(reports_folder(folder))
    return None if run_id is None else value_of(folder, run_id)


def value_of(folder: Path, run_id: str) -> NightReport:
    """The value of one run's report.

    Raises:
        FixConfigError: The run id is none.
        CouldNotRunError: There is no such report, or it cannot be read.
    """
    path = files.run_folder(reports_folder(folder), run_id) / files.VALUE
    try:
        return decode(path.read_bytes())
    except FileNotFoundError as error:
        raise CouldNotRunError(f"run {run_id}: there is no report of it ({path})") from error


def draw_again(folder: Path, run_id: str, locale: str = "en") -> NightReport:
    """Draw a kept value anew, e.g. after the page has learnt to show more, or another language.

    Raises:
        CouldNotRunError: There is no such report, or it cannot be read.
    """
    value = value_of(folder, run_id)
    place = files.run_folder(reports_folder(folder), run_id)
    kept = place / working.NAME  # drawn once: its rows are sealed as of that night
    work = {working.NAME: kept.read_bytes()} if kept.exists() else {}
    _file(place, value, locale, {**work, **business.drawn_again(place, locale)})
    return value


def _work(night: Night, warehouse: Queries, session: Session) -> dict[str, bytes]:
    """The workbook that the night's breaks are decided in; a rehearsal has no key for one."""
    keys = pending.keys_of(session)
    if keys is None:
        return {}
    sealing = Sealing(night.firm, night.run_id, workbook_keys(keys)[0])
    return {working.NAME: draw(session, warehouse, sealing, night.as_of)}


def _file(folder: Path, value: NightReport, locale: str, work: Mapping[str, bytes]) -> NightReport:
    """File every drawing that can be made; the value that is kept names those that cannot."""
    parts = Parts()
    drawings = dict(work)
    for name, drawing in _DRAWINGS.items():
        drawings |= parts.make(name, partial(drawing, value, locale), _NOTHING)
    value = replace(value, failed_parts=(*value.failed_parts, *parts.failed))
    drawings[files.VALUE] = encode(value)
    try:
        drawings[html.NAME] = html.render_html(value, locale).encode()
    except FAILS as error:
        drawings[html.NAME] = html.bare_page(value, why_of(error)).encode()
    files.file_report(folder, drawings)
    return value


def _workbook(value: NightReport, locale: str) -> Mapping[str, bytes]:
    return {xlsx.NAME: xlsx.render_xlsx(value, locale)}


def _paper(value: NightReport, locale: str) -> Mapping[str, bytes]:
    return {night_paper.NAME: night_paper.render_pdf(value, locale)}


def _pages(value: NightReport, locale: str) -> Mapping[str, bytes]:
    return {name: text.encode() for name, text in pages.render_pages(value, locale)}


_DRAWINGS: Final[Mapping[str, Callable[[NightReport, str], Mapping[str, bytes]]]] = {
    xlsx.NAME: _workbook,
    night_paper.NAME: _paper,
    "breaks-0001.html": _pages,
}
"""The drawings beside the page, by the name under which a missing one is told."""


def _occasion(night: Night) -> Occasion:
    identity = night.firm.firm
    return Occasion(
        run_id=night.run_id,
        firm=identity.name,
        as_of=night.as_of,
        as_of_date=night.as_of_date,
        time_zone=identity.time_zone,
        reporting_currency=identity.reporting_currency,
        config_hash=night.config_hash,
        is_dry=night.is_dry,
        owners=night.firm.owners,
    )


def _before(night: Night) -> Before:
    """The report before this night: not itself, and none of a later instant."""
    try:
        value = latest_value(night.folder)
        for _ in range(_BACK_MAX):
            if value is None or (value.run_id != night.run_id and value.as_of <= night.as_of):
                return Before(report=value)
            earlier = value.changes.previous_run_id
            value = value_of(night.folder, earlier) if earlier else None
    except CouldNotRunError as error:
        return Before(note=str(say(UNREADABLE.one, error=str(error))))
    return Before(note=str(TOO_MANY))


def _latest_or_none(folder: Path) -> NightReport | None:
    try:
        return latest_value(folder)
    except CouldNotRunError:
        return None
