"""Breaking the glass: approval above one's limit in an emergency, and everybody is told."""

from datetime import datetime

from ps_integration.settings.load import FirmFile
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import alerts, approve
from ps_integration.workflows.nightly import state_folder


def break_glass(
    store: OperationalStore, batch_id: str, who: str, now: datetime, reason: str, file: FirmFile
) -> str:
    """Approve a batch above the signer's limit; a maker still cannot, and two stay two.

    The audit trail has it, `alerts.jsonl` at once, and for a week each night's outcome and report.

    Returns:
        `approved`, or `first_of_two`.

    Raises:
        AskFinanceError: The signer lacks the role `break_glass`, gives no reason, or may not
            approve the batch at all.
    """
    decision = approve.approve(store, batch_id, who, now, reason, file, breaks_glass=True)
    alert = {
        "at": now.isoformat(),
        "alert": "break_glass",
        "batch_id": batch_id,
        "by": who,
        "reason": reason,
        "decision": decision,
    }
    alerts.put(state_folder(file), alert)
    return decision
