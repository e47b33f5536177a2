"""Raw records become canonical objects: validated, identified across systems, versioned.

Incremental by `raw_seq`; a stream whose mapping changed is conformed anew, and so is one whose
canonical rows are not those that the last night left (`mend`). One bad record never stops the
others: it waits in quarantine until it is fine, and changes nothing that rests on it
(`last_known`).
"""

from collections.abc import Mapping
from typing import Final

from ps_integration.connectors.protocol import Connector
from ps_integration.contracts.registry import CANONICAL
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows import canonical_ids, told
from ps_integration.workflows.conform_stream import conform_stream, source_of
from ps_integration.workflows.contract_checks import contract_checks
from ps_integration.workflows.duplicates import quarantine_records
from ps_integration.workflows.mend import Rebuild
from ps_integration.workflows.night import Night, StepResult
from ps_integration.workflows.quarantine import NO_ZONE, remember_open
from ps_integration.workflows.statements import sql_text

# Work that an upgraded store knew stays on its day; the day of an instant may differ by one.
_KEEP_MILESTONE_DAYS: Final = """
update canonical.milestones as mi
set reached_on = kd.reached_on
from canonical.kept_milestone_days as kd
where
    mi.system = kd.system and mi.external_id = kd.external_id
    and abs(mi.reached_on - kd.reached_on) = 1
"""


def conform(
    night: Night,
    warehouse: Warehouse,
    connectors: Mapping[str, Connector],
    store: OperationalStore | None = None,
) -> StepResult:
    """Turn what changed in raw into canonical rows, crosswalk and entry versions.

    Args:
        night: The run; its `as_of` is the clock.
        warehouse: Open for writing; every stream is one transaction of its own.
        connectors: By system. A system without one keeps its canonical rows as they are.
        store: Where canonical ids are kept; None for a rehearsal, which remembers nothing.

    Returns:
        Raw records read, entry versions added, and one contract check per canonical object.
    """
    read: dict[str, int] = {}
    rebuild = Rebuild(night, warehouse)
    rebuild.begin({(one.system, st.name) for one in connectors.values() for st in one.streams()})
    with warehouse.transaction():
        canonical_ids.seed(night, warehouse, store)
    _note_feeds(warehouse, connectors)
    for system, connector in sorted(connectors.items()):
        for stream in connector.streams():
            source = source_of(night, warehouse, connector, stream)
            read[f"{system}.{stream.name}"] = conform_stream(night, warehouse, source)
    with warehouse.transaction():
        _date_the_undated(night, warehouse)
        canonical_ids.link(night, warehouse, store)
        added = _add_versions(night, warehouse)
        warehouse.execute(
            "update quarantine.records set last_seen_at = $as_of, run_id = $run_id",
            {"as_of": night.as_of, "run_id": night.run_id},
        )
        told.note(warehouse, connectors)
    rebuild.end()
    rows = {
        name: int(str(warehouse.value(f"select count(*) from canonical.{name}")))
        for name in CANONICAL
    }
    metadata = {"records_read": read, "canonical_rows": rows, "entry_versions_added": added}
    checks = contract_checks(warehouse, night.as_of_date)
    return StepResult(sum(read.values()), metadata, checks)


def _note_feeds(warehouse: Warehouse, connectors: Mapping[str, Connector]) -> None:
    """Say which tables each stream becomes; of a system without a connector it stays as it was."""
    for system, connector in connectors.items():
        warehouse.execute("delete from canonical.feeds where system = $system", {"system": system})
        warehouse.insert(
            "canonical.feeds",
            [
                {
                    "system": system,
                    "stream": stream.name,
                    "object": canonical,
                    "is_from_entries": stream.is_from_entries,
                }
                for stream in connector.streams()
                for canonical in stream.feeds
            ],
        )


def _date_the_undated(night: Night, warehouse: Warehouse) -> None:
    warehouse.execute(sql_text("work_dates"))
    warehouse.execute(_KEEP_MILESTONE_DAYS)
    undated = """
        select system, stream, record_id, max(raw_seq) as raw_seq,
            min(resource_external_id) as external_id
        from canonical.time_entries where work_date is null
        group by all
    """
    healed = (
        "delete from quarantine.records where rule = $rule"
        f" and (system, stream, record_id) not in (select (system, stream, record_id)"
        f" from ({undated}))"
    )
    warehouse.execute(healed, {"rule": NO_ZONE})
    for row in warehouse.rows(f"select distinct system from ({undated})"):
        system = str(row["system"])
        remember_open(warehouse, system)
        warehouse.execute(
            "create or replace temp table doubled as select stream, record_id, raw_seq,"
            f" external_id, true as leaves from ({undated}) where system = $system",
            {"system": system},
        )
        quarantine_records(night, warehouse, system, "time_entries", NO_ZONE)


def _add_versions(night: Night, warehouse: Warehouse) -> int:
    count = "select count(*) from canonical.entry_versions"
    before = int(str(warehouse.value(count)))
    warehouse.execute(sql_text("entry_versions"), {"as_of": night.as_of, "run_id": night.run_id})
    return int(str(warehouse.value(count))) - before
