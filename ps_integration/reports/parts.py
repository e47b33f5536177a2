"""Parts of a report that could not be made: each says so in its place, and the rest is drawn."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import msgspec

from ps_integration.errors import PsIntegrationError
from ps_integration.reports.columns import Sheet
from ps_integration.reports.text import shortened
from ps_integration.reports.texts import say

_LOG: Final = logging.getLogger(__name__)
_WHY_MAX: Final = 300
FAILS: Final = (
    *(PsIntegrationError, msgspec.MsgspecError, OSError),
    *(ValueError, TypeError, ArithmeticError, LookupError, RuntimeError),
)
"""What odd data, a full disk or a drawing library can bring about in one part."""
_ITSELF: Final[Mapping[str, str]] = {}
Made = TypeVar("Made")
Instead = TypeVar("Instead")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedPart:
    """A part that is missing.

    Attributes:
        name: The sheet's name, the file's name, or the step's title.
        why: One line.
    """

    name: str
    why: str


class Parts:
    """Makes the parts of a report one by one, and remembers which could not be made."""

    def __init__(self) -> None:
        self._failed: dict[str, str] = {}

    @property
    def failed(self) -> tuple[FailedPart, ...]:
        """The parts that could not be made, in order."""
        return tuple(FailedPart(name=name, why=why) for name, why in self._failed.items())

    def note(self, name: str, why: str) -> None:
        """Name a part that failed elsewhere."""
        self._failed[name] = why

    def make(self, name: str, making: Callable[[], Made], instead: Instead) -> Made | Instead:
        """What `making` gives; `instead` where it fails, which is then named."""
        try:
            return making()
        except FAILS as error:
            self._failed[name] = why_of(error)
            _LOG.warning("%s could not be made: %s", name, error, exc_info=error)
            return instead


def why_of(error: BaseException) -> str:
    """An error as one line for people."""
    said = " ".join(shortened(str(error), _WHY_MAX).split())
    if isinstance(error, PsIntegrationError):
        return said
    return f"{type(error).__name__}: {said}"


def in_its_place(
    sheet: Sheet[Any], failed: Sequence[FailedPart], made_of: Mapping[str, str] = _ITSELF
) -> Sheet[Any]:
    """The sheet, saying that it could not be made where that is so.

    Args:
        sheet: As drawn from what could be read.
        failed: The parts that could not be made.
        made_of: For sheets that are sums of another one's lines, its name.
    """
    for part in failed:
        if part.name == made_of.get(sheet.name, sheet.name):
            said = say("This part could not be made and is empty: {why}", why=part.why)
            return replace(sheet, about=said)
    return sheet
