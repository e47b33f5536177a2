"""Raw payloads of one stream become rows of canonical tables; what cannot is named."""

import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from ps_integration.connectors.parse import strict_json
from ps_integration.connectors.protocol import Connector, Stream
from ps_integration.connectors.rows import keyed
from ps_integration.contracts.registry import CONTRACTS
from ps_integration.contracts.typed import RowProblem, arrow_table
from ps_integration.contracts.validate import validate
from ps_integration.domain.records import (
    CanonicalRow,
    FieldProblem,
    Json,
    RecordRefusedError,
)
from ps_integration.errors import BadAnswerError
from ps_integration.settings.firm import System
from ps_integration.workflows.shapes import SAMPLE_MAX, Shapes

MAPPING_ERRORS: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
_REMEDY: Final = "The record lacks or changed a field its mapping needs; compare it with the docs."


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one record; `record` is its position in the chunk."""

    record: int
    object: str
    problem: FieldProblem


@dataclass(slots=True)
class Chunk:
    """A batch of raw records on its way.

    Attributes:
        record_ids: Of every record of the batch.
        raw_seqs: Of the same records.
        rows: Rows by canonical table.
        owners: For each of those rows, the position of its record.
        problems: Everything found wrong.
    """

    record_ids: list[str]
    raw_seqs: list[int]
    rows: dict[str, list[CanonicalRow]] = field(default_factory=lambda: defaultdict(list))
    owners: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    problems: list[Problem] = field(default_factory=list)


def map_batch(
    connector: Connector, stream: Stream, batch: pa.RecordBatch, shapes: Shapes, noted_to: int
) -> Chunk:
    """Parse every payload of a batch and let the connector map it; one bad record stops none.

    Args:
        connector: Of the system the batch came from.
        stream: The stream the batch belongs to.
        batch: Columns record_id, raw_seq, payload, is_tombstone, flaw.
        shapes: Where the shape of new records is noted.
        noted_to: Records up to this raw_seq have been noted on an earlier night.
    """
    columns = batch.to_pydict()
    chunk = Chunk(columns["record_id"], columns["raw_seq"])
    for index, text in enumerate(columns["payload"]):
        if columns["is_tombstone"][index]:
            continue
        if flaw := columns["flaw"][index]:
            found = FieldProblem(**json.loads(flaw))
            chunk.problems.append(Problem(index, _object(stream), found))
            continue
        payload, rows, problem = _map_one(connector, stream, text)
        is_new = chunk.raw_seqs[index] > noted_to
        if is_new and payload is not None and (problem or shapes.records < SAMPLE_MAX):
            shapes.look(payload)
        if problem:
            chunk.problems.append(Problem(index, _object(stream), problem))
        for row in rows:
            chunk.rows[row.table].append(row)
            chunk.owners[row.table].append(index)
    return chunk


def _object(stream: Stream) -> str:
    """What a record that could not be mapped is named after; it may have become something else."""
    return stream.feeds[0] if stream.feeds else ""


def _map_one(
    connector: Connector, stream: Stream, text: str
) -> tuple[Json, Sequence[CanonicalRow], FieldProblem | None]:
    try:
        payload = strict_json(text)
    except BadAnswerError as error:
        return None, (), FieldProblem("payload", text, "readable_json", str(error))
    if not isinstance(payload, dict):
        return payload, (), FieldProblem("payload", text, "json_object", _REMEDY)
    try:
        return payload, [keyed(row) for row in connector.parse(stream.name, payload)], None
    except RecordRefusedError as error:
        return payload, (), error.problem
    except MAPPING_ERRORS as error:
        shown = f"{type(error).__name__}: {error}"
        name = str(error.args[0]) if isinstance(error, KeyError) and error.args else ""
        return payload, (), FieldProblem(name, shown, "mapping_understands_record", _REMEDY)


def hold_against_contracts(
    chunk: Chunk, as_of_date: date
) -> tuple[dict[str, tuple[pa.Table, list[int]]], list[Problem]]:
    """Validate the chunk's rows table by table; a record is accepted or refused whole.

    Returns:
        Per table the good rows with the position of each row's record, and all problems of the
        chunk's records, those of mapping included.
    """
    problems = list(chunk.problems)
    tables: dict[str, pa.Table] = {}
    for name, rows in chunk.rows.items():
        table, typing = arrow_table(name, [row.values for row in rows])
        _, broken = validate(name, table, as_of_date)
        tables[name] = table
        owners = chunk.owners[name]
        problems += [
            Problem(owners[found.row], name, found.problem) for found in _first(typing, broken)
        ]
    is_good = np.ones(len(chunk.record_ids), dtype=np.bool_)
    is_good[[found.record for found in problems]] = False
    good: dict[str, tuple[pa.Table, list[int]]] = {}
    for name, table in tables.items():
        owners_array = np.asarray(chunk.owners[name])
        keep = is_good[owners_array]
        good[name] = (table.filter(pa.array(keep)), owners_array[keep].tolist())
    return good, problems


def _first(typing: list[RowProblem], broken: list[RowProblem]) -> list[RowProblem]:
    """A value that could not be read is reported once, not again as missing."""
    unread = {(found.row, found.problem.field) for found in typing}
    return typing + [found for found in broken if (found.row, found.problem.field) not in unread]


def mapping_hash(connector: Connector, stream: Stream, system: System | None) -> str:
    """Hash of all that decides what a payload becomes: mapping code, options, contracts."""
    module = sys.modules[type(connector).__module__].__file__
    options = system.model_dump(mode="json", include={"vendor", "options"}) if system else {}
    said = [
        connectors_source(),
        hashlib.sha256(Path(module).read_bytes()).hexdigest() if module else "",
        options,
        {name: CONTRACTS[name].version for name in sorted(stream.feeds)},
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


@cache
def connectors_source() -> str:
    """Hash of the code of all connectors."""
    digest = hashlib.sha256()
    _add(digest, files("ps_integration.connectors"))
    return digest.hexdigest()


def _add(digest: "hashlib._Hash", folder: Traversable) -> None:
    for entry in sorted(folder.iterdir(), key=lambda found: found.name):
        if entry.is_dir() and not entry.name.startswith("__"):
            _add(digest, entry)
        elif entry.name.endswith(".py"):
            digest.update(entry.name.encode() + b"\0" + entry.read_bytes())
