"""A company that a vendor does not have is null on one side and empty on the other.

`a.company = b.company` then is no match, and rows are lost without a word. Such joins say what null
means: `is not distinct from`, or `coalesce` on both sides.
"""

import re
from pathlib import Path

import ps_integration

ROOT = Path(ps_integration.__file__).parent
UNSAFE = re.compile(r"\b\w+\.(?:erp_)?company\s*=\s*\w+\.(?:erp_)?company\b")
NEVER_NULL = {
    "billing/sql/periods.sql": "both sides are of one table, which coalesces it",
    "billing/sql/rate.sql": "fx_quotes coalesces it, and routes have an empty one",
    "billing/sql/own_prices.sql": "fx_quotes coalesces it, and routes have an empty one",
    "billing/sql/ready_line_rows.sql": "a planned document has one, or it is not planned",
}
"""Files where neither side can be null, and why."""


def test_no_join_on_a_company_forgets_that_it_may_be_missing():
    found = {
        str(path.relative_to(ROOT))
        for path in sorted((*ROOT.rglob("*.sql"), *ROOT.rglob("*.py")))
        if "sandbox" not in path.parts and UNSAFE.search(path.read_text("utf-8"))
    }
    assert found == set(NEVER_NULL)
