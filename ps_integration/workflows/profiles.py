"""What profiles of people have shown, from every raw record: time zones, homes, whether they work.

A work date is derived from the zone as it was when the entry was first seen, so that who moves
takes no earlier work along (`sql/work_dates.sql`). A home entity that has a first day leaves the
days before it to the one that was shown earlier (`sql/resources.sql`). A person who is inactive and
has no last day left when the profile first showed it.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from ps_integration.connectors.parse import strict_json
from ps_integration.connectors.protocol import Connector, Stream
from ps_integration.connectors.rows import keyed
from ps_integration.domain.records import RecordRefusedError
from ps_integration.errors import BadAnswerError
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows.mapping import MAPPING_ERRORS

_CHUNK: Final = 20_000
_RECORDS: Final = """
select record_id, raw_seq, payload
from raw.records
where system = $system and stream = $stream and raw_seq > $since and not is_tombstone
"""
_TABLES: Final = {
    "canonical.shown_zones": ("time_zone",),
    "canonical.shown_homes": ("home_legal_entity", "home_valid_from"),
    "canonical.shown_states": ("is_active",),
}
"""What each table keeps of a profile; one that does not say the first column says nothing."""
_REPLACED: Final = """
delete from {table}
where system = $system and stream = $stream and raw_seq > $since
"""


def note_profiles(warehouse: Warehouse, connector: Connector, stream: Stream, since: int) -> None:
    """Add what the raw records of a stream after `since` say of people.

    A record that today's mapping cannot read says nothing.
    """
    if "resources" not in stream.feeds:
        return
    where = {"system": connector.system, "stream": stream.name}
    for table in _TABLES:
        warehouse.execute(_REPLACED.format(table=table), {**where, "since": since})
    for batch in warehouse.batches(_RECORDS, {**where, "since": since}, _CHUNK):
        profiles = [
            found for record in batch.to_pylist() for found in _profiles(connector, stream, record)
        ]
        for table, columns in _TABLES.items():
            rows = [
                {**where, **{name: found.get(name) for name in (*_WHOSE, *columns)}}
                for found in profiles
                if found.get(columns[0]) not in (None, "")
            ]
            warehouse.insert(table, rows)


_WHOSE: Final = ("record_id", "raw_seq", "external_id")


def _profiles(
    connector: Connector, stream: Stream, record: Mapping[str, object]
) -> Iterator[dict[str, object]]:
    try:
        payload = strict_json(str(record["payload"]))
        rows = connector.parse(stream.name, payload) if isinstance(payload, dict) else ()
    except (BadAnswerError, RecordRefusedError, *MAPPING_ERRORS):
        return
    for row in map(keyed, rows):
        if row.table == "resources":
            origin = {name: record[name] for name in ("record_id", "raw_seq")}
            yield {**dict(row.values), **origin}
