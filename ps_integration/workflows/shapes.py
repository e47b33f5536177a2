"""The shape of a stream's records: which field paths they have, and of which JSON type."""

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from ps_integration.domain.ports import Queries, Row
from ps_integration.domain.records import Json
from ps_integration.workflows.night import Night

SAMPLE_MAX: Final = 2_000
"""Records looked at per stream and night; those that failed are looked at beside them."""
PATHS_MAX: Final = 2_000
DEPTH_MAX: Final = 16
_ID_KEY: Final = re.compile(r"\d+|(?=.*\d)[0-9a-fA-F]{8,}|[0-9a-fA-F-]{36}")
_TYPES: Final[dict[type, str]] = {
    str: "string",
    bool: "boolean",
    int: "number",
    Decimal: "number",
    type(None): "null",
    dict: "object",
    list: "array",
}


class Shapes:
    """Counts, over the records of one stream, in how many each (path, type) occurs."""

    def __init__(self) -> None:
        self.records = 0
        self.seen: Counter[tuple[str, str]] = Counter()

    def look(self, payload: Json) -> None:
        """Note one record."""
        self.records += 1
        paths = set(_paths(payload, "", 0))
        new = paths - self.seen.keys() if len(self.seen) + len(paths) > PATHS_MAX else set()
        self.seen.update(paths - new)


def _paths(value: object, path: str, depth: int) -> Iterator[tuple[str, str]]:
    typed = value.get("__class__") if isinstance(value, dict) else None
    if path:
        yield path, typed[:40] if isinstance(typed, str) else _TYPES.get(type(value), "unknown")
    if depth == DEPTH_MAX or isinstance(typed, str):  # a date or decimal written as an object
        return
    if isinstance(value, dict):
        for key, child in value.items():
            name = "*" if _ID_KEY.fullmatch(key) else key[:100]
            yield from _paths(child, f"{path}.{name}" if path else name, depth + 1)
    elif isinstance(value, list):
        for child in value:
            yield from _paths(child, f"{path}[]", depth + 1)


def save(night: Night, warehouse: Queries, system: str, stream: str, shapes: Shapes) -> None:
    """Add what tonight's records showed to what the stream has ever shown."""
    if not shapes.records:
        return
    where = {"system": system, "stream": stream}
    known = {
        (row["path"], row["json_type"]): row
        for row in warehouse.rows(
            "select * from raw.shapes where system = $system and stream = $stream", where
        )
    }
    for key, count in shapes.seen.items():
        row: Row = known.get(key) or {
            **where,
            "path": key[0],
            "json_type": key[1],
            "first_seen_at": night.as_of,
            "records_seen": 0,
        }
        known[key] = row | {
            "last_seen_at": night.as_of,
            "run_id": night.run_id,
            "records_seen": int(str(row["records_seen"] or 0)) + count,
        }
    warehouse.execute("delete from raw.shapes where system = $system and stream = $stream", where)
    warehouse.insert("raw.shapes", list(known.values()))
    warehouse.insert(
        "raw.shape_runs",
        [where | {"run_id": night.run_id, "seen_at": night.as_of, "records": shapes.records}],
    )
