"""How commands speak: rich on a terminal, plain in a pipe, and one JSON object when asked."""

import json
import logging
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum
from types import TracebackType

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.domain.days import said_at
from ps_integration.domain.money import Money
from ps_integration.errors import PsIntegrationError

_log = logging.getLogger(__name__)


class ExitCode(IntEnum):
    """What the process tells its caller."""

    CLEAR = 0
    BREAKS = 1
    COULD_NOT_RUN = 2


PLAIN_WIDTH = 160
"""Columns of a line when nobody's window is being written to."""

console = Console(
    highlight=False,
    soft_wrap=not sys.stdout.isatty(),
    width=None if sys.stdout.isatty() else PLAIN_WIDTH,
)
errors = Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def say(text: str = "") -> None:
    """One line for people; text from data is never read as markup."""
    console.print(escape(text))


def headline(text: str, *, is_good: bool) -> None:
    """The verdict line."""
    console.print(f"[bold {'green' if is_good else 'yellow'}]{escape(text)}[/]")


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table; columns whose values are numbers or money are right-aligned."""
    drawn = Table(
        title=escape(title),
        title_justify="left",
        header_style="bold",
        box=box.SIMPLE_HEAD if console.is_terminal else None,
        pad_edge=False,
    )
    for index, column in enumerate(columns):
        is_number = bool(rows) and all(
            isinstance(row[index], int | Decimal | Money) for row in rows
        )
        drawn.add_column(column, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(escape(_text(value)) for value in row))
    console.print(drawn)


def money(minor: object, currency: object) -> str:
    """An amount as people read it; a dash where there is none."""
    if minor is None or str(currency) not in MINOR_UNITS:
        return "-"
    return str(Money(int(str(minor)), str(currency)))


def finish(data: Mapping[str, object], *, as_json: bool, code: int = ExitCode.CLEAR) -> None:
    """End a command: the JSON object as the last line when asked, then the exit code.

    Raises:
        typer.Exit: Always, with the code.
    """
    if as_json:
        sys.stdout.write(json.dumps(data, default=_plain) + "\n")
        sys.stdout.flush()
    raise typer.Exit(int(code))


def reported(*, as_json: bool) -> AbstractContextManager[None]:
    """Turn every error into a message and exit code 2; `PS_LOG=debug` shows where it arose."""
    return _Reported(as_json=as_json)


class _Reported(AbstractContextManager[None]):
    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None or isinstance(error, typer.Exit | SystemExit | GeneratorExit):
            return
        _log.debug("could not run", exc_info=error)
        message = _told(error)
        errors.print(f"[bold red]could not run[/] {escape(message)}")
        data = {"error": type(error).__name__, "message": message}
        finish(data, as_json=self._as_json, code=ExitCode.COULD_NOT_RUN)


def _told(error: BaseException) -> str:
    if isinstance(error, PsIntegrationError):
        return str(error)
    if isinstance(error, KeyboardInterrupt):
        return "stopped by hand; the next run brings to an end what was under way"
    return (
        f"unexpected {type(error).__name__}: {error}. What was read and posted is kept; run it "
        "again, and if it happens again, once more with PS_LOG=debug and report what it shows"
    )


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return said_at(value)
    return str(value)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"cannot write {type(value).__name__} as JSON")
