"""Dead documents come back by themselves when their ERP does, as often as policy allows."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from ps_integration.domain.identity import POLICY
from ps_integration.stores.operational import dead_letters, ledger
from ps_integration.stores.operational.models import LedgerEntry
from ps_integration.workflows.rounds import each
from ps_integration.workflows.sender import Sender

COMES_BACK: Final = frozenset({"never_arrived", "gave_up"})
"""Causes that an ERP which answers again may have taken away."""


def come_back(sender: Sender) -> None:
    """Put dead documents back to the look-up, once their ERP answers and their wait is over."""
    each(sender, _try, "dead")


def _try(sender: Sender, ref: str) -> None:
    wait = timedelta(hours=sender.night.firm.posting.dead_retry_hours)
    with sender.store.snapshot() as session:
        is_due = _is_due(sender, ledger.history(session, ref), wait)
    sent = sender.load(ref) if is_due else None
    if sent is None or sent.writer.capability.posting_class == "N":
        return
    if sender.find(sent) is not None:
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
        sender.move(session, document, "unknown", told)
    sender.tally.add("came_back")
