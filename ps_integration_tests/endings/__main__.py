"""How the night ends for every state of documents and stores, as a table.

`python -m ps_integration_tests.endings`
"""

import sys
import tempfile
from pathlib import Path

from ps_integration_tests.endings.states import DOCUMENTS, STORES, endings


def main() -> int:
    """0 when each night ended with a report or one sentence."""
    bad = 0
    with tempfile.TemporaryDirectory() as place:
        for one in endings(Path(place), [*DOCUMENTS], [*STORES]):
            bad += not one.is_good
            kind = "report" if one.has_report else "sentence"
            sys.stdout.write(
                f"{one.document:20} {one.store:24} {'' if one.is_good else 'BAD '}{kind:9}"
                f" {one.billed:>10}  {one.said[:120]}\n"
            )
            sys.stdout.flush()
    sys.stdout.write(f"{len(DOCUMENTS) * len(STORES)} endings, {bad} bad\n")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
