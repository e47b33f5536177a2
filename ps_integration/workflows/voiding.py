"""Takes back what no longer holds: approvals over changed entries, and refusals that were fixed."""

from collections.abc import Mapping
from datetime import timedelta

from ps_integration.domain.identity import SYSTEM
from ps_integration.domain.ports import Queries
from ps_integration.stores.operational import approvals, claims, ledger, refusals
from ps_integration.stores.operational.models import Document
from ps_integration.stores.operational.store import OperationalStore, Session
from ps_integration.workflows.night import Night


def void_stale(night: Night, warehouse: Queries, store: OperationalStore) -> dict[str, int]:
    """Put approved documents back to planning when their approval or their entries changed.

    Documents that were sent already are never touched here.
    """
    with store.snapshot() as session:
        refs = claims.refs_in(session, "approved")
        wanted = {
            line.object_id
            for ref in refs
            for line in approvals.lines(session, ref)
            if line.object_kind == "time_entry"
        }
        for row in refusals.open_refusals(session):
            wanted |= set(row.facts["versions"])
    current = _current(warehouse, wanted)
    with store.session() as session:
        voided = [_void(session, night, ref, current) for ref in refs]
        released = refusals.release_changed(
            session, current, config_hash=night.config_hash, at=night.as_of, run_id=night.run_id
        )
    return {"voided": sum(voided), "refusals_released": released}


def _current(warehouse: Queries, object_ids: set[str]) -> dict[str, str]:
    """Version hash by entry; a deleted or unapproved entry has the version that says so."""
    if not object_ids:
        return {}
    rows = warehouse.rows(
        "select entry_id, version_sha256 from canonical.current_versions "
        "where entry_id in (select unnest($ids))",
        {"ids": sorted(object_ids)},
    )
    return {str(row["entry_id"]): str(row["version_sha256"]) for row in rows}


def _void(session: Session, night: Night, ref: str, current: Mapping[str, str]) -> int:
    document = ledger.load(session, ref)
    if document.state != "approved":
        return 0
    reason = _reason(session, night, document, current)
    if not reason:
        return 0
    step = ledger.Step(night.as_of, night.run_id, {"void": reason})
    ledger.transition(session, document, "planned", step)
    ledger.refresh_batch(session, document.batch_id)
    batch = approvals.batch(session, document.batch_id)
    if batch.status == "planned":
        approvals.decide(session, batch, "void", by=SYSTEM, at=night.as_of, note=reason)
    return 1


def _reason(session: Session, night: Night, document: Document, current: Mapping[str, str]) -> str:
    for line in approvals.lines(session, document.document_ref):
        if current.get(line.object_id, line.version_sha256) != line.version_sha256:
            return f"{line.object_id} changed after the approval"
    days = timedelta(days=night.firm.approval.expires_after_days)
    terms = claims.Terms(night.config_hash, night.as_of, days)
    batch = approvals.get(session, document.batch_id)
    objection = claims.stale(session, batch, terms)
    return objection.message if objection is not None and objection.kind == "void" else ""
