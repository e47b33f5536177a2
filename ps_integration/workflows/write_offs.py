"""Write-offs: hours that shall never be billed, decided by two persons."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from ps_integration.domain.ports import Queries
from ps_integration.errors import AskFinanceError
from ps_integration.settings.approval import Approval
from ps_integration.stores.operational import proposals
from ps_integration.stores.operational.models import Proposal
from ps_integration.stores.operational.proposals import WriteOff
from ps_integration.stores.operational.store import OperationalStore

_PART = """
select disposition, reason, amount_minor, currency
from billing.dispositions
where entry_id = $entry_id and part = $part
"""
_TAKEN = frozenset({"posted", "queued", "settled_elsewhere", "written_off"})


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of which entry, and why."""

    entry_id: str
    part: int
    reason: str


def propose(
    store: OperationalStore, queries: Queries, asked: Asked, who: str, now: datetime
) -> Proposal:
    """Propose that a part is never billed; another person confirms.

    Args:
        store: The operational store.
        queries: The warehouse as the last night left it.
        asked: The part.
        who: The operating system's user.
        now: The instant.

    Raises:
        AskFinanceError: There is no such part, it is billed or in a document, or has no price.
    """
    rows = queries.rows(_PART, {"entry_id": asked.entry_id, "part": asked.part})
    if not rows:
        raise AskFinanceError(f"{asked.entry_id}: no part {asked.part} of it was approved")
    (row,) = rows
    if row["disposition"] in _TAKEN:
        raise AskFinanceError(
            f"{asked.entry_id}: part {asked.part} is {row['disposition']} ({row['reason']}); only "
            "what is neither billed nor on its way can be written off"
        )
    if row["amount_minor"] is None:
        raise AskFinanceError(f"{asked.entry_id}: part {asked.part} has no price yet")
    proposal = Proposal(
        kind="write_off",
        subject=asked.entry_id,
        part=asked.part,
        amount_minor=cast("int", row["amount_minor"]),
        currency=str(row["currency"]),
        reason=asked.reason,
        proposed_by=who,
        proposed_at=now,
    )
    with store.session() as session:
        return proposals.propose(session, proposal)


_NO_RULES = Approval()


def confirm(
    store: OperationalStore,
    proposal_id: int,
    who: str,
    now: datetime,
    rules: Approval = _NO_RULES,
) -> Proposal:
    """Confirm another person's proposal, within their limit; the next night writes it off.

    Raises:
        AskFinanceError: There is none of that number, the same person proposed it, or it is above
            the limit of the one who confirms.
    """
    with store.session() as session:
        proposal = session.get(Proposal, proposal_id, with_for_update=True)
        if proposal is None or proposal.kind != "write_off" or proposal.part is None:
            raise AskFinanceError(f"proposal {proposal_id}: no write-off of that number")
        proposals.confirm(session, proposal, who=who, at=now, rules=rules)
        part = WriteOff(proposal.subject, proposal.part, proposal.amount_minor, proposal.currency)
        proposals.decide(session, proposal, [part])
        return proposal
