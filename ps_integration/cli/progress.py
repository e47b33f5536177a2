"""Progress of a night: a live line per step on a terminal, one plain line per step in a pipe."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ps_integration.cli.output import console
from ps_integration.workflows.night import StepResult
from ps_integration.workflows.nightly import Progress as OnStep
from ps_integration.workflows.steps import STEPS, Step


@contextmanager
def night_progress(title: str) -> Iterator[OnStep]:
    """Yield the callback that a night reports its steps to."""
    if console.is_terminal:
        with _live(title) as on_step:
            yield on_step
    else:
        console.print(escape(title))
        yield _plain


def _plain(step: Step, result: StepResult | None) -> None:
    if result is not None:
        console.print(escape(_line(step, result)))


def _line(step: Step, result: StepResult) -> str:
    failed = [check.name for check in result.checks if not check.passed]
    note = f"  not passed: {', '.join(failed)}" if failed else ""
    return f"  {step.name:<24} {result.row_count:>9,} rows{note}"


@contextmanager
def _live(title: str) -> Iterator[OnStep]:
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[now]}"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(escape(title), total=len(STEPS), now="")

        def on_step(step: Step, result: StepResult | None) -> None:
            if result is None:
                progress.update(task, now=step.title)
            else:
                progress.advance(task)

        yield on_step
