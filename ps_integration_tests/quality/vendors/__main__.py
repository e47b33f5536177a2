"""How right the rules are about what vendors send, over nights with posting between them.

`python -m ps_integration_tests.quality.vendors --seeds 2 --notes` plays firms with at least 150
faults and 100 look-alikes each, planted in the sandbox's vendor records and in drops before and
after posting, and prints what was found of them.
"""

import argparse
import sys

from ps_integration_tests.quality.vendors.play import FAULTS, LOOKALIKES, play
from ps_integration_tests.quality.vendors.score import is_good_enough, notes, score, table


def main() -> int:
    """0 when every share is good enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--faults", type=int, default=FAULTS, help="of a seed")
    parser.add_argument("--lookalikes", type=int, default=LOOKALIKES, help="of a seed")
    parser.add_argument("--notes", action="store_true", help="name what was missed or wrong")
    asked = parser.parse_args()
    played = [
        play(seed, asked.faults, asked.lookalikes)
        for seed in range(asked.first, asked.first + asked.seeds)
    ]
    result = score(played)
    if asked.notes:
        sys.stdout.write(notes(result) + "\n")
        for one in played:
            for night, sentence in one.sentences.items():
                sys.stdout.write(f"seed {one.seed}, night {night}: {sentence}\n")
    sys.stdout.write(table(result, asked.seeds) + "\n")
    return int(not is_good_enough(result))


if __name__ == "__main__":
    sys.exit(main())
