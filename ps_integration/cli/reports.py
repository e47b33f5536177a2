"""`report`: where the night's report is and what it says; `--draw` draws it again."""

from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.options import FirmOption, JsonOption, load
from ps_integration.errors import CouldNotRunError
from ps_integration.reports import html, night_paper, xlsx
from ps_integration.workflows.nightly import state_folder
from ps_integration.workflows.report import draw_again, latest_value, reports_folder, value_of


def command(
    run: Annotated[
        str | None, typer.Option("--run", help="Run id. Default: the newest report.")
    ] = None,
    draw: Annotated[
        bool, typer.Option("--draw", help="Draw page, workbook and PDF again from the kept value.")
    ] = False,
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say where the reconciliation report is, and its verdict."""
    with output.reported(as_json=as_json):
        file = load(firm)
        folder = state_folder(file)
        value = latest_value(folder) if run is None else value_of(folder, run)
        if value is None:
            raise CouldNotRunError("no night has a report yet; run `ps-integration nightly`")
        if draw:
            value = draw_again(folder, value.run_id, file.firm.reports.locale)
        place = reports_folder(folder) / value.run_id
        is_clear = value.verdict.state == "clear"
        output.headline(f"Verdict: {value.verdict.state}", is_good=is_clear)
        output.say(value.verdict.sentence)
        output.say(f"Report: {place / html.NAME}")
        output.say(f"        {place / xlsx.NAME}")
        output.say(f"        {place / night_paper.NAME}")
        data = {
            "run_id": value.run_id,
            "as_of": value.as_of,
            "verdict": value.verdict.state,
            "sentence": value.verdict.sentence,
            "drawn": draw,
            "reports": {
                "html": str(place / html.NAME),
                "xlsx": str(place / xlsx.NAME),
                "pdf": str(place / night_paper.NAME),
            },
        }
        code = output.ExitCode.CLEAR if is_clear else output.ExitCode.BREAKS
        output.finish(data, as_json=as_json, code=code)
