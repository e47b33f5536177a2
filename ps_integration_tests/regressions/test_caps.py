"""What a project may cost at most is not passed by corrections."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from ps_integration_tests.regressions.firm import Firm

GROWN = ("1001,P-17,NL-1,Design,7.5", "1001,P-17,NL-1,Design,10")
CAPS = (
    "billing/sql/caps.sql",
    "billing/sql/standing.sql",
    "billing/sql/dispositions.sql",
    "billing/sql/correction_cells.sql",
    "billing/sql/own_prices.sql",
)


def capped(firm: Firm, cap: str) -> None:
    """Give every project a cap; two persons accept it."""
    firm.edit(
        "firm.yaml",
        "customer_key: {const:",
        f'cap_minor: {{const: "{cap}"}}\n            customer_key: {{const:',
    )
    firm.run("config", "accept", who="olga")


def caps_open(firm: Firm) -> Sequence[Any]:
    """The breaks about caps that are open."""
    return [one for one in firm.said("breaks", "list")["breaks"] if one["rule"] == "TM15"]


@pytest.mark.case(
    "an edit that grows posted work stays under the project's cap", kind="caps", places=CAPS
)
def test_growth_of_posted_work_is_deferred_above_the_cap(posted: Firm) -> None:
    capped(posted, "1000.00")
    posted.edit("drops/hours-2026-03.csv", *GROWN)
    posted.night("2026-04-02")
    posted.approve()  # so much is taken back that a person decides
    posted.night("2026-04-03")
    posted.approve()
    assert posted.billed() <= Decimal("1000.00")
    assert posted.billed() == Decimal("1000.00")
    posted.night("2026-04-04")
    assert posted.billed() == Decimal("1000.00")
    [found] = caps_open(posted)
    assert (found["at_risk_minor"], found["state"]) == (23513, "open")


@pytest.mark.case(
    "a cap of 1,000.00 at 130.00 an hour bills 1,000.00 and not 999.99", kind="caps", places=CAPS
)
def test_a_cap_is_billed_to_the_cent(northlight: Firm) -> None:
    capped(northlight, "1000.00")
    northlight.edit("drops/rates.csv", "NL-1;120,50", "NL-1;130,00")
    northlight.edit(
        "drops/hours-2026-03.csv", "1001,P-17,NL-1,Design,7.5", "1001,P-17,NL-1,Design,8"
    )
    northlight.night("2026-03-31")
    northlight.sign()
    northlight.night("2026-04-01")
    assert northlight.billed() == Decimal("1000.00")
    [found] = caps_open(northlight)
    assert found["at_risk_minor"] == 7250  # 40.00 of the eight hours, and a quarter of an hour
