"""The contract of what a rule finds: one row per break, values as text, money in minor units."""

from collections.abc import Sequence
from typing import Final

import pandas as pd
import pandera.pandas as pa

from ps_integration.domain.breaks import BLOCKED_KINDS, CAUSES
from ps_integration.domain.ports import Row

VERSION: Final = "1"
_TEXT = pa.Check(lambda value: isinstance(value, str), element_wise=True, name="is_text")
_FILLED = pa.Check(lambda value: bool(value.strip()), element_wise=True, name="is_not_blank")
_WHOLE = pa.Check(lambda value: type(value) is int, element_wise=True, name="is_whole_number")
_SHORT = pa.Check(lambda value: len(value) <= 255, element_wise=True, name="fits_255")  # noqa: PLR2004 - the store's key column


def _text(*checks: pa.Check, nullable: bool = True) -> pa.Column:
    return pa.Column(object, checks=[_TEXT, *checks], nullable=nullable)


FOUND: Final = pa.DataFrameSchema(
    {
        "record_key": _text(_FILLED, _SHORT, nullable=False),
        "period": _text(pa.Check.str_matches(r"^(\d{4}-\d{2}|unassigned)?$"), nullable=False),
        "legal_entity": _text(),
        "project_id": _text(),
        "customer_key": _text(),
        "entry_id": _text(),
        "left_system": _text(),
        "left_id": _text(),
        "left_value": _text(),
        "right_system": _text(),
        "right_id": _text(),
        "right_value": _text(),
        "difference_seconds": pa.Column(object, checks=_WHOLE, nullable=True),
        "difference_minor": pa.Column(object, checks=_WHOLE, nullable=True),
        "at_risk_minor": pa.Column(object, checks=_WHOLE, nullable=True),
        "currency": _text(pa.Check.str_matches(r"^[A-Z]{3}$")),
        "cause": _text(pa.Check.isin(sorted(CAUSES)), nullable=False),
        "detail": _text(_FILLED, nullable=False),
        "blocked_kind": _text(pa.Check.isin(BLOCKED_KINDS)),
        "blocked_id": _text(),
    },
    strict=True,
    ordered=True,
    coerce=False,
    unique=["record_key", "period"],
)
COLUMNS: Final = tuple(FOUND.columns)


def mistakes(rows: Sequence[Row]) -> str:
    """What breaks the contract, as short text; empty when nothing does."""
    if not rows:
        return ""
    frame = pd.DataFrame(
        {name: pd.Series([row[name] for row in rows], dtype=object) for name in rows[0]}
    )
    try:
        FOUND.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases.head(3).itertuples()
        return "; ".join(f"{c.column}={c.failure_case!r} breaks {c.check}" for c in cases)
    return ""
