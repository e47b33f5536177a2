"""What is in quarantine is unknown: what rests on it stays as it last was.

A record that cannot be read says nothing new. Were its rows to leave, their absence would be taken
for a meaning: an approval that cannot be read for a withdrawn one, a rate for one that ended. So
of every table but those that are billed, the rows of the newest raw row that can be read stand,
found in raw, so that a warehouse made anew has the same. Of what is billed nothing stands: the
entry or milestone itself waits, and what is posted of it is left alone.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from ps_integration.connectors.protocol import Stream
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows.mapping import Chunk, Problem
from ps_integration.workflows.quarantine import RETRIED

BILLED: Final = ("time_entries", "milestones", "expenses")
"""Tables whose records are billed themselves; all others are evidence about them."""
LOOK_BACK: Final = 10
"""Older raw rows looked at for each record, newest first."""
_IN_QUARANTINE: Final = f"""
    select record_id from changed
    where record_id in (
        select qr.record_id from quarantine.records as qr
        where qr.system = $system and qr.stream = $stream and qr.rule not in {RETRIED}
    )
"""
# Rows since the record was last deleted, in the order in which they are tried.
_EARLIER: Final = f"""
    with own as (
        select
            rr.record_id, rr.raw_seq, rr.payload, rr.is_tombstone, rr.flaw,
            count(*) filter (where rr.is_tombstone) over later as tombstones
        from raw.records as rr
        where rr.system = $system and rr.stream = $stream and rr.record_id in ({_IN_QUARANTINE})
        window later as (partition by rr.record_id order by rr.raw_seq desc)
    )

    select own.record_id, own.raw_seq, own.payload, own.is_tombstone, own.flaw
    from own
    inner join changed as ch on own.record_id = ch.record_id
    where own.tombstones = 0 and own.raw_seq < ch.raw_seq
    qualify row_number() over (partition by own.record_id order by own.raw_seq desc) <= $look_back
    order by own.raw_seq desc
"""
_ROWS: Final = 20_000


def unread(warehouse: Warehouse, stream: Stream, where: Mapping[str, object]) -> Iterator[str]:
    """Records that changed tonight, cannot be read, and are evidence about something else."""
    if all(table in BILLED for table in stream.feeds):
        return
    for row in warehouse.rows(_IN_QUARANTINE, where):
        yield str(row["record_id"])


def earlier_payloads(warehouse: Warehouse, where: Mapping[str, object]) -> Iterator[pa.RecordBatch]:
    """Their older raw rows, newest first, as `mapping.map_batch` takes them."""
    rows = warehouse.arrow(_EARLIER, {**where, "look_back": LOOK_BACK})
    yield from rows.to_batches(_ROWS)


def newest_good(chunk: Chunk, problems: Sequence[Problem], wanted: Collection[str]) -> set[int]:
    """The place in the chunk of each wanted record's newest row without a problem."""
    bad = {found.record for found in problems}
    first: dict[str, int] = {}
    for place, record_id in enumerate(chunk.record_ids):
        if place not in bad and record_id in wanted:
            first.setdefault(record_id, place)
    return set(first.values())


def evidence(
    good: Mapping[str, tuple[pa.Table, list[int]]], chosen: Collection[int]
) -> dict[str, tuple[pa.Table, list[int]]]:
    """Those rows that come from the chosen places, without what is billed."""
    kept: dict[str, tuple[pa.Table, list[int]]] = {}
    for table, (rows, owners) in good.items():
        if table not in BILLED:
            mask = np.asarray([owner in chosen for owner in owners], dtype=np.bool_)
            kept[table] = (rows.filter(pa.array(mask)), np.asarray(owners)[mask].tolist())
    return kept


def insert(warehouse: Warehouse, table: str, rows: pa.Table, where: Mapping[str, object]) -> None:
    """Add rows, but not under an external id that another record of the stream has now."""
    taken = {
        row["external_id"]
        for row in warehouse.rows(
            f"select external_id from canonical.{table} where system = $system"
            " and stream = $stream and external_id in (select unnest($ids))",
            {**where, "ids": rows.column("external_id").to_pylist()},
        )
    }
    free = pa.array([one not in taken for one in rows.column("external_id").to_pylist()])
    warehouse.insert_arrow(f"canonical.{table}", rows.filter(free))


def note_without_rows(warehouse: Warehouse, stream: Stream, where: Mapping[str, object]) -> None:
    """Note records that were understood tonight and gave no row of a billed table of the stream."""
    warehouse.execute(
        "delete from canonical.without_rows where system = $system and stream = $stream"
        " and record_id in (select record_id from changed)",
        where,
    )
    for table in (one for one in stream.feeds if one in BILLED):
        warehouse.execute(
            f"""
            insert into canonical.without_rows by name
            select
                $system as system, $stream as stream, ch.record_id, ch.raw_seq, '{table}' as object
            from changed as ch
            inner join raw.records as rr on ch.raw_seq = rr.raw_seq and not rr.is_tombstone
            where not exists (
                select 1 from quarantine.records as qr
                where qr.system = $system and qr.stream = $stream and qr.record_id = ch.record_id
            ) and not exists (
                select 1 from canonical.{table} as ca
                where ca.system = $system and ca.stream = $stream and ca.record_id = ch.record_id
            )
            """,
            where,
        )
