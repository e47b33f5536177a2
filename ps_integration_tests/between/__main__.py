"""Deletes, doubles and changes rows of a firm's stores between two nights, and prints what became.

`python -m ps_integration_tests.between --mutations 1000`
"""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from ps_integration.stores.operational.kinds import UNWITNESSED
from ps_integration_tests.between.mutation import generated
from ps_integration_tests.between.nights import Trial


def main() -> int:
    """0 when none was lost and no document was sent because of one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutations", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=3, help="rows of every table")
    parser.add_argument("--together", type=int, default=40, help="mutations that share a night")
    parser.add_argument("--store", choices=["warehouse", "operational"], default=None)
    parser.add_argument(
        "--nights", type=int, default=100, help="before stopped ones are not halved"
    )
    asked = parser.parse_args()
    counts: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as place:
        trial = Trial(Path(place), asked.nights)
        found = [
            one for one in generated(trial.state, asked.rows) if asked.store in {None, one.store}
        ]
        step = max(1, len(found) // asked.mutations)
        for verdict in trial.judge(found[::step][: asked.mutations], asked.together):
            counts[verdict.mutation.store, verdict.state] += 1
            if verdict.state in {"lost", "sent"}:
                sys.stdout.write(f"{verdict.mutation}: {verdict.state}, {verdict.how}\n")
                sys.stdout.flush()
    for (store, state), count in sorted(counts.items()):
        sys.stdout.write(f"{store:12} {state:10} {count:6}\n")
    for what, why in UNWITNESSED.items():
        sys.stdout.write(f"not witnessed: {what}: {why}\n")
    bad = sum(count for (_, state), count in counts.items() if state in {"lost", "sent"})
    sys.stdout.write(
        f"{sum(counts.values())} mutations, {trial.nights} nights, {bad} lost or sent\n"
    )
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
