"""From Python rows to Arrow columns of the contract's types; what does not fit is named."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

import pyarrow as pa

from ps_integration.contracts.registry import CONTRACTS
from ps_integration.domain.records import FieldProblem

_NONE: Final = type(None)


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A problem of one row of a chunk, by its position."""

    row: int
    problem: FieldProblem


@lru_cache(maxsize=64)
def arrow_schema(name: str) -> pa.Schema:
    """The Arrow schema the contract of that name declares, in its order of columns."""
    columns = CONTRACTS[name].model.to_schema().columns
    return pa.schema(
        [pa.field(key, column.dtype.type.pyarrow_dtype) for key, column in columns.items()]
    )


def python_type(declared: pa.DataType) -> type:
    """The one Python type whose values belong in a column of that Arrow type."""
    tests: tuple[tuple[Callable[[pa.DataType], bool], type], ...] = (
        (pa.types.is_string, str),
        (pa.types.is_boolean, bool),
        (pa.types.is_integer, int),
        (pa.types.is_date, date),
        (pa.types.is_timestamp, datetime),
        (pa.types.is_decimal, Decimal),
    )
    return next(kind for test, kind in tests if test(declared))


def arrow_table(
    name: str, rows: Sequence[Mapping[str, object]]
) -> tuple[pa.Table, list[RowProblem]]:
    """Build the columns of one canonical object from rows.

    A value of another Python type, or one that its declared precision cannot hold, becomes null
    and a problem of its row; so does a column the contract does not know. A missing column is
    null.

    Returns:
        The table, one row per input row, and the problems found.
    """
    schema = arrow_schema(name)
    problems = _unknown_columns(rows, frozenset(schema.names))
    arrays = []
    for declared in schema:
        values = [row.get(declared.name) for row in rows]
        array = _whole_column(values, declared.type)
        if array is None:
            array, bad = _value_by_value(values, declared)
            problems += bad
        arrays.append(array)
    return pa.table(arrays, schema=schema), problems


def _unknown_columns(
    rows: Sequence[Mapping[str, object]], known: frozenset[str]
) -> list[RowProblem]:
    return [
        RowProblem(index, FieldProblem(key, str(row[key]), "unknown_column"))
        for index, row in enumerate(rows)
        if not row.keys() <= known
        for key in sorted(row.keys() - known)
    ]


def _whole_column(values: list[object], declared: pa.DataType) -> pa.Array | None:
    kind = python_type(declared)
    if not set(map(type, values)) <= {kind, _NONE}:
        return None
    if kind is datetime and any(_is_naive(value) for value in values):
        return None
    try:
        return pa.array(values, declared)
    except (pa.ArrowException, ValueError, OverflowError):
        return None


def _is_naive(value: object) -> bool:
    return isinstance(value, datetime) and value.tzinfo is None


def _value_by_value(values: list[object], declared: pa.Field) -> tuple[pa.Array, list[RowProblem]]:
    kind = python_type(declared.type)
    good: list[object] = []
    problems: list[RowProblem] = []
    for row, value in enumerate(values):
        fits = type(value) in {kind, _NONE} and _whole_column([value], declared.type) is not None
        good.append(value if fits else None)
        if not fits:
            rule = "value_fits_type" if type(value) is kind else "type"
            problems.append(RowProblem(row, FieldProblem(declared.name, _shown(value), rule)))
    return pa.array(good, declared.type), problems


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else f"{value} ({type(value).__name__})"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
