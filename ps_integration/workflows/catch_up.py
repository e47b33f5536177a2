"""Brings a store that was restored from an older copy up to what the ERP holds, before it posts.

First what the posting journal has and the store lost is taken again, then every ERP is asked for
all documents under our references. Posting starts again when each of them is explained.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ps_integration.connectors.protocol import ErpWriter
from ps_integration.domain.identity import SYSTEM
from ps_integration.domain.posting import REFERENCE_PREFIX
from ps_integration.errors import PsIntegrationError
from ps_integration.stores.operational import claims, evidence, fence, ledger, staging
from ps_integration.stores.operational.journal import Journal
from ps_integration.stores.operational.store import OperationalStore, Session
from ps_integration.workflows.night import CheckResult, Night

CHECK: Final = "posting_fence"
_NAMED: Final = 10
_EXPLAINS: Final = frozenset({"sending", "draft", "posted", "unknown", "held", "dead"})
"""States in which the store knows that the ERP may hold the document."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the store may post.

    Attributes:
        is_open: It may.
        message: What stands against it, or what catching up did; empty when nothing was needed.
        reinstated: Documents whose steps were taken again from the journal.
    """

    is_open: bool
    message: str = ""
    reinstated: int = 0

    @property
    def check(self) -> CheckResult:
        """As a step reports it."""
        said = self.message or "The store knows all that was sent."
        return CheckResult(CHECK, self.is_open, "error", is_blocking=True, description=said)


def catch_up(night: Night, store: OperationalStore, erps: Mapping[str, ErpWriter]) -> Standing:
    """Say whether the store may post, after bringing it up to the ERP when it is behind.

    A store that was opened without a journal sends nothing to a real ERP and is taken as it is.

    Raises:
        FixConfigError: The journal belongs to another store.
        CouldNotRunError: The journal and the store contradict each other.
    """
    journal = store.journal
    if journal is None or night.is_dry:
        return Standing(is_open=True)
    with store.session() as session:
        why = fence.reason(session, journal)
        if why is None:
            _begin(session, journal)
            return Standing(is_open=True)
        fence.raise_fence(session, why, at=night.as_of, who=SYSTEM)
    with store.session() as session:
        taken = _take_again(session, night, journal)
    try:
        strangers = _unexplained(night, store, erps)
    except PsIntegrationError as error:
        return Standing(
            is_open=False,
            message=f"{why}; the ERP could not be asked what it holds: {error}",
            reinstated=taken,
        )
    if strangers:
        named = ", ".join(strangers[:_NAMED])
        said = (
            f"{why}; {len(strangers)} ERP documents carry our reference and nobody here knows "
            f"them: {named}. Restore the posting journal or a newer backup, or cancel them there"
        )
        return Standing(is_open=False, message=said, reinstated=taken)
    detail: dict[str, object] = {"why": why, "reinstated": taken}
    with store.session() as session:
        fence.lift(session, at=night.as_of, who=SYSTEM, detail=detail)
        stands = fence.mark(session)
    journal.append(stands, [{"seq": stands.seq, "caught_up": why}])
    return Standing(
        is_open=True, message=f"{why}; caught up, {taken} documents taken again", reinstated=taken
    )


def _begin(session: Session, journal: Journal) -> None:
    """Have a journal before the first send: a crash around that send must not look like a loss."""
    if journal.mark() is None:
        stands = fence.mark(session)
        journal.append(stands, [{"seq": stands.seq, "begun": True}])


def _take_again(session: Session, night: Night, journal: Journal) -> int:
    """Drop what was planned and never sent, then take every lost step again."""
    own = fence.identity(session)
    lost = list(journal.entries((own.epoch, ledger.last_seq(session))))
    steps = [
        entry
        for entry in lost
        if "step" in entry and evidence.REINSTATED not in entry["step"]["evidence"]
    ]
    sent = {
        (entry["document_ref"], entry["rows"]["document"]["content_sha256"])
        for entry in steps
        if "rows" in entry
    }
    if steps:
        _drop_unsent(session, night, sent)
    for entry in steps:
        evidence.reinstate(session, entry, night.as_of)
    refs = sorted({str(entry["document_ref"]) for entry in steps})
    for batch_id in sorted({ledger.get(session, ref).batch_id for ref in refs}):
        ledger.refresh_batch(session, batch_id)
    return len(refs)


def _drop_unsent(session: Session, night: Night, sent: set[tuple[str, str]]) -> None:
    """What stands planned or approved in an old copy was decided on old data."""
    step = ledger.Step(night.as_of, night.run_id, {"plan": "made before the store was restored"})
    left = set()
    for ref in claims.refs_in(session, "planned", "approved"):
        document = ledger.load(session, ref)
        if (ref, document.content_sha256) in sent:
            continue
        ledger.transition(session, document, "superseded", step)
        left.add(document.batch_id)
    for batch_id in sorted(left):
        ledger.refresh_batch(session, batch_id)


def _unexplained(
    night: Night, store: OperationalStore, erps: Mapping[str, ErpWriter]
) -> Sequence[str]:
    """References that an ERP holds and the store does not.

    Raises:
        PsIntegrationError: An ERP could not be asked.
    """
    routes = sorted({(route.system, route.company) for route in night.firm.routes("erp")})
    held = {
        receipt.reference
        for system, company in routes
        if system in erps
        for receipt in erps[system].ours(company, REFERENCE_PREFIX)
        if receipt.state != "cancelled"
    }
    with store.snapshot() as session:
        known = staging.by_ref(session, sorted(held))
    explained = {ref for ref, document in known.items() if document.state in _EXPLAINS}
    return sorted(held - explained)
