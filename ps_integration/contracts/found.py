"""The contract of what a rule finds: one row per break, values as text, money in minor units."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

import pandas as pd
import pandera.pandas as pa
import pyarrow.compute as pc
from pyarrow import ChunkedArray, Table, array, chunked_array, int64, nulls, string, types
from pyarrow import table as columns_of

from ps_integration.domain.breaks import BLOCKED_KINDS, CAUSES

VERSION: Final = "3"
_TEXT: Final = string()
_WHOLE: Final = int64()
_FILLED: Final = pa.Check(lambda values: values.str.strip() != "", name="is_not_blank")
KEY_MAX: Final = 255
"""The store's key column."""
_SHORT: Final = pa.Check.str_length(max_value=KEY_MAX)
_DIGITS: Final = 16
_MONEY: Final = ("difference_minor", "at_risk_minor")
_NAMES: Final = (("entry", "entry_id"), ("project", "project_id"), ("customer", "customer_key"))
"""What a row that cannot be read holds, by the first of its ids that is there."""
_OF_THE_RULE: Final = frozenset({"cause", "blocked_kind"})
"""Columns that a rule's own text fills: what is wrong there is the rule's mistake."""


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


def mended(found: Table) -> Table:
    """The same rows, a key that is too long shortened and money without a currency left out.

    A shortened key ends in a hash of the whole one, so that it stays one break from night to night.
    """
    keys = _typed(found["record_key"], _TEXT)
    is_long = pc.fill_null(pc.greater(pc.utf8_length(keys), KEY_MAX), fill_value=False)
    if pc.any(is_long).as_py():
        shorter = array([_shortened(key) for key in keys.to_pylist()], _TEXT)
        found = _with(found, "record_key", shorter)
    has_currency = pc.is_valid(found["currency"])
    if not pc.all(has_currency).as_py():
        for name in _MONEY:
            column = _typed(found[name], _WHOLE)
            found = _with(found, name, pc.if_else(has_currency, column, None))
    return found


def readable(found: Table, rule: str, *, blocks: bool) -> Table:
    """The rows with each that breaks the contract replaced by one that says so and holds the same.

    Args:
        found: The columns of `COLUMNS`, in that order.
        rule: Code of the rule that found them.
        blocks: Whether it holds what it finds; then each row must name something.

    Returns:
        As many rows. One that cannot be read has the cause `unknown`, a key made of its values,
        and holds the first entry, project or customer that it names.

    Raises:
        ValueError: The rule itself is wrong, or a row names nothing that could be held.
    """
    bad = _unreadable(found)
    if not bad:
        return found
    rows = found.to_pylist()
    for at, why in bad.items():
        rows[at] = _named(rows[at], rule, why)
        if blocks and rows[at]["blocked_id"] is None:
            raise ValueError(f"a row names nothing that could be held: {why}")
    columns = {name: [row[name] for row in rows] for name in COLUMNS}
    return columns_of({name: array(columns[name], _kind(name)) for name in COLUMNS})


def _unreadable(found: Table) -> Mapping[int, str]:
    """What is wrong with rows, by their place; the first of several rows with one key is right."""
    try:
        FOUND.validate(_frame(found), lazy=True)
    except pa.errors.SchemaErrors as error:
        bad: dict[int, str] = {}
        for case in error.failure_cases.itertuples():
            if case.column in _OF_THE_RULE or pd.isna(case.index):
                raise ValueError(_said(error)) from error
            bad.setdefault(int(case.index), f"{case.column}={case.failure_case!r}")
        keys = list(zip(found["record_key"].to_pylist(), found["period"].to_pylist(), strict=True))
        firsts = {key: at for at, key in reversed(list(enumerate(keys)))}
        only_twice = set(_doubled(error)) & set(firsts.values())
        return {at: why for at, why in bad.items() if at not in only_twice}
    return {}


def _doubled(error: pa.errors.SchemaErrors) -> list[int]:
    """Places of rows that break nothing but that their key stands twice."""
    cases = error.failure_cases
    twice = cases[cases["check"].astype(str).str.contains("multiple_fields_uniqueness")]
    others = set(cases.index) - set(twice.index)
    wrong = {int(cases.loc[at, "index"]) for at in others}
    return [int(at) for at in twice["index"] if int(at) not in wrong]


def _named(row: Mapping[str, object], rule: str, why: str) -> dict[str, object]:
    kind, key = row["blocked_kind"], row["blocked_id"]
    if not (kind and key):
        kind, key = next(((kind, row[name]) for kind, name in _NAMES if row[name]), (None, None))
    currency = row["currency"] if _is_code(row["currency"]) else None
    whole = repr(sorted((name, str(value)) for name, value in row.items()))
    return {
        **row,
        "record_key": f"unreadable|{key or ''}"[: KEY_MAX - _DIGITS - 1] + "|" + _hash(whole),
        "period": row["period"] or "unassigned",
        "currency": currency,
        **{name: row[name] if currency else None for name in _MONEY},
        "cause": "unknown",
        "detail": f"{rule} found {f'{kind} {key}' if key else 'a record'} and cannot say what is "
        f"wrong with it ({why}). Put its data right.",
        "blocked_kind": kind,
        "blocked_id": key,
    }


def _is_code(text: object) -> bool:
    return isinstance(text, str) and len(text) == len("GBP") and text.isascii() and text.isupper()


def _shortened(key: str | None) -> str | None:
    if key is None or len(key) <= KEY_MAX:
        return key
    return f"{key[: KEY_MAX - _DIGITS - 1]}|{_hash(key)}"


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:_DIGITS]


def _with(found: Table, name: str, column: object) -> Table:
    return found.set_column(found.column_names.index(name), name, column)


def _frame(found: Table) -> pd.DataFrame:
    columns = [_typed(found.column(name), _kind(name)) for name in COLUMNS]
    frame: pd.DataFrame = columns_of(columns, names=COLUMNS).to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def _kind(name: str) -> object:
    return FOUND.columns[name].dtype.type.pyarrow_dtype


def _said(error: pa.errors.SchemaErrors) -> str:
    cases = error.failure_cases.head(3).itertuples()
    return "; ".join(f"{c.column}={c.failure_case!r} breaks {c.check}" for c in cases)


def _typed(column: ChunkedArray, wanted: object) -> ChunkedArray:
    """A column without a value has any type in SQL, and a whole number one of several widths."""
    if column.null_count == len(column):
        return chunked_array([nulls(len(column), wanted)])
    if wanted == _WHOLE and (
        types.is_integer(column.type) or (types.is_decimal(column.type) and column.type.scale == 0)
    ):
        return column.cast(wanted)
    return column
