"""`metrics`: the newest night's figures, and the endpoint that Prometheus scrapes."""

import json
from decimal import Decimal
from typing import Annotated, Any

import typer

from ps_integration.cli import output
from ps_integration.cli.options import FirmOption, JsonOption, load
from ps_integration.domain.ports import Row
from ps_integration.errors import CouldNotRunError
from ps_integration.metrics.metric import all_metrics
from ps_integration.metrics.prometheus import LATEST
from ps_integration.workflows.nightly import snapshot
from ps_integration.workflows.scrape import serve

app = typer.Typer(no_args_is_help=True, help="Figures of the event history: show, serve.")


@app.command("show")
def show_command(firm: FirmOption = None, as_json: JsonOption = False) -> None:
    """Show every figure of the newest night."""
    with output.reported(as_json=as_json):
        with snapshot(load(firm)) as warehouse:
            rows = warehouse.rows(LATEST)
        if not rows:
            raise CouldNotRunError("no night has figures yet; run `ps-integration nightly`")
        figures = [_figure(row) for row in rows]
        titles = {metric.name: metric.title for metric in all_metrics()}
        shown = [
            (
                titles[figure["metric"]],
                ", ".join(figure["labels"].values()) or "everything",
                figure["statistic"].replace("_", " "),
                Decimal(figure["value"]),
                figure["unit"],
            )
            for figure in figures
        ]
        output.table("Metrics", ("Metric", "Of", "Figure", "Value", "Unit"), shown)
        output.finish({"as_of": rows[0]["as_of"], "figures": figures}, as_json=as_json)


def _figure(row: Row) -> dict[str, Any]:
    return {
        "metric": str(row["metric"]),
        "labels": json.loads(str(row["labels"])),
        "statistic": str(row["statistic"]),
        "unit": str(row["unit"]),
        "value": f"{row['value']:f}".rstrip("0").rstrip("."),
    }


@app.command("serve")
def serve_command(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to answer on.")] = 9464,
    address: Annotated[str, typer.Option(help="Address to answer on.")] = "127.0.0.1",
    firm: FirmOption = None,
) -> None:
    """Answer Prometheus on /metrics with the newest night's figures, until interrupted."""
    with output.reported(as_json=False):
        file = load(firm)
        output.say(f"http://{address}:{port}/metrics answers until interrupted.")
        serve(file, address, port)
