"""Caps as pools, by brute force: what each night bills of every entry, and what waits.

Written from the rules of finance alone, in the standard library: events go in night by night, and
after each night it is said of every entry what its documents come to and what is deferred. Every
night posts all that it plans, and all of it is read back before the next.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from typing import NamedTuple

FACTORS = {"GBP": 100, "JPY": 1}


class Event(NamedTuple):
    """Something people did before a night.

    Attributes:
        what: `book`, `move` or `withdraw` an entry; `rate` or `cap` of a project; `void` all that a
            night posted on a project.
        name: The entry or the project.
        value: Seconds, a project, a price ('120.5'), minor units or nothing, a night's number.
        day: Of the entry's work, where it is booked.
    """

    what: str
    name: str
    value: str | int | None
    day: int = 1


@dataclass
class Work:
    """One entry as it is now."""

    day: int
    seconds: int
    project: str
    is_approved: bool = True


@dataclass
class Project:
    """What a project's time costs, and what it may cost at most."""

    currency: str
    price: Fraction
    cap: int | None = None


@dataclass
class Pools:
    """All that is known after a night."""

    projects: dict[str, Project]
    entries: dict[str, Work] = field(default_factory=dict)
    held: dict[tuple[str, str], int] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    posted: list[dict[tuple[str, str], int]] = field(default_factory=list)

    def night(self, events: Iterable[Event]) -> None:
        """What people did, and then what is billed."""
        for event in events:
            self._happen(event)
        due: dict[tuple[str, str], int] = {}
        self.waiting = {}
        for name, project in self.projects.items():
            due |= self._served(name, project)
        before = self.held
        self.held = {key: minor for key, minor in due.items() if minor}
        self.posted.append({
            key: self.held.get(key, 0) - before.get(key, 0) for key in {*before, *self.held}
        })  # fmt: skip

    def worth(self, work: Work) -> int:
        """Hours at five decimals times the price, in minor units; both halves go up."""
        if not work.is_approved:
            return 0
        project = self.projects[work.project]
        hours = Fraction(floor(Fraction(work.seconds * 100_000, 3600) + Fraction(1, 2)), 100_000)
        return floor(hours * project.price * FACTORS[project.currency] + Fraction(1, 2))

    def _served(self, name: str, project: Project) -> dict[tuple[str, str], int]:
        used = sum(minor for (_, where), minor in self.held.items() if where == name)
        room = None if project.cap is None else max(project.cap - used, 0)
        due: dict[tuple[str, str], int] = {}
        here = [(work.day, number) for number, work in self.entries.items() if work.project == name]
        for _, number in sorted(here):
            worth = self.worth(self.entries[number])
            kept = min(self.held.get((number, name), 0), worth)
            given = worth - kept if room is None else min(room, worth - kept)
            room = None if room is None else room - given
            due[number, name] = kept + given
            self.waiting[number] = worth - kept - given
        return due

    def _happen(self, event: Event) -> None:
        match event:
            case Event("book", name, seconds, day):
                known = self.entries.get(name) or Work(day, 0, "p1")
                known.seconds, known.is_approved = int(seconds or 0), True
                self.entries[name] = known
            case Event("move", name, project) if name in self.entries:
                self.entries[name].project = str(project)
            case Event("withdraw", name) if name in self.entries:
                self.entries[name].is_approved = False
            case Event("rate", name, price):
                self.projects[name].price = Fraction(str(price))
            case Event("cap", name, cap):
                self.projects[name].cap = None if cap is None else int(cap)
            case Event("void", name, night):
                self._void(name, int(night or 0))

    def _void(self, name: str, night: int) -> None:
        """The documents of a night on a project are cancelled, and may be billed again."""
        for key, minor in self.posted[night].items():
            if key[1] == name and minor:
                self.held[key] = self.held.get(key, 0) - minor
                self.posted[night][key] = 0
