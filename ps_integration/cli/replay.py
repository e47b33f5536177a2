"""`replay`: plan a past night again and compare."""

from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.options import FirmOption, JsonOption, environ, load
from ps_integration.workflows.replay import replay


def command(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Run id, as `nightly --json` gave it.")],
    firm: FirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Plan a past night again from its recorded inputs; the batches must be the same bytes."""
    with output.reported(as_json=as_json):
        result = replay(load(firm), run, environ())
        if result.same:
            output.headline(f"{run}: every batch came out byte for byte", is_good=True)
        else:
            output.headline(f"{run}: {len(result.differences)} differences", is_good=False)
        for line in result.differences:
            output.say(f"  {line}")
        data = {"run_id": run, "same": result.same, "differences": list(result.differences)}
        code = output.ExitCode.CLEAR if result.same else output.ExitCode.BREAKS
        output.finish(data, as_json=as_json, code=code)
