"""Projects, resources and entries with every field from its system of record, on its date."""

from ps_integration.domain.ports import Queries
from ps_integration.workflows.night import Night, StepResult
from ps_integration.workflows.statements import sql_text


def resolve(night: Night, warehouse: Queries) -> StepResult:
    """Rebuild billing.projects, billing.resources and billing.entries in one transaction.

    Reads config.*, canonical.* and the ledger's copy; nothing outside. Posted work stays as it was
    posted where the master data of today says otherwise (`billing.as_posted`). Entries whose
    newest record is in quarantine are not among billing.entries, and are counted in the metadata.
    """
    # Its guess of many-column joins would hash the widest table; every right side here is small.
    warehouse.execute("set disabled_optimizers = 'build_side_probe_side'")
    try:
        with warehouse.transaction():
            for name in ("projects", "resources", "entries", "as_posted"):
                warehouse.execute(sql_text(name))
    finally:
        warehouse.execute("reset disabled_optimizers")
    counts = {
        name: int(str(warehouse.value(f"select count(*) from billing.{name}")))
        for name in ("projects", "resources", "entries")
    }
    held_back = warehouse.value(
        "select count(*) from canonical.current_versions as cv where exists ("
        " select 1 from quarantine.records as qr where qr.system = cv.system"
        " and qr.stream = cv.stream and qr.record_id = cv.record_id)"
    )
    metadata = {**counts, "entries_in_quarantine": held_back, "run_id": night.run_id}
    return StepResult(counts["entries"], metadata)
