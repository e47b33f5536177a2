"""Every link whose sums agree: one entry, a person's week, any few entries, a split entry.

The search for sums is bounded. Where it met a bound, more links may exist than were found, and the
caller must not confirm anything in that block.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ps_integration.reconciliation.matching.items import Entry, Line, Link

SECONDS: Final = 60
"""Hours typed by hand may be off by this much in all."""
DAYS: Final = 62
"""A document bills work of at most this many days before its date."""
ITEMS_MAX: Final = 8
SIZES_MAX: Final = 400
SUMS_MAX: Final = 40
STEPS_MAX: Final = 20_000
_GROUP_COST, _FEW_COST, _MONTH_COST, _UNPRICED_COST = 20, 300, 100, 200


@dataclass(frozen=True, slots=True)
class Candidates:
    """What was found for one block.

    Attributes:
        links: Links whose sums agree.
        is_complete: No bound of the search was met.
    """

    links: tuple[Link, ...]
    is_complete: bool


def candidates(lines: Sequence[Line], entries: Sequence[Entry]) -> Candidates:
    """All links between lines and entries of one block."""
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], Link] = {}
    is_complete = True
    for line in lines:
        near = [entry for entry in entries if is_near(line, entry)]
        groups = {key for key in _groups(near) if agrees([line], key)}
        sums, is_whole = _sums(near, line)
        is_complete = is_complete and is_whole
        _keep(found, [([line], group) for group in sorted(groups | sums)])
    for entry in entries:
        near_lines = [line for line in lines if is_near(line, entry)]
        splits, is_whole = _splits(near_lines, entry)
        is_complete = is_complete and is_whole
        _keep(found, [(split, (entry,)) for split in splits])
    return Candidates(tuple(sorted(found.values())), is_complete)


def is_near(line: Line, entry: Entry) -> bool:
    """Whether the document may bill the entry by its date."""
    return timedelta(0) <= line.day - entry.day <= timedelta(days=DAYS)


def _keep(
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], Link],
    pairs: Iterable[tuple[Sequence[Line], tuple[Entry, ...]]],
) -> None:
    for lines, entries in pairs:
        link = _link(lines, entries)
        found[link.lines, link.entries] = link


def _link(lines: Sequence[Line], entries: tuple[Entry, ...]) -> Link:
    grouping, said = _grouping(lines, entries)
    is_priced = all(entry.minor is not None for entry in entries)
    months = {(entry.day.year, entry.day.month) for entry in entries}
    is_same_month = months == {(line.day.year, line.day.month) for line in lines}
    cost = grouping + (0 if is_priced else _UNPRICED_COST) + (0 if is_same_month else _MONTH_COST)
    agree = [
        *(["hours"] if all(line.seconds is not None for line in lines) else []),
        *(["amount"] if is_priced else []),
    ]
    return Link(
        tuple(sorted(line.key for line in lines)),
        tuple(sorted(entry.key for entry in entries)),
        cost,
        f"{' and '.join(agree)} of {said}",
    )


def _grouping(lines: Sequence[Line], entries: tuple[Entry, ...]) -> tuple[int, str]:
    if len(lines) > 1:
        return _FEW_COST + 10 * len(lines), f"one entry split over {len(lines)} lines"
    if len(entries) == 1:
        return 10, "one entry"
    people = {entry.person for entry in entries}
    weeks = {entry.day.isocalendar()[:2] for entry in entries}
    if len(people) == 1 and len(weeks) == 1:
        return _GROUP_COST, f"{len(entries)} entries of one person's week"
    return _FEW_COST + 10 * min(len(entries), 20), f"{len(entries)} entries"


def _groups(near: Sequence[Entry]) -> set[tuple[Entry, ...]]:
    """Everything of a person or of all, in a week or in a month."""
    groups: dict[tuple[object, ...], list[Entry]] = defaultdict(list)
    for entry in sorted(near):
        week, month = entry.day.isocalendar()[:2], (entry.day.year, entry.day.month)
        for span in (("week", *week), ("month", *month)):
            groups[*span, entry.person].append(entry)
            groups[*span, ""].append(entry)
    return {tuple(group) for group in groups.values()}


def _sums(near: Sequence[Entry], line: Line) -> tuple[set[tuple[Entry, ...]], bool]:
    """Any few entries that add up to the line, and whether these are all."""
    sized = sorted(near, key=lambda entry: (-_size(entry, line), entry))
    sizes = [_size(entry, line) for entry in sized]
    wanted = line.minor if line.seconds is None else line.seconds
    slack = ITEMS_MAX if line.seconds is None else SECONDS
    chosen, is_whole = _subsets(sizes, wanted, slack)
    sums = {tuple(sorted(sized[place] for place in subset)) for subset in chosen}
    return {group for group in sums if agrees([line], group)}, is_whole


def _size(entry: Entry, line: Line) -> int:
    """An unpriced entry adds nothing to a line that bills a sum, and so is never part of one."""
    return (entry.minor or 0) if line.seconds is None else entry.seconds


def _splits(lines: Sequence[Line], entry: Entry) -> tuple[list[list[Line]], bool]:
    by_amount = entry.minor is not None
    known = lines if by_amount else [line for line in lines if line.seconds is not None]
    sized = sorted(known, key=lambda line: (-_part(line, by_amount=by_amount), line))
    wanted, slack = (entry.minor or 0, ITEMS_MAX) if by_amount else (entry.seconds, SECONDS)
    sizes = [_part(line, by_amount=by_amount) for line in sized]
    chosen, is_whole = _subsets(sizes, wanted, slack)
    splits = [[sized[place] for place in subset] for subset in chosen if len(subset) > 1]
    return [split for split in splits if agrees(split, (entry,))], is_whole


def _part(line: Line, *, by_amount: bool) -> int:
    return line.minor if by_amount else (line.seconds or 0)


def agrees(lines: Sequence[Line], entries: Sequence[Entry]) -> bool:
    """Whether hours and money add up, each where it is known of both sides."""
    if all(line.seconds is not None for line in lines):
        typed = sum(line.seconds or 0 for line in lines)
        if abs(typed - sum(entry.seconds for entry in entries)) > SECONDS:
            return False
    elif any(entry.minor is None for entry in entries):
        return False
    return any(entry.minor is None for entry in entries) or money_agrees(lines, entries)


def money_agrees(lines: Sequence[Line], entries: Sequence[Entry]) -> bool:
    """Whether money adds up, a minor unit an item aside; without a price it cannot be said to."""
    if any(entry.minor is None for entry in entries):
        return False
    billed, priced = sum(line.minor for line in lines), sum(entry.minor or 0 for entry in entries)
    return abs(billed - priced) <= max(len(entries), len(lines))


def _subsets(sizes: Sequence[int], wanted: int, slack: int) -> tuple[list[tuple[int, ...]], bool]:
    """Places of at most `ITEMS_MAX` positive sizes, sorted downwards, that add up to `wanted`."""
    if len(sizes) > SIZES_MAX:
        return [], False
    left = [sum(sizes[place:]) for place in range(len(sizes) + 1)]
    found: list[tuple[int, ...]] = []
    stack: list[tuple[int, int, tuple[int, ...]]] = [(0, 0, ())]
    steps, is_whole = 0, True
    while stack:
        steps += 1
        if steps > STEPS_MAX or len(found) > SUMS_MAX:
            return found, False
        place, total, taken = stack.pop()
        if taken and abs(total - wanted) <= slack:
            found.append(taken)
        fitting = [
            nxt
            for nxt in range(place, len(sizes))
            if 0 < sizes[nxt] <= wanted + slack - total and total + left[nxt] >= wanted - slack
        ]
        if len(taken) < ITEMS_MAX:
            stack += [(nxt + 1, total + sizes[nxt], (*taken, nxt)) for nxt in fitting]
        elif fitting:
            is_whole = False
    return found, is_whole
