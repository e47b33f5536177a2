"""The contract of what a rule finds: one row per break, values as text, money in minor units."""

from typing import Final

import pandas as pd
import pandera.pandas as pa
from pyarrow import ChunkedArray, Table, chunked_array, int64, nulls, string, types
from pyarrow import table as columns_of

from ps_integration.domain.breaks import BLOCKED_KINDS, CAUSES

VERSION: Final = "3"
_TEXT: Final = string()
_WHOLE: Final = int64()
_FILLED: Final = pa.Check(lambda values: values.str.strip() != "", name="is_not_blank")
_SHORT: Final = pa.Check.str_length(max_value=255)  # the store's key column


def _text(*checks: pa.Check, nullable: bool = True) -> pa.Column:
    return pa.Column(pd.ArrowDtype(_TEXT), checks=list(checks), nullable=nullable)


def _whole() -> pa.Column:
    return pa.Column(pd.ArrowDtype(_WHOLE), nullable=True)


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
        "difference_seconds": _whole(),
        "difference_minor": _whole(),
        "at_risk_minor": _whole(),
        "currency": _text(pa.Check.str_matches(r"^[A-Z]{3}$")),
        "cause": _text(pa.Check.isin(sorted(CAUSES)), nullable=False),
        "detail": _text(_FILLED, nullable=False),
        "blocked_kind": _text(pa.Check.isin(BLOCKED_KINDS)),
        "blocked_id": _text(),
    },
    checks=pa.Check(
        lambda rows: (
            rows["currency"].notna()
            | (rows["difference_minor"].isna() & rows["at_risk_minor"].isna())
        ),
        name="money_has_a_currency",
    ),
    strict=True,
    ordered=True,
    coerce=False,
    unique=["record_key", "period"],
)
COLUMNS: Final = tuple(FOUND.columns)


def mistakes(found: Table) -> str:
    """What breaks the contract, as short text; empty when nothing does.

    Args:
        found: The columns of `COLUMNS`, in that order.
    """
    columns = [_typed(found.column(name), FOUND.columns[name].dtype.type) for name in COLUMNS]
    frame = columns_of(columns, names=COLUMNS).to_pandas(types_mapper=pd.ArrowDtype)
    try:
        FOUND.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases.head(3).itertuples()
        return "; ".join(f"{c.column}={c.failure_case!r} breaks {c.check}" for c in cases)
    return ""


def _typed(column: ChunkedArray, declared: pd.ArrowDtype) -> ChunkedArray:
    """A column without a value has any type in SQL, and a whole number one of several widths."""
    wanted = declared.pyarrow_dtype
    if column.null_count == len(column):
        return chunked_array([nulls(len(column), wanted)])
    if wanted == _WHOLE and (
        types.is_integer(column.type) or (types.is_decimal(column.type) and column.type.scale == 0)
    ):
        return column.cast(wanted)
    return column
