"""The time zones that profiles of people have shown, from every raw record, not only the newest.

A work date is derived from the profile as it was when the entry was first seen, so that who
moves takes no earlier work along (`sql/work_dates.sql`).
"""

from collections.abc import Iterator, Mapping
from typing import Final

from ps_integration.connectors.parse import strict_json
from ps_integration.connectors.protocol import Connector, Stream
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
_REPLACED: Final = """
delete from canonical.resource_zones
where system = $system and stream = $stream and raw_seq > $since
"""


def note_zones(warehouse: Warehouse, connector: Connector, stream: Stream, since: int) -> None:
    """Add what the raw records of a stream after `since` say of people's zones.

    A record that today's mapping cannot read says nothing.
    """
    if "resources" not in stream.feeds:
        return
    where = {"system": connector.system, "stream": stream.name}
    warehouse.execute(_REPLACED, {**where, "since": since})
    for batch in warehouse.batches(_RECORDS, {**where, "since": since}, _CHUNK):
        rows = [
            {**where, **found}
            for record in batch.to_pylist()
            for found in _zones(connector, stream, record)
        ]
        warehouse.insert("canonical.resource_zones", rows)


def _zones(
    connector: Connector, stream: Stream, record: Mapping[str, object]
) -> Iterator[dict[str, object]]:
    try:
        payload = strict_json(str(record["payload"]))
        rows = connector.parse(stream.name, payload) if isinstance(payload, dict) else ()
    except (BadAnswerError, RecordRefusedError, *MAPPING_ERRORS):
        return
    for row in rows:
        if row.table == "resources" and row.values.get("time_zone"):
            yield {
                "record_id": record["record_id"],
                "raw_seq": record["raw_seq"],
                "external_id": row.values["external_id"],
                "time_zone": row.values["time_zone"],
            }
