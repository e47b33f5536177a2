"""The command line's table of contents."""

import logging
import os
from importlib.metadata import version
from typing import Annotated

import typer

from ps_integration.cli import (
    audit,
    batches,
    break_decisions,
    config,
    corrections,
    days,
    deletions,
    demo,
    dlq,
    matches,
    metrics,
    night,
    opening,
    period,
    post,
    quarantine,
    replay,
    reports,
    sandbox,
    store,
    story,
    write_offs,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Nightly agreement between PSA, time and ERP. Exit codes: 0 clear, 1 breaks or held "
    "money, 2 could not run.",
)
app.command("demo")(demo.command)
app.command("nightly")(night.command)
app.command("post")(post.command)
app.command("init")(config.init_command)
app.command("doctor")(config.doctor_command)
app.command("why")(story.command)
app.command("replay")(replay.command)
app.command("report")(reports.command)
app.command("sandbox")(sandbox.command)
app.add_typer(config.app, name="config")
app.add_typer(batches.app, name="batches")
app.add_typer(break_decisions.app, name="breaks")
app.add_typer(matches.app, name="matches")
app.add_typer(deletions.app, name="deletions")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(corrections.app, name="corrections")
app.add_typer(opening.app, name="opening")
app.add_typer(period.app, name="period")
app.add_typer(metrics.app, name="metrics")
app.add_typer(dlq.app, name="dlq")
app.add_typer(write_offs.app, name="write-offs")
app.add_typer(days.app, name="days")
app.add_typer(store.app, name="store")
app.add_typer(audit.app, name="audit")


def _say_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"ps-integration {version('ps_integration')}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Print it and exit."),
    ] = False,
) -> None:
    """Take what is said before any command."""


def main() -> None:
    """Run the command line."""
    asked = os.environ.get("PS_LOG", "").upper()
    known = logging.getLevelNamesMapping()
    logging.basicConfig(
        level=known.get(asked, logging.WARNING), format="%(levelname)s %(name)s %(message)s"
    )
    app()
