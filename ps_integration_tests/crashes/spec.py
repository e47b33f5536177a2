"""What one case is: everything about it follows from the ERP, the store, the fault and a seed."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

import ps_integration
from ps_integration_tests.crashes.faults import Fault, Kind

DELAYS: Final = (20.0, 600.0)
"""Declared longest commit delays: one that a run waits for, one that is left to the next run."""
DRIFT_SECONDS_MAX: Final = 90.0
HOLD_SECONDS: Final = (*[0.01] * 7, 5.0)
"""How long a swallowed answer is held; the longest outlasts the client's patience."""
SECONDS: Final[tuple[Kind, ...]] = (
    *("timeout_after_commit", "slow_commit", "rate_limit", "error_after_commit"),
    *("refused", "refused"),
)
"""What may come beside the fault of the row."""
COPIED_DRAFT: Final = "P10"
"""The place that is only passed when a draft was made twice."""
REFUSED_DRAFT: Final = ("P7", "P8")
"""Places that are only passed when a posting is refused."""


@dataclass(frozen=True)
class Kill:
    """Where one life ends: at a passage of a place, or at a share of a usual life."""

    place: str = ""
    passage: int = 1
    share: float | None = None

    def __str__(self) -> str:
        if self.share is not None:
            return f"at {self.share:.2f} of a life"
        return f"{self.place}@{self.passage}" if self.place else "not killed"


@dataclass(frozen=True)
class Spec:
    """One case.

    Attributes:
        erp: The target's name.
        store: sqlite or postgresql.
        kind: The row of the table.
        seed: What everything else was drawn from.
        amounts: Amounts in minor units, by document and line.
        delay_seconds: The ERP's declared longest commit delay.
        drift_seconds: How long each look-up takes.
        faults: By number of the write.
        kills: How the first lives end.
        gaps_seconds: How long after each of them the next begins.
        place: Where a life was made to end, when it was not drawn.
    """

    erp: str
    store: str
    kind: Kind
    seed: int
    amounts: tuple[tuple[int, ...], ...]
    delay_seconds: float
    drift_seconds: float
    faults: dict[int, Fault]
    kills: tuple[Kill, ...]
    gaps_seconds: tuple[float, ...]
    place: str = ""

    @property
    def name(self) -> str:
        """Starts every line's description, so that the ERP's documents tell their case."""
        return f"{self.store[:2]}{self.kind[:4]}{_initials(self.kind)}{self.seed}"


def _initials(kind: str) -> str:
    return "".join(word[0] for word in kind.split("_"))


@cache
def places() -> tuple[str, ...]:
    """Every labelled step of posting, recovery and the journal, as the source names them."""
    found = {
        name
        for path in Path(ps_integration.__file__).parent.rglob("*.py")
        for name in re.findall(r'crashpoint\(\s*"([PRJ]\d+ [^"]+)"', path.read_text("utf-8"))
    }
    return tuple(sorted(found))


def draw(erp: str, store: str, kind: Kind, seed: int, place: str = "") -> Spec:
    """The case of a seed; with `place` it is a short one in which a life ends there."""
    random = Random(f"{erp}/{store}/{kind}/{seed}/{place}")
    amounts = tuple(
        tuple(random.randrange(100, 1_000_000) for _ in range(random.randint(1, 3)))
        for _ in range(random.randint(2, 3))
    )
    if place:
        amounts = ((12_345,), (67_890,))
    delay = random.choice(DELAYS)
    faults = {random.choice((1, 1, 1, 2, 2, 3)): _fault(kind, delay, random)}
    if not place and random.random() < 0.3:
        other: Kind = random.choice(SECONDS)
        faults.setdefault(random.randint(1, 5), _fault(other, delay, random))
    kills = tuple(_kill(random) for _ in range(random.choice((1, 1, 2))))
    if place:
        kills = (*((Kill("P3 intent-committed"),) if place[0] == "R" else ()), Kill(place))
    if kills[-1].place.startswith(REFUSED_DRAFT):  # the last of all writes posts a draft
        faults[2 * len(amounts)] = _fault("refused", delay, random)
    if kills[-1].place.startswith(COPIED_DRAFT):  # the first of all writes creates one
        faults[1] = Fault("duplicate_delivery")
    gaps = tuple(random.choice((0.0, 0.5 * delay, 1.1 * delay)) for _ in kills)
    drift = random.choice((0.0, 0.0, random.uniform(0.1, DRIFT_SECONDS_MAX)))
    return Spec(erp, store, kind, seed, amounts, delay, drift, faults, kills, gaps, place)


def _fault(kind: Kind, delay: float, random: Random) -> Fault:
    late = random.choice((0.0, random.uniform(0.0, 0.9), random.uniform(0.7, 0.9))) * delay
    if kind == "slow_commit":
        late = max(late, 0.01 * delay)
    return Fault(kind, random.choice(HOLD_SECONDS), late)


def _kill(random: Random) -> Kill:
    way = random.random()
    if way < 0.6:
        return Kill(random.choice(places()), random.choice((1, 1, 2, 3)))
    return Kill(share=random.uniform(0.05, 1.0)) if way < 0.95 else Kill()
