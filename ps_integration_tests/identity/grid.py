"""Every way in which a thing is renumbered, renamed or merged, and what each system then says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["customer", "project", "resource", "task"]
Change = Literal["renumber", "rename", "merge"]
KINDS: Final[tuple[Kind, ...]] = ("customer", "project", "resource", "task")
CHANGES: Final[tuple[Change, ...]] = ("renumber", "rename", "merge")


@dataclass(frozen=True)
class Cell:
    """One change of one thing.

    A cell has a customer, a project, a person and a task of its own, and of each another one (side
    `b`) that the first (side `a`) may be merged into.

    Attributes:
        number: Its number; all its keys are made of it.
        kind: What is changed.
        change: How.
        where: `all`, `time first`, `time last` (over two nights), or one system alone; `nowhere`
            for what nobody touches.
        first: Systems that change before the first night.
        second: Systems that change before the night after.
    """

    number: int
    kind: Kind
    change: Change
    where: str
    first: tuple[str, ...] = ()
    second: tuple[str, ...] = ()

    def __str__(self) -> str:
        """As a test or a table names it."""
        return f"{self.kind} {self.change} {self.where}"


def cells(knows: dict[Kind, tuple[str, ...]], *, is_short: bool) -> list[Cell]:
    """The grid over the systems that know each kind, and two cells that nobody touches.

    Args:
        knows: Which systems know things of a kind.
        is_short: Of single systems only the time system, or the ERP where that does not know it.
    """
    found: list[Cell] = []
    for kind, systems in knows.items():
        for change in CHANGES:
            for where, first, second in _places(systems, is_short=is_short):
                found.append(Cell(len(found) + 1, kind, change, where, first, second))
    quiet = [Cell(len(found) + at, "project", "rename", "nowhere") for at in (1, 2)]
    return [*found, *quiet]


def _places(
    systems: Sequence[str], *, is_short: bool
) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    first = "time" if "time" in systems else systems[-1]
    others = tuple(one for one in systems if one != first)
    for system in (first,) if is_short else systems:
        yield f"in {system} alone", (system,), ()
    yield "everywhere", tuple(systems), ()
    yield f"{first} first", (first,), others
    if not is_short:
        yield f"{first} last", others, (first,)


@dataclass
class View:
    """What one system says of every thing.

    Attributes:
        changed: Cells whose change this system has made.
        is_new_time: Whether the new entries are there (in the time system).
    """

    changed: set[Cell] = field(default_factory=set)
    is_new_time: bool = False

    def key(self, kind: Kind, cell: Cell, side: str = "a") -> str:
        """Number or code of a thing here."""
        suffix = "9" if side == "a" and self._has(kind, cell, "renumber") else ""
        number = cell.number + (500 if side == "b" else 100)
        made = {
            "customer": f"1{number}",
            "project": f"X-{number}",
            "resource": f"P{number}",
            "task": f"T{number}",
        }
        return made[kind] + suffix

    def name(self, kind: Kind, cell: Cell, side: str = "a") -> str:
        """What a thing is called here."""
        suffix = " renamed" if side == "a" and self._has(kind, cell, "rename") else ""
        return f"{kind} {cell.number} {side}{suffix}"

    def sides(self, kind: Kind, cell: Cell) -> str:
        """Sides that are there: both, or the other alone once the first is merged into it."""
        if cell.kind != kind or cell.change != "merge":
            return "a"
        return "b" if cell in self.changed else "ab"

    def side(self, kind: Kind, cell: Cell) -> str:
        """The side that the cell's work belongs to."""
        return "b" if self._has(kind, cell, "merge") else "a"

    def _has(self, kind: Kind, cell: Cell, change: Change) -> bool:
        return cell in self.changed and (cell.kind, cell.change) == (kind, change)


def entries(cell: Cell, view: View) -> Iterator[tuple[int, str, str]]:
    """Number, hours and work day of a cell's entries."""
    day = cell.number % 25 + 1
    yield 1000 + cell.number, "1", f"2026-03-{day:02}"
    if view.is_new_time:
        yield 2000 + cell.number, "0.5", f"2026-03-{day + 1:02}"
