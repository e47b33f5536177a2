"""Mutates a night's tables row by row and prints what of it was found, and named.

`python -m ps_integration_tests.mutations --rows 8` takes eight rows of every table.
"""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from ps_integration_tests.mutations.made import played
from ps_integration_tests.mutations.mutate import FREE, Verdict, judge, mutations


def main() -> int:
    """0 when every mutation was found and its place named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=8, help="rows of every table")
    parser.add_argument("--entries", type=int, default=400, help="time entries of the firm")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    verdicts: list[Verdict] = []
    with tempfile.TemporaryDirectory() as name, played(Path(name), asked.entries) as warehouse:
        for mutation in mutations(warehouse, asked.rows, asked.seed):
            verdicts.append(judge(warehouse, mutation))
            if not verdicts[-1].is_named:
                sys.stdout.write(f"{mutation}: {verdicts[-1].places or 'not found'}\n")
    sys.stdout.write(table(verdicts) + "\n")
    return int(not all(one.is_named for one in verdicts))


def table(verdicts: list[Verdict]) -> str:
    """Counts by table, and in all."""
    all_of = Counter(one.mutation.table for one in verdicts)
    found = Counter(one.mutation.table for one in verdicts if one.places)
    named = Counter(one.mutation.table for one in verdicts if one.is_named)
    rows = [(name, all_of[name], found[name], named[name]) for name in FREE]
    rows.append(("all", all_of.total(), found.total(), named.total()))
    lines = [f"{name:<26}{tried:>9}{seen:>9}{placed:>9}" for name, tried, seen, placed in rows]
    head = f"{'table':<26}{'mutated':>9}{'found':>9}{'named':>9}"
    return "\n".join((head, *lines))


if __name__ == "__main__":
    sys.exit(main())
