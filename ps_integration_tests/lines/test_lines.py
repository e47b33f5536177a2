"""Every kind of ledger line under both equations and all link checks; `make lines` is the long run.

For each change on the second night, each on the third; whatever was posted, corrected, cancelled
in the ERP and held back by policy on the way, the ERP comes to what a hand-written count says.
"""

import sys

from ps_integration_tests.lines.grid import grid, spread, words
from ps_integration_tests.lines.played import played

CASES = 80


def test_every_word_of_every_list_is_tried():
    tried = {word for case in spread(grid(), CASES) for word in words(case)}
    assert tried == {word for case in grid() for word in words(case)}


def test_every_kind_of_line_holds_under_every_check():
    outcome = played(spread(grid(), CASES))
    sys.stdout.write(f"{outcome.lines} lines checked: {dict(outcome.kinds)}\n")
    assert outcome.problems == []
    assert outcome.compared == 3 * CASES
    assert {correction for correction, _ in outcome.kinds} == {
        *("first", "reversal", "rebill", "delta"),
    }
