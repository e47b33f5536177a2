"""Holds what was found against what was planted, and says it by rule and in total."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ps_integration_tests.quality.vendors.kinds import OWNERS
from ps_integration_tests.quality.vendors.play import TAKING_BACK, Item, Played

Break = dict[str, Any]
GOOD, RIGHT = 0.97, 0.95
ROOTS_MAX, MONEY_MAX = Decimal("1.5"), Decimal("1.05")
"""Open root breaks of a fault, and the money shown for it beside its own, on average."""
LAST_OPEN = TAKING_BACK - 1
_WAITING = frozenset({"BL01", "BL02", "TM01", "TM13"})
"""Rules that time alone brings on."""


def _is_to_come(one: Break, erased: Collection[str]) -> bool:
    """Whether it has nothing to do with the night's faults.

    Time brings some on: nobody in these firms writes any after the twelfth of the month. And what
    was deleted when a fault was taken back is gone after two readings.
    """
    is_quiet_day = one["rule"] == "IN04" and "|day|" in one["record_key"]
    is_erased = one["rule"] == "IN07" and one["facts"]["left_id"].rsplit("/", 1)[-1] in erased
    return one["rule"] in _WAITING or is_quiet_day or is_erased


@dataclass
class Tally:
    """What came of the faults of one rule, and of what it said of others."""

    planted: int = 0
    found: int = 0
    false: int = 0
    causes: int = 0
    causes_right: int = 0
    owners: int = 0
    owners_right: int = 0
    amounts: int = 0
    amounts_right: int = 0
    roots: int = 0
    with_roots: int = 0
    back: int = 0
    gone: int = 0
    shown: Decimal = Decimal(0)
    planted_money: Decimal = Decimal(0)

    def add(self, other: "Tally") -> None:
        """Count another's in."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass
class Score:
    """Tallies by rule, and a note for everything that is not as it ought to be."""

    rules: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    notes: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    lookalikes: int = 0
    lookalikes_told: int = 0
    crashes: int = 0

    def note(self, words: str, example: str) -> None:
        """Something that is not as it ought to be; the same words are counted."""
        self.notes[words] += 1
        self.examples.setdefault(words, example)

    @property
    def total(self) -> Tally:
        """Over all rules."""
        found = Tally()
        for one in self.rules.values():
            found.add(one)
        return found


def score(played: Sequence[Played]) -> Score:
    """Judge seeds together."""
    result = Score()
    for one in played:
        _score(result, one)
    return result


def _score(result: Score, played: Played) -> None:
    told_of: dict[int, dict[int, list[Break]]] = {}
    for night, found in played.found.items():
        by_item: dict[int, list[Break]] = defaultdict(list)
        for one, item in found:
            by_item[id(item)].append(one)
        told_of[night] = by_item
    for item in played.items:
        if item.crash:
            result.crashes += 1
            result.note(f"could not be played: {item.kind.name}: {item.crash}", "")
        elif item.kind.is_fault and item.seen_from:
            _fault(result, item, {night: told[id(item)] for night, told in told_of.items()})
        elif not item.kind.is_fault:
            result.lookalikes += 1
    _false_alarms(result, played)
    for night in played.worlds:
        _worlds(result, played, night)


def _worlds(result: Score, played: Played, night: int) -> None:
    """Faults of whole sources: each has one break, and drags nothing behind it."""
    before = {(one["rule"], one["record_key"]) for one, _ in played.found[night - 1]}
    new = [one for one, _ in played.found[night] if (one["rule"], one["record_key"]) not in before]
    for world in played.worlds[night]:
        tally = result.rules[world.rule]
        mine = [one for one in new if one["rule"] == world.rule and world.names(one["record_key"])]
        tally.planted += 1
        tally.found += bool(mine)
        new = [one for one in new if one not in mine]
        if not mine:
            result.note(f"missed {world.rule}: {world.name}", f"night {night}")
        elif mine[0]["owner"] != OWNERS[world.rule]:
            result.note(f"owner {mine[0]['owner']} in {world.rule}: {world.name}", _said(mine[0]))
    for one in new:
        if not one["root_break_id"] and not _is_to_come(one, played.erased):
            result.rules[one["rule"]].false += 1
            names = "; ".join(world.name for world in played.worlds[night])
            result.note(f"false {one['rule']} on the night of: {names}", _said(one))


