"""Columns that several tables of the business report have."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from ps_integration.reports.columns import Column

ENTITY: Final[Column[Any]] = Column("Legal entity", 13, "text", lambda x: x.legal_entity)
MONTH: Final[Column[Any]] = Column("Month", 9, "text", lambda x: x.period)
_SIX: Final = Decimal("0.000001")


def share(title: str, part: Callable[[Any], int], whole: Callable[[Any], int]) -> Column[Any]:
    """A column of part divided by whole, nothing where the whole is none."""

    def value(line: object) -> Decimal | None:
        divisor = whole(line)
        if divisor <= 0:
            return None
        return (Decimal(part(line)) / divisor).quantize(_SIX, ROUND_HALF_UP)

    return Column(title, 10, "share", value)
