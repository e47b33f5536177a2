"""Writes a signature over a batch: approval, ledger and audit in one transaction."""

from datetime import datetime

from ps_integration.stores.operational import approvals, ledger
from ps_integration.stores.operational.models import Batch
from ps_integration.stores.operational.signatures import decide
from ps_integration.stores.operational.store import Session


def sign(  # noqa: PLR0913 - what a signature says
    session: Session,
    batch: Batch,
    *,
    by: str,
    at: datetime,
    note: str,
    run_id: str | None = None,
    is_break_glass: bool = False,
) -> None:
    """Write the signature, its audit row and the step of every planned document."""
    decide(session, batch, "approved", by=by, at=at, note=note, is_break_glass=is_break_glass)
    step = ledger.Step(at, run_id, {"approved_by": by})
    for document in approvals.documents(session, batch.batch_id, "planned"):
        ledger.transition(session, document, "approved", step)
    ledger.refresh_batch(session, batch.batch_id)
