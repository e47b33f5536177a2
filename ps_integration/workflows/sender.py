"""What one posting run shares: its systems, its leases, its counts, and which systems are paused.

No transaction is open while a call is under way. Every transaction checks and renews the lease, so
whoever lost it stops before anything more is sent or written.
"""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from ps_integration.connectors.protocol import ErpDocument, ErpReceipt, ErpWriter
from ps_integration.domain.clock import Clock
from ps_integration.domain.posting import State
from ps_integration.domain.records import Capability
from ps_integration.errors import FixConfigError, PsIntegrationError
from ps_integration.stores.operational import claims, leases, ledger, work
from ps_integration.stores.operational.models import Document
from ps_integration.stores.operational.store import OperationalStore, Session
from ps_integration.workflows import erp_document, versions
from ps_integration.workflows.erp_document import Dates
from ps_integration.workflows.night import Night

MISSES_MAX = 3
"""Look-ups of one system in a row that may fail before this run leaves the system alone."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One document as loaded: its row, what goes out, and how it is dated."""

    document: Document
    payload: ErpDocument
    writer: ErpWriter
    dates: Dates


@dataclass(slots=True)
class Tally:
    """What the threads of one run count together.

    Attributes:
        counts: How often what happened.
        paused: Why a system, or one company of it (`system/company`), is left alone for the
            rest of the run.
        misses: Look-ups of a system that failed in a row.
    """

    counts: Counter[str] = field(default_factory=Counter)
    paused: dict[str, str] = field(default_factory=dict)
    misses: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str) -> None:
        """Count one."""
        with self.lock:
            self.counts[name] += 1

    def pause(self, system: str, reason: str, company: str | None = None) -> None:
        """Leave a system, or one company of it, alone from now on; the first reason is kept."""
        with self.lock:
            self.paused.setdefault(system if company is None else f"{system}/{company}", reason)

    def is_paused(self, system: str, company: str) -> bool:
        """Whether documents of this company are left alone."""
        return system in self.paused or f"{system}/{company}" in self.paused

    def looked(self, system: str, *, failed: bool, reason: str = "") -> None:
        """A look-up ended; too many failures in a row pause the system."""
        with self.lock:
            self.misses[system] = self.misses[system] + 1 if failed else 0
            if self.misses[system] >= MISSES_MAX:
                self.paused.setdefault(system, reason)


@dataclass(frozen=True, slots=True)
class Sender:
    """Everything one posting run, or one worker of it, needs. `lease` is what it works under."""

    night: Night
    store: OperationalStore
    erps: Mapping[str, ErpWriter]
    clock: Clock
    lease: leases.Held | work.Taken | None
    tally: Tally = field(default_factory=Tally)

    def load(self, ref: str) -> Sent | None:
        """A document with its writer; None when no ERP writer serves its system."""
        with self.store.snapshot() as session:
            document = ledger.get(session, ref)
            writer = self.erps.get(document.system)
            if writer is None:
                self.tally.add("no_writer")
                return None
            erp, night = writer.capability.dates, self.night
            dates = erp_document.dates_of(night.firm, document, erp, night.as_of)
            payload = erp_document.load(session, document, dates)
        return Sent(document, payload, writer, dates)

    def dated_as(self, sent: Sent, found: Sequence[ErpReceipt]) -> Sent:
        """The same document, of the day that the ERP has on what an earlier life of the store sent.

        Only the day of sending cannot be told again; the other policies say the same every time.
        """
        entities = {one.id: one for one in self.night.firm.legal_entities}
        entity = entities.get(sent.document.legal_entity)
        is_day_of_sending = entity is not None and entity.invoice_date == "day_of_sending"
        if len(found) != 1 or not is_day_of_sending or found[0].invoice_date is None:
            return sent
        dates = replace(sent.dates, invoice_date=found[0].invoice_date)
        with self.store.snapshot() as session:
            document = ledger.get(session, sent.payload.reference)
            payload = erp_document.load(session, document, dates)
        return replace(sent, payload=payload, dates=dates)

    def find(self, sent: Sent) -> Sequence[ErpReceipt] | None:
        """What the ERP holds under the reference; None when it could not be asked."""
        if sent.writer.capability.posting_class == "N":
            return ()
        system = sent.document.system
        try:
            found = sent.writer.find(sent.payload.company, sent.payload.reference)
        except FixConfigError as error:
            self.tally.pause(system, str(error))
            self.tally.add("lookup_failed")
            return None
        except PsIntegrationError as error:
            self.tally.looked(system, failed=True, reason=str(error))
            self.tally.add("lookup_failed")
            return None
        self.tally.looked(system, failed=False)
        return found

    def step(
        self, evidence: Mapping[str, object] | None = None, payload: ErpDocument | None = None
    ) -> ledger.Step:
        """A ledger step of this run."""
        return ledger.Step(
            self.night.as_of,
            self.night.run_id,
            {"clock": self.clock.now().isoformat(), **(evidence or {})},
            None if payload is None else erp_document.payload_sha256(payload),
            timedelta(hours=self.night.firm.posting.unknown_hours),
        )

    def terms(self) -> claims.Terms:
        """What approvals are measured against."""
        days = self.night.firm.approval.expires_after_days
        return claims.Terms(
            self.night.config_hash,
            self.night.as_of,
            timedelta(days=days),
            self.night.firm.approval,
            versions.current(),
            frozenset(
                system
                for system, writer in self.erps.items()
                if writer.capability.posting_class == "N"
            ),
            self.night.firm.suppliers,
        )

    def locked(self, session: Session, ref: str) -> Document:
        """The document, locked, under a lease that still holds.

        Raises:
            LeaseLostError: It does not.
        """
        now = self.clock.now()
        if isinstance(self.lease, leases.Held):
            leases.renew(session, self.lease, now)
        document = ledger.load(session, ref)
        if isinstance(self.lease, work.Taken):
            work.renew(document, self.lease, now)
        return document

    def move(
        self,
        session: Session,
        document: Document,
        to_state: State,
        evidence: Mapping[str, object],
    ) -> None:
        """Take one step and set the status of its batch."""
        ledger.transition(session, document, to_state, self.step(evidence))
        ledger.refresh_batch(session, document.batch_id)

    def settles_in(self, document: Document, capability: Capability) -> float:
        """Seconds until not finding it counts: the ERP's longest commit delay, then its lag."""
        since = document.doubtful_clock_at or document.sent_clock_at
        if since is None:
            return 0.0
        seconds = capability.max_commit_delay_seconds + capability.find_lag_seconds
        return seconds - (self.clock.now() - since).total_seconds()
