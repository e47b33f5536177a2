"""`why`: the story of one hour, drawn for the terminal."""

from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.options import FirmOption, JsonOption, load
from ps_integration.domain.money import hours
from ps_integration.domain.ports import Row
from ps_integration.workflows.nightly import snapshot
from ps_integration.workflows.why import why


def command(
    entry: Annotated[
        str, typer.Argument(metavar="ENTRY-OR-LINE", help="system:id, a line key, or DOC/LINE.")
    ],
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell how one hour became an ERP line, or what holds it: payload, rate, approval, posting."""
    with output.reported(as_json=as_json), snapshot(load(firm)) as warehouse:
        story = why(warehouse, entry)
        output.headline(f"{story.entry_id}: {story.verdict}", is_good=True)
        for chapter, rows in story.chapters.items():
            output.console.rule(chapter, align="left")
            for row in rows:
                for name, value in _for_people(row).items():
                    output.say(f"{name:>24}  {value}")
        data = {"entry_id": story.entry_id, "verdict": story.verdict, "chapters": story.chapters}
        output.finish(data, as_json=as_json)


def _for_people(row: Row) -> Row:
    """Amounts with their currency and hours in place of counts; what is unknown is left out."""
    shown: Row = {}
    for name, value in row.items():
        if value is None:
            continue
        if name.endswith("_minor"):
            shown[name.removesuffix("_minor")] = output.money(value, row.get("currency"))
        elif name == "seconds":
            shown["hours"] = hours(int(str(value)), 4)
        elif name != "currency" or not any(key.endswith("_minor") for key in row):
            shown[name] = value
    return shown
