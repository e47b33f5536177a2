"""What one fault drags along: how many breaks, how many at the root, and how often its money."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ps_integration.domain.breaks import id_of
from ps_integration.domain.ports import Row
from ps_integration_tests.quality.planter import Label

ROOTS_MAX = 1.5
MONEY_MAX = 1.05
TOGETHER = "BL01"
"""Names the work of several faults in one break, which hangs on one of them."""
AGAIN = "BL04"
"""States the same document once for each system that says it."""


@dataclass
class Kind:
    """Faults of one kind.

    Attributes:
        faults: How many were planted that lead to a break.
        breaks: How many breaks they led to.
        roots: How many of these are not the consequence of another.
        money: What is at risk by the faults: what one rule says of each, the rule that says most.
        counted: What the breaks at the root say together.
    """

    faults: int = 0
    breaks: int = 0
    roots: int = 0
    money: int = 0
    counted: int = 0

    @property
    def roots_each(self) -> float:
        """Breaks at the root by fault."""
        return self.roots / self.faults

    @property
    def money_ratio(self) -> float:
        """How often the money of the faults is counted; 1 where none is at risk."""
        return self.counted / self.money if self.money else 1.0 + self.counted


@dataclass
class Drag:
    """Kinds of faults by the name of the plant, and breaks that hang on those of another fault."""

    kinds: dict[str, Kind] = field(default_factory=lambda: defaultdict(Kind))
    crossed: list[str] = field(default_factory=list)

    def count(
        self,
        found: Mapping[tuple[object, object], Row],
        labels: Mapping[tuple[object, object], Label],
        roots: Mapping[str, str],
    ) -> None:
        """Count the breaks of one act in, by the fault that they come of."""
        faults: defaultdict[tuple[str, int], list[Row]] = defaultdict(list)
        fault_of: dict[str, tuple[str, int]] = {}
        for key, row in found.items():
            if key in labels and key[0] != TOGETHER:
                fault_of[id_of(row)] = (labels[key].kind, labels[key].fault)
            if key in labels:
                label = labels[key]
                faults[label.kind, label.fault].append(row)
        for (name, _), rows in faults.items():
            _add(self.kinds[name], rows, roots)
        for one, root in roots.items():
            if one in fault_of and fault_of[one] != fault_of.get(root):
                self.crossed.append(f"{fault_of[one]} hangs on {fault_of.get(root)}")


def _add(kind: Kind, rows: Iterable[Row], roots: Mapping[str, str]) -> None:
    said: defaultdict[str, int] = defaultdict(int)
    kind.faults += 1
    for row in rows:
        amount = abs(int(str(row["at_risk_minor"] or 0)))
        rule = str(row["rule"])
        said[rule] = max(said[rule], amount) if rule == AGAIN else said[rule] + amount
        kind.breaks += 1
        if id_of(row) not in roots:
            kind.roots += 1
            kind.counted += amount
    kind.money += max(said.values())


def table(drag: Drag) -> str:
    """By kind of fault, the worst first."""
    lines = [f"{'fault':<22}{'planted':>8}{'breaks':>8}{'roots':>7}{'roots each':>12}{'money':>9}"]
    worst = sorted(drag.kinds.items(), key=lambda kind: (-kind[1].roots_each, kind[0]))
    for name, kind in worst:
        lines.append(
            f"{name:<22}{kind.faults:>8}{kind.breaks:>8}{kind.roots:>7}"
            f"{kind.roots_each:>12.2f}{kind.money_ratio:>9.3f}"
        )
    return "\n".join(lines)
