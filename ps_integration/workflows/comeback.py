"""Dead documents come back by themselves when their ERP does, as often as policy allows."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from ps_integration.domain.identity import POLICY
from ps_integration.errors import PsIntegrationError
from ps_integration.stores.operational import claims, dead_letters, ledger
from ps_integration.stores.operational.models import LedgerEntry
from ps_integration.workflows.sending import Sender

COMES_BACK: Final = frozenset({"never_arrived", "gave_up"})
"""Causes that an ERP which answers again may have taken away."""


def come_back(sender: Sender) -> None:
    """Put dead documents back to the look-up, once their ERP answers and their wait is over."""
    policy = sender.night.firm.posting
    wait = timedelta(hours=policy.dead_retry_hours)
    with sender.store.snapshot() as session:
        refs = [
            ref
            for ref in claims.refs_in(session, "dead")
            if _is_due(sender, ledger.history(session, ref), wait)
        ]
    for ref in refs:
        sent = sender.load(ref)
        if sent is None or sent.writer.capability.posting_class == "N":
            continue
        try:
            sent.writer.find(sent.payload.company, sent.payload.reference)
        except PsIntegrationError:
            continue
        _back(sender, ref)


def _is_due(sender: Sender, history: Sequence[LedgerEntry], wait: timedelta) -> bool:
    last = history[-1]
    before = sum(row.evidence.get("retried_by") == POLICY for row in history)
    return (
        dead_letters.cause_of(last) in COMES_BACK
        and before < sender.night.firm.posting.dead_retries
        and last.at + wait <= sender.night.as_of
    )


def _back(sender: Sender, ref: str) -> None:
    with sender.store.session() as session:
        document = sender.locked(session, ref)
        if document.state != "dead":
            return
        told = {"retried_by": POLICY, "attempts_before": document.attempts}
        document.attempts, document.hold_reason = 0, None
        ledger.transition(session, document, "unknown", sender.step(told))
        ledger.refresh_batch(session, document.batch_id)
    sender.counts["came_back"] += 1
