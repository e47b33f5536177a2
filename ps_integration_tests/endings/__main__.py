"""How the night ends for every state of documents and stores, as a table.

`python -m ps_integration_tests.endings`
"""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from ps_integration_tests.endings.documents import STATES
from ps_integration_tests.endings.states import endings
from ps_integration_tests.endings.stores import STORES


def main() -> int:
    """0 when each night ended with a report or one sentence."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", nargs="*", default=STATES, choices=STATES)
    parser.add_argument("--stores", nargs="*", default=[*STORES], choices=[*STORES])
    asked = parser.parse_args()
    pairs = [(document, store) for document in asked.documents for store in asked.stores]
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        for one in endings(Path(place), pairs):
            kind = "report" if one.has_report else "sentence"
            counts[kind if one.is_good else "bad"] += 1
            sys.stdout.write(
                f"{one.document:10} {one.store:24} {'' if one.is_good else 'BAD '}{kind:9}"
                f" {one.billed:>10}  {one.said[:160]}\n"
            )
            sys.stdout.flush()
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    sys.stdout.write(
        f"{len(asked.documents)} document states x {len(asked.stores)} store states:"
        f" {sum(counts.values())} endings ({told})\n"
    )
    return int(counts["bad"] > 0)


if __name__ == "__main__":
    sys.exit(main())
