"""`make identity`: the whole grid in every firm, as a table of counts.

`python -m ps_integration_tests.identity`
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

from ps_integration_tests.identity import SOURCES
from ps_integration_tests.identity.grid import cells
from ps_integration_tests.identity.play import is_kept, played


def main() -> int:
    """0 when no change sent a document and all new time is billed once, or waits by name."""
    chosen, bad = sys.argv[1:] or [*SOURCES], 0
    for name in chosen:
        source, counts = SOURCES[name], Counter[tuple[str, str, str]]()
        grid = cells(source.KNOWS, is_short=False)
        with tempfile.TemporaryDirectory() as folder:
            found = played(source, Path(folder), grid)
        for cell, outcome in found.items():
            bad += not is_kept(outcome)
            state = outcome.state if outcome.state in {"billed", "linked"} else "waits"
            counts[cell.kind, cell.change, state] += 1
            if state == "waits" or outcome.sent:
                note = f"{outcome.state}; named by {', '.join(outcome.named) or 'nobody'}"
                _say(f"{name:10} {cell!s:40} {note} {' '.join(outcome.sent)}")
        for (kind, change, state), count in sorted(counts.items()):
            _say(f"{name:10} {kind:10} {change:10} {state:8} {count:4}")
    _say(f"{bad} cells where a document went out, or new time waits without a name")
    return int(bad > 0)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