def _fault(result: Score, item: Item, told: dict[int, list[Break]]) -> None:
    kind = item.kind
    tally = result.rules[kind.rules[0]]
    tally.planted += 1
    night = min(item.seen_from, LAST_OPEN, max(told))
    wanted = [one for one in told[night] if one["rule"] in kind.rules]
    if not wanted:
        seen = " ".join(sorted(one["rule"] for one in told[night])) or "nothing"
        result.note(f"missed {'/'.join(kind.rules)}: {kind.name}; seen: {seen}", _names(item))
        return
    tally.found += 1
    chosen = max(wanted, key=lambda one: (not one["root_break_id"], one["at_risk_minor"] or 0))
    _cause(result, tally, item, chosen)
    _owner(result, tally, item, chosen)
    _money(result, tally, item, wanted, told[night])
    if item.is_back and TAKING_BACK in told:
        tally.back += 1
        left = [one for one in told[TAKING_BACK] if one["rule"] in kind.rules]
        tally.gone += not left
        if left:
            result.note(f"not gone when taken back, {left[0]['rule']}: {kind.name}",
                _said(left[0]))  # fmt: skip


def _cause(result: Score, tally: Tally, item: Item, one: Break) -> None:
    if item.kind.causes:
        cause = one["facts"]["cause"]
        tally.causes += 1
        tally.causes_right += cause in item.kind.causes
        if cause not in item.kind.causes:
            wanted = " or ".join(item.kind.causes)
            result.note(f"cause {cause}, not {wanted}, in {one['rule']}: {item.kind.name}",
                _said(one))  # fmt: skip


def _owner(result: Score, tally: Tally, item: Item, one: Break) -> None:
    owner = OWNERS.get(one["rule"])
    if owner is not None:
        tally.owners += 1
        tally.owners_right += one["owner"] == owner
        if one["owner"] != owner:
            result.note(f"owner {one['owner']}, not {owner}, in {one['rule']}: {item.kind.name}",
                _said(one))  # fmt: skip


def _money(
    result: Score, tally: Tally, item: Item, wanted: Sequence[Break], every: Sequence[Break]
) -> None:
    """The amount of the rule's own breaks, and how often all open roots say it."""
    roots = [one for one in every if not one["root_break_id"]]
    tally.with_roots += 1
    tally.roots += len(roots)
    if len(roots) > 1:
        rules = " ".join(sorted(one["rule"] for one in roots))
        result.note(f"{len(roots)} roots ({rules}): {item.kind.name}", _said(roots[0]))
    if item.at_risk is None:
        return
    own = [one for one in wanted if not one["root_break_id"]] or wanted
    amount = sum(one["at_risk_minor"] or 0 for one in own)
    tally.amounts += 1
    tally.amounts_right += amount == item.at_risk
    if amount != item.at_risk:
        result.note(f"amount wrong in {wanted[0]['rule']}: {item.kind.name}",
            f"{amount / 100:.2f}, not {item.at_risk / 100:.2f}; {_said(wanted[0])}")  # fmt: skip
    shown = sum(one["at_risk_minor"] or 0 for one in roots)
    tally.shown += shown
    tally.planted_money += item.at_risk
    if shown > item.at_risk:
        result.note(f"money shown more than once: {item.kind.name}",
            f"{shown / 100:.2f} in {len(roots)} roots, not {item.at_risk / 100:.2f}")  # fmt: skip


