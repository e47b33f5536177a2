"""From a step's figures to what Dagster shows: numbers, texts and tables."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from ps_integration.workflows.night import CheckResult, StepResult

_ROWS_MAX = 50
_LINE_LENGTH = 100

Metadata = Mapping[str, dg.MetadataValue[Any]]


def of_step(result: StepResult) -> Metadata:
    """Row count first, then the step's own figures; empty ones are left out."""
    return {"dagster/row_count": dg.MetadataValue.int(result.row_count), **shown(result.metadata)}


def of_check(check: CheckResult) -> dg.AssetCheckResult:
    """The check as Dagster records it."""
    is_error = check.severity == "error"
    return dg.AssetCheckResult(
        check_name=check.name,
        passed=check.passed,
        severity=dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN,
        description=check.description,
        metadata=shown(check.metadata),
    )


def shown(values: Mapping[str, object]) -> Metadata:
    """Every figure as the kind of metadata that reads best; alike groups as one table."""
    groups = [value for value in values.values() if isinstance(value, Mapping)]
    if len(groups) == len(values) and groups and all(set(one) == set(groups[0]) for one in groups):
        rows = [{"name": name.replace("_", " "), **_row(value)} for name, value in values.items()]
        return {"figures": _table(rows)}
    return {
        name.replace("_", " "): _value(value)
        for name, value in values.items()
        if not _is_empty(value)
    }


def _row(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str | Sequence | Mapping) and not value)


def _value(value: object) -> dg.MetadataValue[Any]:
    if isinstance(value, Mapping):
        return _mapping(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _list(value)
    return _scalar(value)


def _scalar(value: object) -> dg.MetadataValue[Any]:
    if isinstance(value, bool):
        return dg.MetadataValue.bool(value)
    if isinstance(value, int):
        return dg.MetadataValue.int(value)
    if isinstance(value, float):
        return dg.MetadataValue.float(value)
    text = str(value)
    if text.endswith((".html", ".xlsx", ".pdf")) and "\n" not in text:
        return dg.MetadataValue.path(str(Path(text).resolve()))
    return dg.MetadataValue.text(text)


def _mapping(value: Mapping[Any, object]) -> dg.MetadataValue[Any]:
    """Amounts by currency in one line; anything else as a table."""
    if line := _amounts(value):
        return dg.MetadataValue.text(line)
    return _table([{"name": str(name), "value": item} for name, item in value.items()])


def _amounts(value: Mapping[Any, object]) -> str:
    texts = [item for name, item in value.items() if str(item).endswith(f" {name}")]
    return ", ".join(map(str, texts)) if len(texts) == len(value) else ""


def _list(value: Sequence[object]) -> dg.MetadataValue[Any]:
    rows = [item for item in value if isinstance(item, Mapping)]
    if len(rows) == len(value):
        return _table(rows)
    if len(value) == 1 or sum(len(str(item)) for item in value) <= _LINE_LENGTH:
        return dg.MetadataValue.text(", ".join(str(item) for item in value))
    return dg.MetadataValue.md("\n".join(f"- {item}" for item in value[:_ROWS_MAX]))


def _table(rows: Sequence[Mapping[Any, object]]) -> dg.MetadataValue[Any]:
    names = list(dict.fromkeys(str(name) for row in rows for name in row))
    records = [
        dg.TableRecord({name.replace("_", " "): _flat(row.get(name)) for name in names})
        for row in rows[:_ROWS_MAX]
    ]
    schema = dg.TableSchema(
        columns=[dg.TableColumn(name.replace("_", " "), _kind(rows, name)) for name in names]
    )
    return dg.MetadataValue.table(records, schema=schema)


def _kind(rows: Sequence[Mapping[Any, object]], name: str) -> str:
    kinds = {type(row.get(name)) for row in rows} - {type(None)}
    return "bool" if kinds == {bool} else "int" if kinds == {int} else "string"


def _flat(value: object) -> str | int | bool:
    if isinstance(value, bool | int):
        return value
    if isinstance(value, Mapping):
        return _amounts(value) or ", ".join(
            f"{name}: {_flat(item)}" for name, item in value.items()
        )
    return "" if value is None else str(value)
