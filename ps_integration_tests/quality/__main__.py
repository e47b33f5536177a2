"""How right the rules are, on worlds whose faults are known.

`python -m ps_integration_tests.quality --seeds 8` plants every fault in eight worlds of some 25,000
entries, and prints by rule how many were found, and how often the stated cause was the right one.
"""

import argparse
import sys

from ps_integration_tests.quality import drag
from ps_integration_tests.quality.judge import is_good_enough, judge, table


def main() -> int:
    """0 when every share is good enough: what was found, and why, in all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--notes", action="store_true", help="name what was missed or wrong")
    asked = parser.parse_args()
    dragged = drag.Drag()
    seeds = [judge(seed, dragged) for seed in range(asked.first, asked.first + asked.seeds)]
    if asked.notes:
        notes = [note for tallies in seeds for tally in tallies.values() for note in tally.notes]
        sys.stdout.write("\n".join([*notes, ""]))
    sys.stdout.write(f"{table(seeds)}\n\n{drag.table(dragged)}\n")
    return int(not all(is_good_enough(tallies) for tallies in seeds))


if __name__ == "__main__":
    sys.exit(main())
