"""Copies the operational store into the warehouse, as it stood at one ledger sequence number.

Before the copy, what the warehouse knows better is settled: what the ERP has cancelled, and
approvals and refusals over entries that have changed since. After it, what the ERP lists no more is
looked up there.
"""

from collections.abc import Mapping
from typing import Protocol

import pyarrow as pa

from ps_integration.connectors.protocol import ErpWriter
from ps_integration.domain.ports import Queries
from ps_integration.stores.operational import copies, ledger
from ps_integration.stores.operational.store import OperationalStore, Session
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows.exports import note_exports
from ps_integration.workflows.night import Night, StepResult
from ps_integration.workflows.reversals import note_reversals
from ps_integration.workflows.vanished import note_vanished
from ps_integration.workflows.voiding import void_stale


class Tables(Queries, Protocol):
    """A warehouse that takes columns."""

    def insert_arrow(self, table: str, data: pa.Table) -> None:
        """Insert columns by name."""


def mirror(
    night: Night,
    warehouse: Warehouse,
    store: OperationalStore,
    erps: Mapping[str, ErpWriter] | None = None,
) -> StepResult:
    """Replace `ops.*` in one warehouse transaction and stamp the run with the ledger's number.

    Args:
        night: The run.
        warehouse: Open for writing.
        store: The operational store.
        erps: Asked after documents that they list no more; none are asked when left out.

    Raises:
        CouldNotRunError: A column of `ops.*` has no source in the store.
    """
    exported = note_exports(night, warehouse, store)
    reversals = note_reversals(night, warehouse, store)
    voided = {} if night.is_dry else void_stale(night, warehouse, store)
    counts = copy(warehouse, store)
    vanished = note_vanished(night, warehouse, store, erps or {})
    if vanished["gone"]:
        counts = copy(warehouse, store)
    noted = {"reversals": reversals, "exported": exported, **voided, **vanished}
    return StepResult(sum(counts.values()), {**counts, **noted})


def copy(warehouse: Warehouse, store: OperationalStore) -> dict[str, int]:
    """Copy the tables; rows by table, and the ledger's number under `ledger_seq`."""
    counts: dict[str, int] = {}
    with store.snapshot() as session, warehouse.transaction():
        seq = ledger.last_seq(session)
        for table in copies.tables():
            counts[table] = copy_table(warehouse, session, table)
        warehouse.execute("update config.run set ledger_seq = $seq", {"seq": seq})
    return counts


def copy_deletions(warehouse: Warehouse, store: OperationalStore) -> None:
    """Copy what people said was deleted, dated anew or set aside: reading needs it first."""
    with store.snapshot() as session, warehouse.transaction():
        copy_table(warehouse, session, "ops.deletion_decisions")
        copy_table(warehouse, session, "ops.day_decisions")
        copy_table(warehouse, session, "ops.quarantine_decisions")


def copy_table(warehouse: Tables, session: Session, table: str) -> int:
    """Replace one table of `ops`, in the caller's transaction; its rows are counted."""
    warehouse.execute(f"delete from {table}")
    count = 0
    for rows in copies.arrow_batches(session, table, _columns(warehouse, table)):
        warehouse.insert_arrow(table, rows)
        count += rows.num_rows
    return count


def _columns(warehouse: Queries, table: str) -> tuple[str, ...]:
    return tuple(str(row["column_name"]) for row in warehouse.rows(f"describe {table}"))
