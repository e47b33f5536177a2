"""What is matched: approved entries not yet posted, lines typed by hand, and links between them."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One approved entry that nothing of ours has billed.

    Attributes:
        key: Its entry id.
        block: Project and currency; only items of one block are linked.
        day: Its work date.
        seconds: Its duration.
        minor: Its price in minor units; None where it has no rate.
        person: Who worked.
    """

    key: str
    block: str
    day: date
    seconds: int
    minor: int | None
    person: str


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """One posted ERP line that carries no reference of ours.

    Attributes:
        key: The record key of its break.
        block: As of an entry.
        day: The document's posting date.
        seconds: Its quantity in seconds; None where it bills a sum and no hours.
        minor: Its amount before tax, minor units.
    """

    key: str
    block: str
    day: date
    seconds: int | None
    minor: int


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """Lines that bill entries: sums agree. One of the two sides is always a single item.

    Attributes:
        lines: Keys, sorted.
        entries: Keys, sorted.
        cost: How little speaks for it, 0 (most) to 900.
        evidence: In words, what agrees.
    """

    lines: tuple[str, ...]
    entries: tuple[str, ...]
    cost: int
    evidence: str

    @property
    def items(self) -> frozenset[tuple[str, str]]:
        """What it uses up; two links that share an item exclude each other."""
        return frozenset(
            [("line", key) for key in self.lines] + [("entry", key) for key in self.entries]
        )
