"""Takes back what no longer holds: approvals over changed entries, and refusals that were fixed."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from ps_integration.domain.identity import SYSTEM
from ps_integration.domain.ports import Queries
from ps_integration.stores.operational import approvals, claims, ledger, refusals, reversals
from ps_integration.stores.operational.models import Document
from ps_integration.stores.operational.store import OperationalStore, Session
from ps_integration.workflows.night import Night

_VERSIONS: Final = """
select entry_id as object_id, version_sha256
from canonical.current_versions
where entry_id in (select unnest($entries::varchar[]))
union all
select wa.object_id, coalesce(mv.version_sha256, canonical.milestone_gone_sha())
from (select unnest($milestones::varchar[]) as object_id) as wa
left join canonical.milestone_versions as mv on wa.object_id = mv.object_id
"""


def void_stale(night: Night, warehouse: Queries, store: OperationalStore) -> dict[str, int]:
    """Put approved documents back to planning when their approval or what they bill changed.

    Documents that were sent already are never touched here.
    """
    with store.snapshot() as session:
        refs = claims.refs_in(session, "approved")
        lines = [line for ref in refs for line in approvals.lines(session, ref)]
        wanted = {line.object_id for line in lines if line.object_kind == "time_entry"}
        milestones = {line.object_id for line in lines if line.object_kind == "milestone"}
        for row in refusals.open_refusals(session):
            wanted |= set(row.facts["versions"])
    current = _current(warehouse, wanted, milestones)
    with store.session() as session:
        cancelled = reversals.refs(session)
        voided = [_void(session, night, ref, current, cancelled) for ref in refs]
        released = refusals.release_changed(
            session, current, config_hash=night.config_hash, at=night.as_of, run_id=night.run_id
        )
    return {"voided": sum(voided), "refusals_released": released}


def _current(warehouse: Queries, entries: set[str], milestones: set[str]) -> dict[str, str]:
    """Version hash by object; a deleted or unapproved entry has the version that says so."""
    if not entries | milestones:
        return {}
    ids = {"entries": sorted(entries), "milestones": sorted(milestones)}
    rows = warehouse.rows(_VERSIONS, ids)
    return {str(row["object_id"]): str(row["version_sha256"]) for row in rows}


def _void(
    session: Session, night: Night, ref: str, current: Mapping[str, str], cancelled: frozenset[str]
) -> int:
    document = ledger.load(session, ref)
    if document.state != "approved":
        return 0
    reason = _reason(session, night, document, current, cancelled)
    if not reason:
        return 0
    step = ledger.Step(night.as_of, night.run_id, {"void": reason})
    ledger.transition(session, document, "planned", step)
    ledger.refresh_batch(session, document.batch_id)
    batch = approvals.batch(session, document.batch_id)
    if batch.status == "planned":
        approvals.decide(session, batch, "void", by=SYSTEM, at=night.as_of, note=reason)
    return 1


def _reason(
    session: Session,
    night: Night,
    document: Document,
    current: Mapping[str, str],
    cancelled: frozenset[str],
) -> str:
    for line in approvals.lines(session, document.document_ref):
        if current.get(line.object_id, line.version_sha256) != line.version_sha256:
            return f"{line.object_id} changed after the approval"
        if line.correction is not None and line.corrects_document_ref in cancelled:
            return f"{line.corrects_document_ref} was cancelled in the ERP after the approval"
    days = timedelta(days=night.firm.approval.expires_after_days)
    terms = claims.Terms(night.config_hash, night.as_of, days)
    batch = approvals.get(session, document.batch_id)
    objection = claims.stale(session, batch, terms)
    return objection.message if objection is not None and objection.kind == "void" else ""
