"""One stream of one system becomes canonical, in one transaction."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from ps_integration.connectors.protocol import Connector, Stream
from ps_integration.contracts.registry import CANONICAL
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows import last_known, quarantine, shapes
from ps_integration.workflows.duplicates import quarantine_duplicates
from ps_integration.workflows.mapping import (
    Chunk,
    hold_against_contracts,
    map_batch,
    mapping_hash,
)
from ps_integration.workflows.night import Night
from ps_integration.workflows.profiles import note_profiles

CHUNK_ROWS: Final = 20_000
# The newest raw record of everything that changed, and of what another record may have healed.
_CHANGED: Final = f"""
    select record_id, max(raw_seq) as raw_seq
    from raw.records
    where system = $system and stream = $stream
    group by record_id
    having max(raw_seq) > $since or record_id in (
        select qr.record_id from quarantine.records as qr
        where qr.system = $system and qr.stream = $stream and qr.rule in {quarantine.RETRIED}
    )
"""


@dataclass(frozen=True, slots=True)
class Source:
    """One stream to be conformed: who reads it and how far it came before.

    Attributes:
        connector: Of the system.
        stream: The stream.
        since: Everything up to this raw_seq is conformed with the mapping of today; 0 = nothing.
        noted_to: Everything up to this raw_seq has had its shape noted.
        mapping: Hash of the mapping of today.
    """

    connector: Connector
    stream: Stream
    since: int
    noted_to: int
    mapping: str

    @property
    def where(self) -> Mapping[str, object]:
        """Parameters that name the stream."""
        return {"system": self.connector.system, "stream": self.stream.name}


def source_of(night: Night, warehouse: Warehouse, connector: Connector, stream: Stream) -> Source:
    """How far this stream came; from the start again when its mapping is another one."""
    system = next((one for one in night.firm.systems if one.id == connector.system), None)
    mapping = mapping_hash(connector, stream, system)
    found = warehouse.rows(
        "select raw_seq, mapping_hash from canonical.conformed"
        " where system = $system and stream = $stream",
        {"system": connector.system, "stream": stream.name},
    )
    noted_to = int(str(found[0]["raw_seq"])) if found else 0
    since = noted_to if found and found[0]["mapping_hash"] == mapping else 0
    return Source(connector, stream, since, noted_to, mapping)


def conform_stream(night: Night, warehouse: Warehouse, source: Source) -> int:
    """Conform what changed in one stream since it was conformed last.

    Returns:
        The number of raw records read.
    """
    with warehouse.transaction():
        warehouse.execute(
            f"create or replace temp table changed as {_CHANGED}",
            {**source.where, "since": source.since},
        )
        count = int(str(warehouse.value("select count(*) from changed")))
        if count:
            note_profiles(warehouse, source.connector, source.stream, source.since)
            _replace_changed(night, warehouse, source)
        if count or not source.since:
            _mark_conformed(warehouse, source)
    return count


def _replace_changed(night: Night, warehouse: Warehouse, source: Source) -> None:
    for canonical in CANONICAL:
        warehouse.execute(
            f"delete from canonical.{canonical} where system = $system and stream = $stream"
            " and record_id in (select record_id from changed)",
            source.where,
        )
    warehouse.execute(
        "delete from quarantine.told where system = $system and stream = $stream"
        " and record_id in (select record_id from changed)",
        source.where,
    )
    quarantine.open_stage(warehouse)
    seen = shapes.Shapes()
    fed: set[str] = set()
    for batch in _changed_payloads(warehouse, source):
        chunk = map_batch(source.connector, source.stream, batch, seen, source.noted_to)
        good, problems = hold_against_contracts(chunk, night.as_of_date)
        for table, (rows, owners) in good.items():
            warehouse.insert_arrow(f"canonical.{table}", _with_origin(source, chunk, rows, owners))
            fed.add(table)
        quarantine.stage_problems(warehouse, chunk.record_ids, chunk.raw_seqs, problems)
    quarantine.settle(night, warehouse, source.connector.system, source.stream.name)
    for table in sorted(fed):
        quarantine_duplicates(night, warehouse, source.where, table)
    _let_stand(night, warehouse, source)
    last_known.note_without_rows(warehouse, source.stream, source.where)
    shapes.save(night, warehouse, source.connector.system, source.stream.name, seen)


def _let_stand(night: Night, warehouse: Warehouse, source: Source) -> None:
    """Put back what records now in quarantine last said in a form that can be read."""
    unread = set(last_known.unread(warehouse, source.stream, source.where))
    ignored = shapes.Shapes()
    for batch in last_known.earlier_payloads(warehouse, source.where) if unread else ():
        chunk = map_batch(source.connector, source.stream, batch, ignored, sys.maxsize)
        good, problems = hold_against_contracts(chunk, night.as_of_date)
        chosen = last_known.newest_good(chunk, problems, unread)
        unread -= {chunk.record_ids[place] for place in chosen}
        for table, (rows, owners) in last_known.evidence(good, chosen).items():
            placed = _with_origin(source, chunk, rows, owners)
            last_known.insert(warehouse, table, placed, source.where)


def _changed_payloads(warehouse: Warehouse, source: Source) -> Iterator[pa.RecordBatch]:
    return warehouse.batches(
        f"""
        select record_id, raw_seq, payload, is_tombstone, flaw
        from raw.records
        where system = $system and stream = $stream
            and raw_seq in (select ch.raw_seq from ({_CHANGED}) as ch)
        """,
        {**source.where, "since": source.since},
        CHUNK_ROWS,
    )


def _with_origin(source: Source, chunk: Chunk, rows: pa.Table, owners: list[int]) -> pa.Table:
    size = rows.num_rows
    origin = {
        "system": pa.array([source.connector.system] * size, pa.string()),
        "stream": pa.array([source.stream.name] * size, pa.string()),
        "record_id": pa.array([chunk.record_ids[owner] for owner in owners], pa.string()),
        "raw_seq": pa.array([chunk.raw_seqs[owner] for owner in owners], pa.int64()),
    }
    for name, column in origin.items():
        rows = rows.append_column(name, column)
    return rows


def _mark_conformed(warehouse: Warehouse, source: Source) -> None:
    warehouse.execute(
        "delete from canonical.conformed where system = $system and stream = $stream",
        source.where,
    )
    warehouse.execute(
        """
        insert into canonical.conformed
        select $system, $stream, coalesce(max(raw_seq), 0), $mapping
        from raw.records where system = $system and stream = $stream
        """,
        {**source.where, "mapping": source.mapping},
    )
