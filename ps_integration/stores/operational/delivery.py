"""Whether a document's own columns agree with the ledger, which alone says what happened to it."""

from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from ps_integration.stores.operational import ledger
from ps_integration.stores.operational.models import Document, LiveLine, PostingLine

NEVER_SENT = (
    *("sent_at", "sent_clock_at", "doubtful_clock_at", "erp_id", "erp_number"),
    *("readback_minor", "readback", "confirmed_at", "hold_reason"),
    *("next_try_at", "unknown_until", "put_off", "invoice_date"),
)
"""Columns that are empty until a first attempt."""


def disagrees(session: Session, document: Document) -> str:
    """What was changed past the program: state, attempts, delivery, date or live lines; or none."""
    before = None
    rows = ledger.history(session, document.document_ref)
    for row in rows:
        if row.from_state != before:
            return f"its ledger says {before or 'nothing'} and then {row.from_state}"
        before = row.to_state
    if before != document.state:
        return f"its state is {document.state}, its ledger says {before or 'nothing'}"
    if rows[-1].attempt != document.attempts:
        return f"it has {document.attempts} attempts, its ledger says {rows[-1].attempt}"
    claims = [row for row in rows if row.to_state == "sending"]
    if not claims:
        told = [name for name in NEVER_SENT if getattr(document, name) not in (None, 0)]
        if told:
            return f"it was never sent and has {told[0]}"
    elif problem := _dated_otherwise(document, claims[-1].evidence.get("invoice_date")):
        return problem
    return "" if _lines_are_live(session, document) else "its lines are not live under it"


def _dated_otherwise(document: Document, claimed: object) -> str:
    """Whether it has another invoice date than its last claim; older releases noted none there."""
    dated = document.invoice_date
    if dated is None or claimed is None or dated.isoformat() == claimed:
        return ""
    return f"it is dated {dated}, its claim says {claimed}"


def _lines_are_live(session: Session, document: Document) -> bool:
    own = select(PostingLine.line_key).where(PostingLine.document_ref == document.document_ref)
    live = select(LiveLine.line_key).where(LiveLine.document_ref == document.document_ref)
    return Counter(session.scalars(own)) == Counter(session.scalars(live))
