"""Copies a whole operational store into another one, so that a dry run touches nothing real."""

from sqlalchemy import delete, insert, select

from ps_integration.stores.operational.base import Base
from ps_integration.stores.operational.models import StoreIdentity
from ps_integration.stores.operational.store import OperationalStore

_CHUNK = 20_000


def clone(source: OperationalStore, target: OperationalStore) -> None:
    """Copy every table, parents before children, as seen at one moment; the target is new."""
    with source.snapshot() as reading, target.session() as writing:
        writing.execute(delete(StoreIdentity))
        for table in Base.metadata.sorted_tables:
            query = select(table).order_by(*table.primary_key.columns)  # as it was written
            rows = reading.execute(query.execution_options(yield_per=_CHUNK))
            for chunk in rows.mappings().partitions(_CHUNK):
                writing.execute(insert(table), [dict(row) for row in chunk])
