"""Which billed line a credit memo's line takes back: exactly, or said to be ambiguous.

One line takes back one whole line of the same customer, project, currency and amount that is not
dated after it. Pairs are judged as any other links: one is confirmed only when without it a line
stays unexplained.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ps_integration.reconciliation.matching.assignment import Judged, judge
from ps_integration.reconciliation.matching.items import Link

PAIRS_MAX: Final = 2_000
"""Pairs of equals beyond which nothing of them is confirmed, and only the nearest are listed."""
NEAREST_MAX: Final = 40
AGREE: Final = "customer, project, currency and amount"
_COST: Final = 10


@dataclass(frozen=True, slots=True, order=True)
class Billed:
    """A line that may be taken back, or one that takes back.

    Attributes:
        key: What names it.
        block: ERP, company, customer, project and currency; only lines of one block are paired.
        day: Its document's posting date.
        minor: What it bills or takes back, in minor units, without sign.
    """

    key: str
    block: str
    day: date
    minor: int


def take_back(taking: Sequence[Billed], billed: Sequence[Billed]) -> list[Judged]:
    """Pair lines of credit memos with lines that they take back.

    Args:
        taking: Lines that take back.
        billed: Lines that bill.

    Returns:
        Links of one line (of a credit memo) and one entry (the line it takes back), judged.
    """
    groups: dict[tuple[str, int], tuple[list[Billed], list[Billed]]] = defaultdict(lambda: ([], []))
    for place, items in enumerate((taking, billed)):
        for item in sorted(items):
            groups[item.block, item.minor][place].append(item)
    found: list[Judged] = []
    for _, (takers, given) in sorted(groups.items()):
        found += _pair(takers, given)
    return found


def _pair(takers: Sequence[Billed], given: Sequence[Billed]) -> list[Judged]:
    is_small = len(takers) * len(given) <= PAIRS_MAX
    links = []
    for taker in takers:
        before = [item for item in given if item.day <= taker.day]
        listed = before if is_small else sorted(before, key=_latest_first)[:NEAREST_MAX]
        links += [Link((taker.key,), (item.key,), _COST, AGREE) for item in listed]
    if is_small:
        return judge(links)
    return [Judged(link, is_confirmed=False) for link in sorted(links)]


def _latest_first(item: Billed) -> tuple[int, Billed]:
    return -item.day.toordinal(), item
