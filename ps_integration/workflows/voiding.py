"""Takes back what no longer holds: approvals over changed entries, and refusals that were fixed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from ps_integration.domain.identity import SYSTEM
from ps_integration.domain.money import Money
from ps_integration.domain.ports import Queries, Row
from ps_integration.stores.operational import (
    approvals,
    claims,
    ledger,
    rebills,
    refusals,
    reversals,
)
from ps_integration.stores.operational.models import Document, PostingLine
from ps_integration.stores.operational.signatures import decide
from ps_integration.stores.operational.store import OperationalStore, Session
from ps_integration.workflows import versions
from ps_integration.workflows.night import Night


def void_stale(night: Night, warehouse: Queries, store: OperationalStore) -> dict[str, int]:
    """Put approved documents back to planning when their approval or what they bill changed.

    Documents that were sent already are never touched here.
    """
    with store.snapshot() as session:
        refs = claims.refs_in(session, "approved")
        lines = [line for ref in refs for line in approvals.lines(session, ref)]
        wanted = {line.object_id for line in lines if line.object_kind == "time_entry"}
        milestones = {line.object_id for line in lines if line.object_kind == "milestone"}
        for _, refused in refusals.open_refusals(session):
            wanted |= set(refused.versions)
    current = _current(warehouse, wanted, milestones)
    with store.session() as session:
        # all documents are locked before any batch is, as every writer does: no two wait in a ring
        documents = [ledger.load(session, ref) for ref in refs]
        now = _Now(current, reversals.refs(session))
        voided = [_void(session, night, document, now) for document in documents]
        released = refusals.release_changed(
            session, current, config_hash=night.config_hash, at=night.as_of, run_id=night.run_id
        )
    return {"voided": sum(voided), "refusals_released": released}


def void_rerated(night: Night, warehouse: Queries, store: OperationalStore) -> int:
    """Put approved documents back to planning when the rate of one of their entries changed.

    What was sent already is never touched here; its difference becomes a correction owed.
    """
    with store.snapshot() as session:
        signed = {
            ref: [
                line
                for line in approvals.lines(session, ref)
                if line.object_kind == "time_entry" and line.correction in {None, "rebill"}
            ]
            for ref in claims.refs_in(session, "approved")
        }
    wanted = sorted({line.object_id for lines in signed.values() for line in lines})
    rows = warehouse.rows(_PRICES, {"ids": wanted}) if wanted else []
    now = {str(row["entry_id"]): row for row in rows}
    count = 0
    with store.session() as session:
        documents = [ledger.load(session, ref) for ref in signed]
        for document in documents:
            lines = signed[document.document_ref]
            other = [line for line in lines if _is_rerated(line, now.get(line.object_id))]
            if other and document.state == "approved":
                reason = f"the rate of {other[0].object_id} changed after the approval"
                count += _take_back(session, night, document, reason)
    return count


_PRICES = """
select
    re.entry_id,
    re.unit_price,
    re.amount_minor,
    cp.project_id is not null as has_cap
from billing.rated_entries as re
left join billing.entries as en on re.entry_id = en.entry_id
left join billing.cap_pools as cp on en.project_id = cp.project_id and en.currency = cp.currency
where re.entry_id in (select unnest($ids))
"""


def _is_rerated(line: PostingLine, today: Row | None) -> bool:
    """Whether the rate of today would not make this line.

    What a cap left of an entry may stand as quantity 1 at its amount, which is nobody's rate: it
    holds as long as the entry is worth that much.
    """
    if today is None or line.unit_price == today["unit_price"]:
        return False
    whole = Money(line.amount_minor, line.currency).amount
    if today["has_cap"] and line.quantity == 1 and line.unit_price == whole:
        worth = today["amount_minor"]
        return worth is None or int(str(worth)) < line.amount_minor
    return True


@dataclass(frozen=True, slots=True)
class _Now:
    """Version hash by object, and which documents the ERP has cancelled."""

    versions: Mapping[str, str]
    cancelled: frozenset[str]


def _current(warehouse: Queries, entries: set[str], milestones: set[str]) -> dict[str, str]:
    """Version hash by object; a deleted or unapproved entry has the version that says so."""
    if not entries | milestones:
        return {}
    ids = {"entries": sorted(entries), "milestones": sorted(milestones)}
    rows = warehouse.rows(_VERSIONS, ids)
    return {str(row["object_id"]): str(row["version_sha256"]) for row in rows}


_VERSIONS = """
select entry_id as object_id, version_sha256
from canonical.current_versions
where entry_id in (select unnest($entries::varchar[]))
union all
select wa.object_id, coalesce(mv.version_sha256, canonical.milestone_gone_sha())
from (select unnest($milestones::varchar[]) as object_id) as wa
left join canonical.milestone_versions as mv on wa.object_id = mv.object_id
"""


def _void(session: Session, night: Night, document: Document, now: _Now) -> int:
    if document.state != "approved":
        return 0
    reason = _reason(session, night, document, now)
    return _take_back(session, night, document, reason) if reason else 0


def _take_back(session: Session, night: Night, document: Document, reason: str) -> int:
    step = ledger.Step(night.as_of, night.run_id, {"void": reason})
    ledger.transition(session, document, "planned", step)
    ledger.refresh_batch(session, document.batch_id)
    batch = approvals.batch(session, document.batch_id)
    if batch.status == "planned":
        decide(session, batch, "void", by=SYSTEM, at=night.as_of, note=reason)
    return 1


def _reason(session: Session, night: Night, document: Document, now: _Now) -> str:
    for line in approvals.lines(session, document.document_ref):
        if now.versions.get(line.object_id, line.version_sha256) != line.version_sha256:
            return f"{line.object_id} changed after the approval"
        if line.correction is not None and line.corrects_document_ref in now.cancelled:
            return f"{line.corrects_document_ref} was cancelled in the ERP after the approval"
    if lost := rebills.lost_its_reversal(session, document):
        return lost
    days = timedelta(days=night.firm.approval.expires_after_days)
    terms = claims.Terms(
        night.config_hash, night.as_of, days, night.firm.approval, versions.current()
    )
    batch = approvals.get(session, document.batch_id)
    objection = claims.stale(session, batch, terms)
    return objection.message if objection is not None and objection.kind == "void" else ""