def _false_alarms(result: Score, played: Played) -> None:
    """What speaks of no fault, or says of one what nobody would say; each once, whatever nights."""
    seen: set[tuple[str, str]] = set()
    told: set[int] = set()
    for night, found in played.found.items():
        for one, item in found if night <= TAKING_BACK else ():
            key = (one["rule"], one["record_key"])
            if one["root_break_id"] or key in seen or _is_due(one, item, night):
                continue
            seen.add(key)
            result.rules[one["rule"]].false += 1
            if item is None:
                result.note(f"false {one['rule']}, of no site", f"night {night} {_said(one)}")
                continue
            if not item.kind.is_fault:
                told.add(id(item))
            result.note(f"false {one['rule']}: {item.kind.name}", f"night {night} {_said(one)}")
    result.lookalikes_told += len(told)


def _is_due(one: Break, item: Item | None, night: int) -> bool:
    if item is None:
        return False
    kind = item.kind
    return night > 1 and one["rule"] in (*kind.rules, *kind.beside)


def _names(item: Item) -> str:
    return f"site {item.site.code} from night {item.seen_from}"


def _said(one: Break) -> str:
    facts = one["facts"]
    return (
        f"{one['record_key']} | {facts['left_system']} {facts['left_value']} | "
        f"{facts['right_system']} {facts['right_value']} | {facts['cause']} | {facts['detail']}"
    )


def table(result: Score, seeds: int) -> str:
    """By rule and in total."""
    head = (f"{'rule':<6}{'planted':>8}{'found':>7}{'recall':>8}{'false':>7}{'precision':>11}"
        f"{'cause':>9}{'owner':>9}{'amount':>9}{'gone':>9}{'roots':>7}{'money':>7}")  # fmt: skip
    lines = [head, *(_line(rule, one) for rule, one in sorted(result.rules.items()))]
    lines.append(_line("all", result.total))
    lines.append(
        f"{seeds} seeds, {result.total.planted} faults, {result.lookalikes} look-alikes of which"
        f" {result.lookalikes_told} were reported, {result.crashes} that could not be played"
    )
    return "\n".join(lines)


def _line(rule: str, one: Tally) -> str:
    return (
        f"{rule:<6}{one.planted:>8}{one.found:>7}{_share(one.found, one.planted):>8}"
        f"{one.false:>7}{_share(one.found, one.found + one.false):>11}"
        f"{_of(one.causes_right, one.causes):>9}{_of(one.owners_right, one.owners):>9}"
        f"{_of(one.amounts_right, one.amounts):>9}{_of(one.gone, one.back):>9}"
        f"{_share(one.roots, one.with_roots, 2):>7}"
        f"{_share(one.shown, one.planted_money, 2):>7}"
    )


def _share(part: int | Decimal, whole: int | Decimal, places: int = 3) -> str:
    return f"{part / whole:.{places}f}" if whole else "-"


def _of(part: int, whole: int) -> str:
    return f"{part}/{whole}" if whole else "-"


def notes(result: Score) -> str:
    """Everything that is not as it ought to be, the most frequent first, each with an example."""
    return "\n".join(
        f"{count:>3} x {words}\n        {result.examples[words]}".rstrip()
        for words, count in sorted(result.notes.items(), key=lambda pair: (pair[0], -pair[1]))
    )


def is_good_enough(result: Score) -> bool:
    """All could be played, and each share that `table` prints is as good as is asked for."""
    every = result.total
    shares = (
        (every.causes_right, every.causes),
        (every.owners_right, every.owners),
        (every.amounts_right, every.amounts),
        (every.gone, every.back),
    )
    return (
        not result.crashes
        and every.found >= GOOD * every.planted
        and every.found >= GOOD * (every.found + every.false)
        and all(part >= RIGHT * whole for part, whole in shares)
        and every.roots <= ROOTS_MAX * every.with_roots
        and every.shown <= MONEY_MAX * every.planted_money
    )
