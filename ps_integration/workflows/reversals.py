"""Puts on record which of our posted documents the ERP has cancelled since.

`posted` stays what it is: what the ERP shows as cancelled is a fact of its own, found once, and net
confirmed is what was posted less what is on this record. That it was posted is known from our own
ledger, and is not asked of the ERP again.
"""

from typing import Final

from ps_integration.domain.ports import Queries
from ps_integration.stores.operational import reversals
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows.night import Night

_CANCELLED: Final = """
select distinct
    system,
    external_id,
    reference,
    number
from canonical.erp_documents
where status = 'cancelled' and not is_standing and reference is not null
order by all
"""


def note_reversals(night: Night, warehouse: Queries, store: OperationalStore) -> int:
    """Record every posted document of ours that was read as cancelled and is not on record yet."""
    found = {
        (str(row["system"]), str(row["reference"]), str(row["external_id"])): row["number"]
        for row in warehouse.rows(_CANCELLED)
    }
    if not found:
        return 0
    policies = {entity.id: entity.voided for entity in night.firm.legal_entities}
    noted = 0
    with store.session() as session:
        known = reversals.refs(session)
        for ref in sorted({reference for _, reference, _ in found} - known):
            document = reversals.posted(session, ref)
            key = (document.system, ref, document.erp_id or "") if document is not None else None
            if document is None or key not in found:
                continue
            number = found[key]
            reversals.note(
                session,
                document,
                erp_number=None if number is None else str(number),
                found_at=night.as_of,
                run_id=night.run_id,
                policy=policies.get(document.legal_entity, "hold"),
            )
            noted += 1
    return noted
