"""`make lines`: posted work changed twice, under every policy, as a table of the lines it made."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import islice

from ps_integration_tests.lines.grid import Case, grid, spread
from ps_integration_tests.lines.played import NIGHTS, Outcome, played

TOGETHER = 200
"""Cases in one firm."""


def main() -> int:
    """0 when every night of every case was as it should be."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--cases", type=int, default=2_000, help="so many, evenly spread; 0: all")
    asked.add_argument("--case", type=int, default=0, help="only this one, by its number")
    told = asked.parse_args()
    every = grid()
    if told.case:
        chosen: Iterator[Case] = iter(every[told.case - 1 : told.case])
    else:
        chosen = spread(every, told.cases or len(every))
    total, tried, failed = Outcome(), 0, 0
    while some := tuple(islice(chosen, TOGETHER)):
        outcome = played(some)
        total.add(outcome)
        tried += len(some)
        _say(f"  {tried} cases, {len(total.problems)} problems")
        for case, found in _bisected(some, outcome):
            failed += 1
            _say(f"{case}: {'; '.join(found.problems)}")
    for (correction, reason), count in sorted(total.kinds.items()):
        _say(f"{correction:10} {reason:24} {count:>7} lines posted")
    _say(
        f"{tried} of {len(every)} cases over {NIGHTS + 1} nights, {total.compared} times compared "
        f"with what must be in the ERP; {total.lines} lines under both equations and all link "
        f"checks; {total.by_policy} documents approved by policy; {failed} cases failed"
    )
    return int(bool(total.problems))


def _bisected(cases: Sequence[Case], outcome: Outcome) -> Iterator[tuple[Case, Outcome]]:
    """The cases that by themselves bring about what should not be."""
    if not outcome.problems:
        return
    if len(cases) == 1:
        yield cases[0], outcome
        return
    half = len(cases) // 2
    for some in (cases[:half], cases[half:]):
        yield from _bisected(some, played(some))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
