"""A chunk of rows meets its contract: which rows are good, and every problem of the others."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa

from ps_integration.contracts.columns import until
from ps_integration.contracts.registry import CONTRACTS
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
REMEDIES: Final = {
    "required": "Fill this field in the source system.",
    "known_value": "Use one of the values this field may have, or map the vendor's value.",
    "text_length": "Shorten the text in the source system; ids must not be empty.",
    "no_control_characters": "Remove invisible control characters in the source system.",
    "format": "Correct the format in the source system.",
    "not_below_limit": "Correct the value in the source system: it is below what is plausible.",
    "not_above_limit": "Correct the value in the source system: it is above what is plausible.",
    "type": "The connector read another type than the contract declares; check its mapping.",
    "value_fits_type": "The value has more digits than the contract keeps, or is not finite.",
    "unknown_column": "The connector filled a column the contract does not know; correct it.",
    "has_a_day": "Give the entry a date, or a start time, in the source system.",
    "cap_has_currency": "Give the project a currency.",
    "amount_has_currency": "Give the amount a currency.",
    "ends_after_it_starts": "Correct the dates: the end lies before the start.",
}
"""What a person does about each rule a record can break."""


@lru_cache(maxsize=256)
def schema_on(name: str, as_of_date: date) -> pandera.DataFrameSchema:
    """The contract with the upper ends of its windows for a run on that date."""
    schema = CONTRACTS[name].model.to_schema()
    for column in schema.columns.values():
        days_ahead = (column.metadata or {}).get("days_ahead")
        if days_ahead is None:
            continue
        limit = as_of_date + timedelta(days=days_ahead)
        is_instant = pa.types.is_timestamp(column.dtype.type.pyarrow_dtype)
        column.checks.append(
            until(datetime.combine(limit, time.max, UTC) if is_instant else limit)
        )
    return schema


def validate(name: str, table: pa.Table, as_of_date: date) -> tuple[Mask, list[RowProblem]]:
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
    except pandera.errors.SchemaErrors as errors:
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
