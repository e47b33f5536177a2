"""The ERP of these firms: Business Central with a project and a customer for every cell."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from ps_integration_tests.identity.grid import Cell, View
from ps_integration_tests.regressions.firm import COMPANY

Record = tuple[str, str, str, dict[str, Any]]
"""System, collection, id and what stands there."""
_DIMENSION: Final = "22222222-2222-2222-2222-222222222222"


def records(cells: Sequence[Cell], view: View) -> Iterator[Record]:
    """What Business Central has of the cells."""
    for cell in cells:
        for side in view.sides("customer", cell):
            yield _record("customers", f"k{cell.number}{side}",
                number=view.key("customer", cell, side), type="Company", currencyCode="GBP",
                displayName=view.name("customer", cell, side), blocked=" ")  # fmt: skip
        for side in view.sides("project", cell):
            key, own = view.key("project", cell, side), f"{cell.number}{side}"
            name = view.name("project", cell, side)
            customer = view.key("customer", cell, view.side("customer", cell))
            yield _record("projects", f"j{own}", number=key, displayName=name)
            yield _record("dimensionValues", f"v{own}", code=key, dimensionId=_DIMENSION,
                displayName=name)  # fmt: skip
            yield _record("projectBillings", f"b{own}", projectNumber=key,
                customerNumber=customer, currencyCode="GBP", status="Open", taxCode="STANDARD",
                revenueAccountNumber="4000", costCentreCode="CC-1", billingRule="MONTHLY",
                purchaseOrderNumber=f"PO-{own}")  # fmt: skip


def _record(collection: str, key: str, **values: Any) -> Record:
    return "books", f"{COMPANY}/{collection}", key, {"id": key, **values}
