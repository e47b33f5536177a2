"""Options that many commands share."""

import os
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from ps_integration.errors import FixConfigError
from ps_integration.settings.load import FirmFile
from ps_integration.workflows.config_check import load_checked

_CANDIDATES = (Path("firm.yaml"), Path("data/demo/firm.yaml"))

FirmOption = Annotated[
    Path | None,
    typer.Option(
        "--firm",
        envvar="PS_FIRM",
        help="Firm file. Default: ./firm.yaml, else the demonstration firm.",
        show_default=False,
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Write one JSON object as the last line of output.")
]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", help="Night to run: 2026-03-31 (end of that day) or an ISO instant."),
]


def firm_path(path: Path | None) -> Path:
    """The firm file to use.

    Raises:
        FixConfigError: None was named and none is in its usual place.
    """
    if path is not None:
        return path
    for candidate in _CANDIDATES:
        if candidate.exists():
            return candidate
    raise FixConfigError(
        "no firm file: name one with --firm or PS_FIRM, or write one with `ps-integration init`"
    )


def load(path: Path | None) -> FirmFile:
    """Load and check the firm file to use."""
    return load_checked(firm_path(path))


def as_of_value(text: str | None) -> date | datetime | None:
    """Read an as-of option.

    Raises:
        FixConfigError: It is neither a date nor an instant with a time zone.
    """
    if text is None:
        return None
    try:
        if len(text) == len("2026-03-31"):
            return date.fromisoformat(text)
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise FixConfigError(f"--as-of {text!r}: write 2026-03-31 or an ISO instant") from error
    if instant.tzinfo is None:
        raise FixConfigError(f"--as-of {text!r}: an instant needs its zone, e.g. +00:00")
    return instant


def environ() -> dict[str, str]:
    """The environment that secrets and addresses are read from."""
    return dict(os.environ)
