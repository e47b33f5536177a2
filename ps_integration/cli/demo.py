"""`demo`: watch a multinational firm's nights happen, on this machine and with no accounts."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.night import show
from ps_integration.cli.options import JsonOption, environ, load
from ps_integration.cli.progress import night_progress
from ps_integration.sandbox.world.events import WorldNight
from ps_integration.settings.load import FirmFile
from ps_integration.workflows import demo_tryton
from ps_integration.workflows.demo import Books, Demo, example_entry, play
from ps_integration.workflows.nightly import Progress
from ps_integration.workflows.outcome import Outcome

DEMO_FIRM = Path("data/demo/firm.yaml")


class Erp(StrEnum):
    """Which ERP the demonstration firm has."""

    BUSINESS_CENTRAL = "business_central"
    TRYTON = "tryton"


def command(
    erp: Annotated[
        Erp, typer.Option("--erp", help="The ERP; tryton is a live server (extra `tryton`).")
    ] = Erp.BUSINESS_CENTRAL,
    as_json: JsonOption = False,
) -> None:
    """Play the demonstration firm's nights; played once, a second run only looks again.

    Exits 0 when the nights went as their manifest says, planted breaks included.
    """
    with output.reported(as_json=as_json):
        with _firm(erp) as (file, books):
            name = file.firm.firm.name
            output.say(f"{name}: three legal entities, two time tools, one PSA, one ERP ({erp})")
            played = play(file, environ(), _Teller(), books)
            _left_out(books)
        output.say()
        output.say("The last night")
        show(played.last)
        _compared(played)
        firm = "" if books is None else f" --firm {file.source.path}"
        _next_steps(example_entry(file), firm)
        data = {
            **played.last.data,
            "nights": played.nights,
            "manifest": {
                "faults": played.comparison.faults,
                "found": played.comparison.found,
                "differences": list(played.comparison.differences),
            },
        }
        code = output.ExitCode.CLEAR if played.comparison.holds else output.ExitCode.BREAKS
        output.finish(data, as_json=as_json, code=code)


@contextmanager
def _firm(erp: Erp) -> Iterator[tuple[FirmFile, Books | None]]:
    if erp is Erp.BUSINESS_CENTRAL:
        yield load(DEMO_FIRM), None
        return
    with demo_tryton.served(DEMO_FIRM) as (file, books):
        yield file, books


class _Teller:
    """Tells of each night in a short block."""

    @contextmanager
    def night(self, night: WorldNight) -> Iterator[Progress]:
        """Show the steps on a terminal; stay silent in a pipe."""
        output.say()
        output.say(f"{night.day:%A, %d %B %Y}")
        output.say(f"  {night.story}")
        if output.console.is_terminal:
            with night_progress(str(night.day)) as on_step:
                yield on_step
        else:
            yield lambda _step, _result: None

    def ended(self, night: WorldNight, outcome: Outcome) -> None:
        """Show what a night came to."""
        del night
        breaks, posted = outcome.data["breaks"], outcome.data["posted"]
        if not isinstance(breaks, dict) or not isinstance(posted, dict):
            raise TypeError("an outcome has breaks and posting lines")
        counts = ", ".join(f"{rule} {count}" for rule, count in breaks["open"].items())
        output.say(f"  {outcome.verdict}; {posted['new']} lines posted, {posted['total']} in all")
        for check in dict.fromkeys(_texts(outcome.data["failed_checks"])):
            output.say(f"  posting stopped: the {check} check does not hold")
        output.say(f"  breaks: {counts or 'none'}")


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _compared(played: Demo) -> None:
    comparison = played.comparison
    output.headline(comparison.summary, is_good=comparison.holds)
    for line in comparison.differences:
        output.say(f"  {line}")


def _left_out(books: Books | None) -> None:
    if books is not None:
        for fault, why in books.left_out.items():
            output.say(f"not played with this ERP: {fault} ({why} there)")


def _next_steps(entry: str, firm: str = "") -> None:
    output.say("Try next:")
    output.say(f"  ps-integration why {entry}{firm}")
    output.say(f"  ps-integration batches list{firm}")
    output.say(f"  ps-integration breaks list{firm}")
