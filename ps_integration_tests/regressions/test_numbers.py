"""Numbers of files are read in the form that the firm declares, and in no other."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from ps_integration_tests.regressions.firm import Firm


@pytest.mark.case(
    "a price cell 1.250 under a declared decimal comma is not read as 1.25",
    kind="number forms",
    places=(
        "connectors/vendors/files/mapping.py",
        "connectors/vendors/files/__init__.py",
        "connectors/fields.py",
    ),
)
def test_a_thousands_point_is_refused_by_name_until_grouping_is_declared(northlight: Firm) -> None:
    northlight.edit(
        "firm.yaml", 'max_amount_per_batch: {GBP: "5000"}', 'max_amount_per_batch: {GBP: "20000"}'
    )
    northlight.edit("drops/rates.csv", "120,50", "1.250")
    northlight.night("2026-03-31")
    northlight.sign()
    told = northlight.night("2026-04-01")
    assert Decimal("9.38") not in [line["netAmount"] for line in _lines(northlight)], (
        "7.5 hours at 1,250.00 were billed as 9.38"
    )
    assert told["quarantined"] >= 1
    northlight.edit(
        "firm.yaml", '{column: Price, decimal: ","}', '{column: Price, decimal: ",", grouping: "."}'
    )
    northlight.run("config", "accept", who="olga")
    northlight.night("2026-04-02")
    assert Decimal("9375.00") in [line["netAmount"] for line in _lines(northlight)]


def _lines(firm: Firm) -> list[Mapping[str, Any]]:
    return [
        line
        for one in firm.bc("salesInvoices")
        for line in firm.bc(f"salesInvoices({one['id']})/salesInvoiceLines")
    ]
