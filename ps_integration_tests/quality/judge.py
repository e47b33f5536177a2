"""Plays faults, compares what was found with what was planted, takes causes away, looks again."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ps_integration.domain.breaks import id_of
from ps_integration.domain.ports import Row
from ps_integration.reconciliation.consequences import roots_of
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration_tests.quality.clean import clean
from ps_integration_tests.quality.drag import Drag
from ps_integration_tests.quality.planter import Label, Planter
from ps_integration_tests.quality.plants import ACTS
from ps_integration_tests.quality.remedies import remove_cause
from ps_integration_tests.quality.world import Theatre

NOT_STATED = "unknown"
GOOD, RIGHT = 0.97, 0.95
_Z = 1.96
_T = {8: 2.365, 9: 2.306, 10: 2.262, 12: 2.201, 16: 2.131, 20: 2.093}
"""Student's t, two-sided 95 %, for so many seeds."""


@dataclass
class Tally:
    """What came of one rule."""

    found: int = 0
    surplus: int = 0
    missed: int = 0
    causes: int = 0
    causes_right: int = 0
    removed: int = 0
    gone: int = 0
    notes: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Count another seed's in."""
        for name in ("found", "surplus", "missed", "causes", "causes_right", "removed", "gone"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.notes += other.notes

    @property
    def precision(self) -> float:
        """Of what was found, the share that was planted."""
        return _share(self.found, self.found + self.surplus)

    @property
    def recall(self) -> float:
        """Of what was planted, the share that was found."""
        return _share(self.found, self.found + self.missed)


def judge(seed: int, drag: Drag | None = None) -> dict[str, Tally]:
    """Play all acts of a seed: by rule, what came of it; `drag` counts what each fault drags along.

    Raises:
        SystemExit: A rule finds something in the clean world, or could not run.
    """
    original = clean(seed)
    tallies: dict[str, Tally] = {}
    drag = drag or Drag()
    with Warehouse(Path(":memory:")) as warehouse:
        theatre = Theatre(warehouse, original)
        if noise := theatre.play(original):
            raise SystemExit(f"the clean world of seed {seed} is not clean: {noise[0]}")
        for act in ACTS:
            planter = Planter(original.copy())
            for plant in act:
                planter.plant(plant)
            found = {(row["rule"], row["record_key"]): row for row in theatre.play(planter.world)}
            labels: dict[tuple[object, object], Label] = {
                (label.rule, label.record_key): label for label in planter.labels
            }
            _compare(tallies, found, labels)
            roots = roots_of(list(found.values()))
            drag.count(found, labels, roots)
            # every other consequence is left to the remedy of its root
            left = set(list(roots)[::2])
            tried = [
                row for row in found.values()
                if id_of(row) in left or remove_cause(planter.world, original, row)
            ]  # fmt: skip
            still = {(row["rule"], row["record_key"]) for row in theatre.play(planter.world)}
            _count_gone(tallies, tried, still)
    return tallies


def _compare(
    tallies: dict[str, Tally],
    found: dict[tuple[object, object], Row],
    planted: dict[tuple[object, object], Label],
) -> None:
    for key in sorted({*found, *planted}, key=str):
        tally = tallies.setdefault(str(key[0]), Tally())
        if key not in planted:
            tally.surplus += 1
            tally.notes.append(f"not planted: {key} {found[key]['detail']}")
        elif key not in found:
            tally.missed += 1
            tally.notes.append(f"not found: {key} of {planted[key].system}")
        else:
            tally.found += 1
            stated, truth = found[key]["cause"], planted[key].cause
            if truth != NOT_STATED:
                tally.causes += 1
                tally.causes_right += stated == truth
                if stated != truth:
                    tally.notes.append(f"cause {stated}, in truth {truth}: {key}")


def _count_gone(
    tallies: dict[str, Tally], tried: Iterable[Row], still: set[tuple[object, object]]
) -> None:
    for row in tried:
        tally, key = tallies[str(row["rule"])], (row["rule"], row["record_key"])
        tally.removed += 1
        tally.gone += key not in still
        if key in still:
            tally.notes.append(f"still there without {row['cause']}: {key}")


def table(seeds: Sequence[dict[str, Tally]]) -> str:
    """By rule and over all rules, with 95 % intervals: Wilson's by rule, Student's over seeds."""
    whole: dict[str, Tally] = {}
    for tallies in seeds:
        for rule, tally in tallies.items():
            whole.setdefault(rule, Tally()).add(tally)
    head = f"{'rule':<6}{'planted':>8}{'found':>7}{'surplus':>8}  "
    shown = ("precision", "recall", "cause right", "gone without it")
    lines = [head + "".join(f"{name:<23}" for name in shown)]
    for rule, one in sorted(whole.items()):
        shares = (
            _with_interval(one.found, one.found + one.surplus),
            _with_interval(one.found, one.found + one.missed),
            _with_interval(one.causes_right, one.causes),
            _with_interval(one.gone, one.removed),
        )
        counts = f"{one.found + one.missed:>8}{one.found:>7}{one.surplus:>8}"
        lines.append(f"{rule:<6}{counts}  " + "".join(f"{share:<23}" for share in shares))
    every = whole.values()
    lines += [
        f"{len(whole)} rules, {len(seeds)} seeds, {sum(t.found + t.missed for t in every)} faults",
        f"macro precision  {_over_seeds([_macro(t, 'precision') for t in seeds])}",
        f"macro recall     {_over_seeds([_macro(t, 'recall') for t in seeds])}",
        "cause right      "
        + _with_interval(sum(t.causes_right for t in every), sum(t.causes for t in every)),
        "gone without it  "
        + _with_interval(sum(t.gone for t in every), sum(t.removed for t in every)),
    ]
    return "\n".join(lines)


def is_good_enough(tallies: dict[str, Tally]) -> bool:
    """Macro precision and recall of 0.97, causes right and gone without them in 95 of 100."""
    every = tallies.values()
    return (
        min(_macro(tallies, "precision"), _macro(tallies, "recall")) >= GOOD
        and _share(sum(t.causes_right for t in every), sum(t.causes for t in every)) >= RIGHT
        and _share(sum(t.gone for t in every), sum(t.removed for t in every)) >= RIGHT
    )


def _macro(tallies: dict[str, Tally], name: str) -> float:
    return statistics.fmean(getattr(tally, name) for tally in tallies.values())


def _over_seeds(values: Sequence[float]) -> str:
    mean = statistics.fmean(values)
    if len(values) not in _T:
        return f"{mean:.4f}"
    half = _T[len(values)] * statistics.stdev(values) / math.sqrt(len(values))
    return f"{mean:.4f} ({max(mean - half, 0):.4f} to {min(mean + half, 1):.4f})"


def _with_interval(right: int, of: int) -> str:
    """A share with Wilson's interval (Wilson 1927), which is right near 0 and 1 too."""
    if not of:
        return "-"
    share, spread = right / of, _Z**2 / of
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return f"{share:.3f} ({max(middle - half, 0):.3f} to {min(middle + half, 1):.3f})"


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
