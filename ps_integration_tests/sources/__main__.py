"""`make sources`: streams that shrink and files that are damaged, as a table.

`python -m ps_integration_tests.sources --cases 1000` damages a thousand files of each kind.
"""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from ps_integration_tests.sources.check import KINDS, fuzz, shrink


def main() -> int:
    """0 when nothing was deleted on a listing that proves nothing, and no file ended anything."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--cases", type=int, default=1000, help="damaged files of each kind")
    told = asked.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _say(f"{'known':>8}{'listed':>8}{'deleted':>9}{'in doubt':>10}")
        for one in shrink(folder):
            wrong += not one.is_right
            mark = "" if one.is_right else "  wrong"
            _say(f"{one.known:>8}{one.left:>8}{one.deleted:>9}{one.doubted:>10}{mark}")
        _say(f"\n{'files':>8}{'tried':>8}{'whole':>8}{'failed':>8}{'not whole':>11}{'deleted':>9}")
        for kind in KINDS:
            found = list(fuzz(folder, kind, range(told.cases)))
            by = Counter(one.outcome for one in found)
            deleted = max((one.deleted for one in found), default=0)
            wrong += deleted
            _say(
                f"{kind:>8}{len(found):>8}{by['whole']:>8}{by['failed']:>8}{by['not whole']:>11}"
                f"{deleted:>9}"
            )
    _say("every stream was named and every night went on" if not wrong else f"{wrong} wrong")
    return int(bool(wrong))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
