"""Posted documents that the ERP lists no more are looked up there, before anything follows.

A list alone is no evidence: it may be cut, filtered or of another company. Only where the ERP knows
a document neither by its number nor by our reference is it put on record as gone, as one that was
cancelled is; then `voided` decides. Where many of a company are missing at once, the books
themselves are in doubt, and a person decides: BL06 holds their customers until then.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

from ps_integration.connectors.protocol import ErpWriter
from ps_integration.domain.ports import Queries, Row
from ps_integration.errors import PsIntegrationError
from ps_integration.stores.operational import reversals
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows.night import Night
from ps_integration.workflows.statements import sql_text

FEW: Final = 3
"""So many of a company may be gone at once, or up to half of them."""
MANY: Final = 50
"""But no more than so many: each costs the ERP several calls."""


def note_vanished(
    night: Night, warehouse: Queries, store: OperationalStore, erps: Mapping[str, ErpWriter]
) -> dict[str, int]:
    """Look up every posted document that the ERP lists no more; counts of what was learned.

    Args:
        night: The run.
        warehouse: With tonight's copy of the operational tables.
        store: Where what is gone is put on record.
        erps: By system; a system without one cannot be asked.
    """
    counts = {"gone": 0, "unlisted_but_there": 0, "unlisted_unasked": 0}
    rows = warehouse.rows(sql_text("unlisted")) if erps and not night.is_dry else []
    for (system, company), group in groupby(rows, key=lambda r: (r["system"], r["company"])):
        missing = list(group)
        writer = erps.get(str(system))
        if writer is None or writer.capability.posting_class == "N" or _too_many(missing):
            counts["unlisted_unasked"] += len(missing)
            continue
        absent = []
        for row in missing:
            is_absent = _is_absent(writer, str(company), row)
            name = "unlisted_unasked" if is_absent is None else "unlisted_but_there"
            absent += [str(row["document_ref"])] if is_absent else []
            counts["gone" if is_absent else name] += 1
        _note(night, store, absent)
    return counts


def _too_many(missing: Sequence[Row]) -> bool:
    posted = int(str(missing[0]["posted_count"]))
    return len(missing) > MANY or (len(missing) > FEW and 2 * len(missing) > posted)


def _is_absent(writer: ErpWriter, company: str, row: Row) -> bool | None:
    """Whether the ERP knows it in no way; None when it could not be asked."""
    number = str(row["erp_number"] or "")
    try:
        found = [*writer.find(company, str(row["document_ref"]))]
        found += writer.numbered(company, number) if number else ()
    except PsIntegrationError:
        return None
    return not any(one.state != "cancelled" for one in found)


def _note(night: Night, store: OperationalStore, refs: Sequence[str]) -> None:
    policies = {entity.id: entity.voided for entity in night.firm.legal_entities}
    with store.session() as session:
        for ref in refs:
            document = reversals.posted(session, ref)
            if document is not None:
                reversals.note(
                    session,
                    document,
                    erp_number=None,
                    found_at=night.as_of,
                    run_id=night.run_id,
                    policy=policies.get(document.legal_entity, "hold"),
                )
