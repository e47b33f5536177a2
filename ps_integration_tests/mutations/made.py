"""A small firm's warehouse after a night: versions, tombstones, quarantine, documents in flight."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ps_integration.stores.operational.store import OperationalStore
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows import bill, configure, conform, connect, mirror, resolve
from ps_integration_tests.bench.bench_night import text
from ps_integration_tests.bench.firm import ENVIRON, firm, night, sign_openings

CHANGES = """
insert into raw.records by name
with changed as (
    select
        rr.* exclude (payload, payload_sha256, is_tombstone),
        case rr.raw_seq // 10 % 4
            when 0 then null
            when 1 then replace(rr.payload, '"hours":', '"hours":1')
            when 2 then replace(rr.payload, '"hours":', '"hours":"x","was":')
            else replace(rr.payload, '"billable":true', '"billable":false')
        end as payload
    from raw.records as rr
    where rr.raw_seq % 10 = 3
)
select
    * replace (
        (select max(raw_seq) from raw.records) + row_number() over (order by raw_seq) as raw_seq,
        'again' as run_id
    ),
    sha256(payload) as payload_sha256,
    payload is null as is_tombstone
from changed;
insert into raw.reads by name
select
    'again' as run_id,
    system,
    stream,
    'incremental' as mode,
    'complete' as status,
    count(*) filter (where not is_tombstone) as records_changed
from raw.records
where run_id = 'again'
group by all;
"""
NOT_ALL_POSTED = """
delete from ops.posting_lines where hash(document_ref) % 3 = 0;
delete from ops.documents where hash(document_ref) % 3 = 0;
delete from canonical.erp_documents where hash(reference) % 3 = 0;
update ops.documents set state = 'approved', readback_minor = null, erp_id = null,
    erp_number = null where hash(document_ref) % 3 = 1;
delete from canonical.erp_documents where hash(reference) % 3 = 1;
"""


@contextmanager
def played(folder: Path, entries: int) -> Iterator[Warehouse]:
    """The warehouse of a night in which everything follows from everything."""
    store = OperationalStore(f"sqlite:///{folder / 'operational.sqlite'}")
    store.migrate()
    sign_openings(store)
    tonight, connectors = night(folder), connect.connectors(firm(), ENVIRON, only=("harvest",))
    with Warehouse(folder / "warehouse.duckdb") as warehouse:
        warehouse.execute("set threads = 1")  # the tables are small
        configure.configure(tonight, warehouse)
        warehouse.execute(text("reference"))
        warehouse.execute(text("payloads"), {"entries": entries})
        warehouse.execute(
            "update raw.reads set records_changed = $n where stream = 'time_entries'",
            {"n": entries},
        )
        conform.conform(tonight, warehouse, connectors)
        warehouse.execute(CHANGES)
        conform.conform(tonight, warehouse, connectors)
        resolve.resolve(tonight, warehouse)
        mirror.mirror(tonight, warehouse, store)
        bill.rate(tonight, warehouse)
        bill.classify(tonight, warehouse)
        warehouse.execute(text("posted"))
        warehouse.execute(NOT_ALL_POSTED)
        bill.classify(tonight, warehouse)
        yield warehouse
    store.close()
