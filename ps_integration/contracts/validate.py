"""A chunk of rows meets its contract: which rows are good, and every problem of the others."""

from collections.abc import Iterable
from copy import deepcopy
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pa
from pyarrow import Table, types

from ps_integration.contracts.columns import until
from ps_integration.contracts.registry import CONTRACTS
from ps_integration.contracts.remedies import REMEDIES
from ps_integration.contracts.typed import RowProblem
from ps_integration.domain.records import FieldProblem

Mask = npt.NDArray[np.bool_]

_RULES: Final = {
    "not_nullable": "required",
    "isin": "known_value",
    "str_length": "text_length",
    "str_matches": "format",
    "greater_than_or_equal_to": "not_below_limit",
    "less_than_or_equal_to": "not_above_limit",
}


@lru_cache(maxsize=256)
def schema_on(name: str, as_of_date: date) -> pa.DataFrameSchema:
    """The contract with the upper ends of its windows for a run on that date."""
    schema = deepcopy(CONTRACTS[name].model.to_schema())  # pandera hands out one for all dates
    for column in schema.columns.values():
        days_ahead = (column.metadata or {}).get("days_ahead")
        if days_ahead is None:
            continue
        limit = as_of_date + timedelta(days=days_ahead)
        is_instant = types.is_timestamp(column.dtype.type.pyarrow_dtype)
        column.checks.append(until(datetime.combine(limit, time.max, UTC) if is_instant else limit))
    return schema


def validate(name: str, table: Table, as_of_date: date) -> tuple[Mask, list[RowProblem]]:
    """Hold a chunk against the contract of that name, lazily: every failure is reported.

    Args:
        name: A key of `registry.CONTRACTS`.
        table: Columns as `typed.arrow_table` builds them.
        as_of_date: The run's date; windows of plausible dates end relative to it.

    Returns:
        A mask of the rows that are good, and the problems of the others with field, value,
        rule and remedy.
    """
    good = np.ones(table.num_rows, dtype=np.bool_)
    if table.num_rows == 0:
        return good, []
    frame = table.to_pandas(types_mapper=pd.ArrowDtype)
    try:
        schema_on(name, as_of_date).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        problems = list(_problems(name, errors.failure_cases, frame))
        good[[found.row for found in problems]] = False
        return good, problems
    return good, []


def _problems(name: str, failures: pd.DataFrame, frame: pd.DataFrame) -> Iterable[RowProblem]:
    if failures["index"].isna().any():
        raise TypeError(f"contract {name}: {failures['check'].iloc[0]} is about no single row")
    contract = CONTRACTS[name]
    seen: set[tuple[int, str, str]] = set()
    for check, column, index in zip(
        failures["check"], failures["column"], failures["index"], strict=True
    ):
        word = str(check).split("(", maxsplit=1)[0]
        field = contract.fields.get(word, str(column))
        rule = _RULES.get(word, word)
        if (int(index), field, rule) in seen:
            continue
        seen.add((int(index), field, rule))
        value = frame[field].iloc[int(index)]
        remedy = REMEDIES[rule]
        shown = "" if pd.isna(value) else str(value)
        yield RowProblem(int(index), FieldProblem(field, shown, rule, remedy))
