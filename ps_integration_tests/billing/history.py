"""A firm whose time changes after it was posted: the world, its real store, and an ERP that
remembers. Each word here changes the world and its `Truth` alike; `run_night` plans and stages.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ps_integration.settings.firm import Firm
from ps_integration.stores.operational import approvals, ledger
from ps_integration.stores.operational.models import Batch, Document, Opening
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import approve, bill, erp_document, mirror, reconcile, stage
from ps_integration.workflows.night import Night
from ps_integration_tests.billing.truth import (
    EntryTruth,
    ErpLineTruth,
    ErpTruth,
    Group,
    MilestoneTruth,
    ProjectTruth,
    Truth,
    erp_net,
)
from ps_integration_tests.billing.world import WORK_DAY, World

FIRST_NIGHT = datetime(2026, 3, 20, tzinfo=UTC)
PERIODS = ("2026-02", "2026-03", "2026-04")


def make_firm() -> Firm:
    return Firm.model_validate({
        "firm": {"id": "f", "name": "F", "time_zone": "UTC", "reporting_currency": "GBP"},
        "legal_entities": [{"id": "UK", "name": "UK", "currency": "GBP", "time_zone": "UTC"}],
        "systems": [{"id": "tt", "vendor": "harvest", "roles": ["time"]}],
        "routing": {},
    })  # fmt: skip


class History(World):
    """Project p1 at 100 GBP and p2 at 80.50 GBP an hour; every period may be opened and closed.

    Args:
        store: A migrated store.
        policies: `corrections_policy`, `voided_policy`, `closed_period_policy` and
            `future_period_policy` of the one legal entity.
    """

    def __init__(self, store: OperationalStore, **policies: str) -> None:
        super().__init__(Path(":memory:"))
        self.store, self.truth, self.firm = store, Truth(), make_firm()
        opening = Opening(legal_entity="UK", time_system="tt", bill_from=date(2026, 2, 1))
        opening.list_sha256, opening.signed_by, opening.signed_at = "0" * 64, "maria", FIRST_NIGHT
        approve.sign_opening(store, opening)
        self.erp: dict[str, ErpTruth] = {}
        self.nights = self.reads = 0
        self.set_policy(corrections_policy="reverse_and_rebill", voided_policy="rebill", **policies)
        self.truth.projects["p1"] = ProjectTruth()
        self.rate("p1", price="100")
        self.new_project("p2", "80.5")

    # what people change

    def set_policy(self, **policies: str) -> None:
        for column, value in policies.items():
            self._run(f"update config.legal_entities set {column} = $v", v=value)

    def new_project(self, project_id: str, price: str = "100", **fields: Any) -> None:
        self.project(project_id, **fields)
        self.rate(project_id, price=price, project_external_id=f"psa-{project_id}",
                  currency=fields.get("currency", "GBP"))  # fmt: skip
        self.truth.projects[project_id] = ProjectTruth(
            currency=fields.get("currency", "GBP"), price=Decimal(price)
        )

    def set_entry(self, number: str, **fields: Any) -> None:
        """Make or change an entry: project_id, work_date, seconds, is_billable, is_approved, ..."""
        self.set_entries({number: fields})

    def set_entries(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """The same for many at once, as one read of their source brings them."""
        first = {"project_id": "p1", "work_date": WORK_DAY, "seconds": 3600}
        changed = {}
        for number, fields in changes.items():
            before = self.truth.entries.get(number)
            made = self.truth.change(number, **({} if before else first) | dict(fields))
            if made != before:
                changed[number] = made
        numbers = [*changed]
        projects = self._rows_of("billing.projects", "project_id")
        versions = {
            str(row["entry_id"]): int(str(row["versions"]))
            for row in self.warehouse.rows(
                "select entry_id, count(*) as versions from canonical.entry_versions group by all"
            )
        }
        for table in ("canonical.time_entries", "billing.entries"):
            self._run(f"delete from {table} where list_contains($n, external_id)", n=numbers)
        with self.together():
            for number, made in changed.items():
                self.entry(
                    number, made.seconds, projects[made.project_id], project_id=made.project_id,
                    work_date=made.work_date, is_billable=made.is_billable,
                    is_deleted=made.is_deleted,
                    approval_state="approved" if made.is_approved else "submitted",
                    version_no=versions.get(f"tt:{number}", 0) + 1, version_sha256=_sha(made),
                )  # fmt: skip
            self._read("tt", "time_entries", len(changed))
        self._receive()
        gone = [number for number, made in changed.items() if made.is_deleted]
        self._run("delete from canonical.time_entries where list_contains($n, external_id)", n=gone)

    def _read(self, system: str, stream: str, records: int) -> None:
        """One read of a stream; what it landed is stamped with it by `_receive`."""
        self.reads += 1
        at = self.tonight.as_of
        self.put("raw.reads", run_id=f"read-{self.reads}", system=system, stream=stream,
                 status="complete", started_at=at, finished_at=at,
                 records_changed=records)  # fmt: skip

    def _receive(self) -> None:
        """Stamp what a read has just landed as what was received."""
        self._run("update raw.records set payload_sha256 = sha256(payload), run_id = $r "
                  "where run_id is null", r=f"read-{self.reads}")  # fmt: skip

    def _rows_of(self, table: str, key: str) -> dict[str, dict[str, Any]]:
        return {str(row[key]): row for row in self.warehouse.rows(f"from {table}")}

    def move(self, number: str, **to: Any) -> None:
        self.set_entry(number, **to)

    def withdraw(self, number: str) -> None:
        self.set_entry(number, is_approved=False)

    def delete(self, number: str) -> None:
        self.set_entry(number, is_deleted=True)

    def restore(self, number: str) -> None:
        self.set_entry(number, is_deleted=False, is_approved=True)

    def rerate(self, project_id: str, price: str) -> None:
        self._run("update canonical.rates set unit_price = $p where external_id = $r",
                  p=Decimal(price), r=project_id)  # fmt: skip
        known = self.truth.projects[project_id]
        self.truth.projects[project_id] = replace(known, price=Decimal(price))

    def set_cap(self, project_id: str, cap_minor: int | None) -> None:
        for table in ("billing.projects", "billing.entries"):
            self._run(f"update {table} set cap_minor = $c where project_id = $p",
                      c=cap_minor, p=project_id)  # fmt: skip

    def set_milestone(self, number: str, **fields: Any) -> None:
        first = {"project_id": "p1", "reached_on": WORK_DAY, "amount_minor": 50_000}
        known = self.truth.milestones.get(number)
        made = replace(known, **fields) if known else MilestoneTruth(**(first | fields))
        self.truth.milestones[number] = made
        self._run("delete from canonical.milestones where external_id = $n", n=number)
        self.put("canonical.milestones", system="psa", external_id=number, name="Go-live",
                 project_external_id=f"psa-{made.project_id}", amount_minor=made.amount_minor,
                 currency="GBP", is_reached=made.is_reached, reached_on=made.reached_on,
                 is_invoiced=False)  # fmt: skip

    def set_period(self, period: str, state: str) -> None:
        """As the ERP was read to say: open, closed or not_open."""
        self._run("update canonical.accounting_periods set state = $s where period = $p",
                  s=state, p=period)  # fmt: skip

    def void(self, document_ref: str) -> None:
        """Somebody cancels the document in the ERP."""
        self.erp[document_ref].is_cancelled = True
        self._run("update canonical.erp_documents set status = 'cancelled', is_standing = false "
                  "where reference = $r",
                  r=document_ref)  # fmt: skip

    # what the product does

    @property
    def tonight(self) -> Night:
        as_of = FIRST_NIGHT + timedelta(days=self.nights)
        folder = Path(str(self.store.engine.url.database)).parent
        return Night(f"r{self.nights}", as_of, self.firm, "0" * 64, folder, "schedule",
                     "schedule")  # fmt: skip

    def run_night(self, *, with_rules: bool = False) -> None:
        """Copy, rate, reconcile, classify, account, plan and stage, then copy and account again."""
        self.nights += 1
        night = self.tonight
        self._run("update config.run set run_id = $r, as_of = $a, as_of_date = $d",
                  r=night.run_id, a=night.as_of, d=night.as_of_date)  # fmt: skip
        mirror.mirror(night, self.warehouse, self.store)  # type: ignore[arg-type] - a Warehouse
        bill.rate(night, self.warehouse)
        if with_rules:
            for system in ("tt", "psa", "bc"):  # read whole tonight
                self.put("raw.reads", run_id=night.run_id, system=system, stream="all",
                         status="complete", started_at=night.as_of,
                         finished_at=night.as_of)  # fmt: skip
            reconcile.reconcile(night, self.warehouse, self.store)
        self._account()
        staged = stage.stage(night, self.store, bill.plan(night, self.warehouse))
        assert not staged.metadata["refused"], staged.metadata["refused"]
        if with_rules:
            mirror.copy(self.warehouse, self.store)
            reconcile.after_posting(night, self.warehouse, self.store)

    def settle(self) -> None:
        """Copy the store and balance again, as the night does at its end."""
        mirror.copy(self.warehouse, self.store)
        self._account()

    def balance(self) -> None:
        """Read, rate and account for everything as it is now; nothing is planned."""
        mirror.mirror(self.tonight, self.warehouse, self.store)  # type: ignore[arg-type] - a Warehouse
        bill.rate(self.tonight, self.warehouse)
        self._account()

    def _account(self) -> None:
        bill.classify(self.tonight, self.warehouse)
        bill.account(self.tonight, self.warehouse)
        self.must_balance()

    def must_balance(self) -> None:
        """Both equations and every link check hold."""
        assert self.broken() == ([], [], [])
        assert self.warehouse.rows("from billing.broken_links") == []

    def approve_all(self) -> None:
        with self.store.snapshot() as session:
            ids = session.scalars(select(Batch.batch_id).where(Batch.status == "planned")).all()
        for batch_id in ids:
            approve.approve(self.store, batch_id, "maria", self.tonight.as_of, "")

    def refs(self, *states: str) -> list[str]:
        """References of documents in these states."""
        with self.store.snapshot() as session:
            query = select(Document.document_ref).where(Document.state.in_(states))
            return sorted(session.scalars(query))

    def send(self, ref: str, to_state: str = "posted") -> None:
        """The ERP takes an approved or sought document (`posted`), refuses it, or is silent."""
        self.send_all([ref], to_state)

    def send_all(self, refs: Sequence[str], to_state: str = "posted") -> None:
        """The same for many documents, one after the other."""
        step = ledger.Step(self.tonight.as_of, self.tonight.run_id, {"phase": "create"})
        batches: set[str] = set()
        with self.store.session() as session, self.together():
            for ref in refs:
                document = ledger.load(session, ref)
                if document.state == "approved":
                    ledger.transition(session, document, "sending", step)
                ledger.transition(session, document, to_state, step)  # type: ignore[arg-type] - a state
                if to_state == "posted":
                    self._take(session, document)
                    self._confirm(document)
                batches.add(document.batch_id)
            for batch_id in sorted(batches):
                ledger.refresh_batch(session, batch_id)

    def attempt(self, ref: str, fate: str) -> None:
        """Post one document: `posted`, `refused`, or its answer is lost, before or after."""
        self.send(ref, "unknown" if fate.startswith("lost") else fate)
        if fate == "lost_after":
            with self.store.snapshot() as session:
                self._take(session, ledger.load(session, ref))

    def look_up(self) -> None:
        """Every document without an answer is looked up: adopted, or sent again."""
        for ref in self.refs("unknown"):
            self.send(ref)

    def post_all(self) -> None:
        """Approve and post everything that is planned."""
        self.approve_all()
        self.send_all(self.refs("approved"))

    def quiesce(self, nights: int = 4) -> None:
        """Nights with nothing new, everything posted, until nothing is left to post."""
        self.look_up()
        for _ in range(nights):
            self.run_night()
            self.post_all()
            self.settle()
            if not self.refs("planned", "approved") and not self.owed() and not self._is_ready():
                return

    def _is_ready(self) -> bool:
        """Whether a credit has just given back the room that something waited for."""
        ready = "select count(*) > 0 from billing.dispositions where reason = 'to_be_planned'"
        return bool(self.warehouse.value(ready))

    def _take(self, session: Session, document: Document) -> None:
        """The ERP has it from now on; once, however often it is sent."""
        sent = erp_document.build(document, approvals.lines(session, document.document_ref))
        if sent.reference in self.erp:
            return
        assert sent.amount_minor >= 0, "an ERP refuses an invoice or a credit memo below zero"
        amounts = [line.amount_minor for line in sent.lines]
        assert sent.amount_minor == sum(amounts)
        assert sent.amount_minor > 0 or not any(amounts), "a document of nothing"
        self.erp[sent.reference] = ErpTruth(sent.kind, tuple(
            ErpLineTruth(
                Group(line.project_id, line.description[:7], sent.currency, line.revenue_account),
                line.amount_minor,
            )
            for line in sent.lines
        ))  # fmt: skip
        self.put("canonical.erp_documents", system="bc", company=sent.company,
                 external_id=sent.reference, kind=sent.kind, number=f"S-{len(self.erp)}",
                 reference=sent.reference, status="open", is_posted=True, is_standing=True,
                 customer_key=sent.customer_key, currency=sent.currency,
                 posting_date=sent.posting_date, amount_minor=sent.amount_minor)  # fmt: skip
        for number, line in enumerate(sent.lines, start=1):
            self.put("canonical.erp_lines", system="bc", company=sent.company,
                     external_id=f"{sent.reference}/{number}", line_no=number,
                     document_external_id=sent.reference, line_type="account",
                     object_number=line.revenue_account, amount_minor=line.amount_minor,
                     currency=sent.currency)  # fmt: skip

    def _confirm(self, document: Document) -> None:
        document.erp_id = document.document_ref
        document.erp_number = f"S-{list(self.erp).index(document.document_ref) + 1}"
        document.readback_minor, document.confirmed_at = document.amount_minor, self.tonight.as_of

    # what there is to see

    def states(self) -> dict[str, str]:
        """The stored state of every document."""
        with self.store.snapshot() as session:
            rows = session.execute(select(Document.document_ref, Document.state))
            return {row.document_ref: row.state for row in rows}

    def standing(self) -> list[str]:
        """Documents that are posted, known to be, and not cancelled."""
        return [ref for ref in self.refs("posted") if not self.erp[ref].is_cancelled]

    def owed(self) -> list[dict[str, Any]]:
        return self.warehouse.rows(
            "select * from billing.corrections_owed order by entry_id, project_id, period"
        )

    def net(self) -> dict[Group, int]:
        """What the ERP's own documents come to."""
        return erp_net(self.erp.values())

    def lines(self, ref: str | None = None) -> list[dict[str, Any]]:
        """Lines of one document, or of all, with their links, oldest first."""
        with self.store.snapshot() as session:
            refs: Iterable[str] = (
                [ref] if ref else session.scalars(select(Document.document_ref)).all()
            )
            found = [line for one in refs for line in approvals.lines(session, one)]
            names = found[0].__table__.columns.keys() if found else ()
            rows = [{name: getattr(line, name) for name in names} for line in found]
        return sorted(rows, key=lambda row: row["line_id"])

    def _run(self, sql: str, **params: Any) -> None:
        self.warehouse.execute(sql, params)


def _sha(entry: EntryTruth) -> str:
    """The hash of a version of ann's entry, from what its source says of it."""
    nothing = "\x1e"
    content = (
        "tt-ann", f"tt-{entry.project_id}", nothing, nothing, str(entry.work_date),
        str(entry.seconds), str(entry.is_billable).lower(),
        "approved" if entry.is_approved else "submitted", str(entry.is_deleted).lower(),
    )  # fmt: skip
    return hashlib.sha256("\x1f".join(content).encode()).hexdigest()
