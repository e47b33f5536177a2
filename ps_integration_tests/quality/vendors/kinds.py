"""How a kind of fault, or of something that only looks like one, is written down.

A kind is a generator: it changes what the systems send, then yields what is at risk in minor units
(None: not judged) when the break is to be seen that night. It yields `LATER` to be called again
before the next night. What stands after the last yield takes the fault back.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ps_integration_tests.quality.vendors.site import Site
from ps_integration_tests.quality.vendors.stage import Stage

LATER: Final = "later"
FOR_GOOD: Final = "for good"
"""Said after the label by a fault that cannot be taken back."""
Play = Callable[[Stage, Site], Iterator[Any]]
BEFORE, AFTER = 2, 3
"""Nights: the second sees what precedes posting, the third and fourth what follows it."""
OWNERS: Mapping[str, str] = {
    "MD01": "delivery_ops", "MD02": "finance", "MD03": "finance", "MD05": "integration",
    "MD06": "finance", "MD07": "delivery_ops", "MD08": "hr", "MD09": "finance",
    "MD10": "integration", "MD11": "sales_ops", "MD12": "finance", "TM01": "finance",
    "TM02": "finance", "TM03": "finance", "TM04": "finance", "TM05": "finance",
    "TM06": "finance", "TM07": "finance", "TM08": "project_manager", "TM09": "project_manager",
    "TM10": "finance", "TM11": "time_owner", "TM12": "delivery_ops", "TM13": "approver",
    "TM14": "time_owner", "TM15": "project_manager", "TM16": "project_manager", "TM17": "hr",
    "BL01": "finance", "BL02": "finance", "BL03": "integration", "BL04": "finance",
    "BL05": "finance", "BL06": "finance", "BL07": "finance", "BL08": "finance",
    "BL09": "finance", "BL10": "finance", "IN02": "integration",
    "IN03": "integration", "IN04": "integration", "IN05": "integration", "IN06": "integration",
    "IN07": "integration",
}  # fmt: skip
"""Who works a break, as RECONCILIATION.md says; of MD04 it is whoever owns the field,
of IN01 whoever owns what the ERP blames."""


@dataclass(frozen=True)
class Kind:
    """One kind.

    Attributes:
        name: What happens, in words.
        rules: Rules either of which names it; empty for what must not be reported.
        causes: Causes either of which is right; empty = not judged.
        night: The first night that sees it.
        is_born: Whether the project is set up only then.
        beside: Rules that may say something true of it too; neither asked for nor a false alarm.
        made: What its site is like.
        play: The generator.
    """

    name: str
    rules: tuple[str, ...]
    causes: tuple[str, ...]
    night: int
    play: Play
    is_born: bool = False
    beside: tuple[str, ...] = ()
    made: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_fault(self) -> bool:
        """Whether there is anything to report."""
        return bool(self.rules)


KINDS: list[Kind] = []


def fault(
    rules: str, causes: str = "", *, night: int = BEFORE, is_born: bool = False, beside: str = "",
    words: str = "", **made: Any,
) -> Callable[[Play], Play]:  # fmt: skip
    """Register a kind of fault; rules, causes and those beside are words with blanks between."""

    def register(play: Play) -> Play:
        name = words or _name(play)
        KINDS.append(
            Kind(name, tuple(rules.split()), tuple(causes.split()), night, play, is_born,
                tuple(beside.split()), made)
        )  # fmt: skip
        return play

    return register


def lookalike(
    *, night: int = BEFORE, is_born: bool = False, beside: str = "", words: str = "",
    **made: Any,
) -> Callable[[Play], Play]:  # fmt: skip
    """Register a kind of what looks like a fault and is none."""
    return fault("", night=night, is_born=is_born, beside=beside, words=words, **made)


def _name(play: Play) -> str:
    text = inspect.getdoc(play)
    assert text, "a kind says in its docstring what happens"
    return text.splitlines()[0].rstrip(".")
