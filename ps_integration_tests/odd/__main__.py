"""`make odd`: odd but valid rows of every contract, many in one night, bisected on failure."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ps_integration_tests.odd.rows import OddRow, odd_rows
from ps_integration_tests.odd.world import Outcome, played


def main() -> int:
    """Print what was tried and what should not have been; 0 when there is nothing of that."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--table", default="", help="only rows of this table")
    told = asked.parse_args()
    rows = [row for row in odd_rows() if told.table in ("", row.table)]
    clean = _night(())
    expected = frozenset(clean.not_run)
    _say(f"clean firm: {', '.join(clean.problems) or 'nothing'}")
    found = list(_bisected(rows, expected))
    for row, outcome in found:
        _say(f"{row.table}: {row.oddity} ({row.key}): {'; '.join(outcome.problems)}")
    outcomes = [outcome for _, outcome in found]
    _say(f"{len(rows)} odd rows tried")
    _say(f"{sum(bool(one.no_report) for one in outcomes)} nights without a report")
    _say(f"{len({rule for one in outcomes for rule in one.not_run})} rules that could not run")
    _say(f"{sum(bool(one.failed_checks) for one in outcomes)} rows that failed a blocking check")
    _say(f"{sum(bool(one.held) for one in outcomes)} rows that held beyond what they govern")
    return 1 if found else 0


def _night(rows: Sequence[OddRow], expected: frozenset[str] = frozenset()) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        return played(Path(folder), rows, expected)


def _bisected(rows: Sequence[OddRow], expected: frozenset[str]) -> Sequence[tuple[OddRow, Outcome]]:
    """The rows that by themselves bring about what should not be."""
    if not rows:
        return []
    outcome = _night(rows, expected)
    _say(f"  {len(rows)} rows: {'; '.join(outcome.problems)[:160] or 'as it should be'}")
    if not outcome.problems:
        return []
    if len(rows) == 1:
        return [(rows[0], outcome)]
    half = len(rows) // 2
    return [*_bisected(rows[:half], expected), *_bisected(rows[half:], expected)]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
