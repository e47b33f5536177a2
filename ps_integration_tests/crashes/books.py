"""Our side of a case: its firm, its approved batch, and what its store says in the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select

from ps_integration.domain.posting import TRANSITIONS
from ps_integration.domain.seal import digest
from ps_integration.settings.firm import Firm
from ps_integration.stores.operational import audit_check, blocks
from ps_integration.stores.operational.models import Document, LedgerEntry
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import approve, post
from ps_integration.workflows.night import Night
from ps_integration_tests.crashes.spec import Spec
from ps_integration_tests.posting.making import Line, PlanBatch, PlanDocument
from ps_integration_tests.posting.targets import SYSTEM, Target

CONFIG_HASH = "c" * 64
MOVING = ("approved", "sending", "draft", "unknown")


def firm_file(target: Target, origin: str, delay_seconds: float) -> dict[str, Any]:
    """A firm of one legal entity that posts to the target."""
    system = {**target.system(origin), "max_commit_delay_seconds": delay_seconds}
    company = str(target.planned["company"])
    return {
        "firm": {
            "id": "sample",
            "name": "Sample",
            "time_zone": "UTC",
            "reporting_currency": target.planned["currency"],
        },
        "legal_entities": [
            {
                "id": "us",
                "name": "US",
                "currency": target.planned["currency"],
                "time_zone": "UTC",
            }
        ],
        "systems": [system],
        "routing": {"erp": [{"legal_entity": "us", "system": SYSTEM, "company": company}]},
    }


def night(firm: Firm, folder: Path, name: str, as_of: datetime, config_hash: str) -> Night:
    """One life's run."""
    return Night(f"run-{name}", as_of, firm, config_hash, folder, "schedule", "schedule")


def batch_of(spec: Spec, target: Target) -> PlanBatch:
    """The planned batch of a case; every line's description is its own in the whole ERP."""
    documents = []
    for number, amounts in enumerate(spec.amounts, 1):
        lines = tuple(
            Line(
                line_no=line,
                line_key=f"{SYSTEM}|time|time_entry|{spec.name}-{number}-{line}|1|0",
                object_id=f"time:{spec.name}-{number}-{line}",
                amount_minor=amount,
                unit_price=Decimal(amount).scaleb(-2),
                description=description(spec, number, line),
                currency=str(target.planned["currency"]),
            )
            for line, amount in enumerate(amounts, 1)
        )
        fields: Mapping[str, Any] = {"purchase_order": None, **target.planned}
        document = PlanDocument(f"{spec.name}-{number}", lines, system=SYSTEM, **fields)
        documents.append(replace(document, content_sha256=digest(repr(document))))
    currency = str(target.planned["currency"])
    company = str(target.planned["company"])
    return PlanBatch(tuple(documents), system=SYSTEM, company=company, currency=currency)


def description(spec: Spec, document: int, line: int) -> str:
    """What the ERP shows of one posting line."""
    return f"{spec.name} document {document} line {line}"


def prepare(spec: Spec, target: Target, store: OperationalStore, run: Night) -> None:
    """Stage the case's batch, and have a second person sign it."""
    batch = batch_of(spec, target)
    post.stage(run, store, [batch])
    approve.approve(store, batch.batch_id, "maria", run.as_of, "")
    store.close()


@dataclass
class Books:
    """What the store says of a case.

    Attributes:
        states: Of each document.
        blocked: Documents that an open break holds.
        reasons: Why documents are held.
        ambiguous: Attempts without a clear answer.
        landed: How many of those the ERP had carried out, as found later.
        problems: What is wrong with the store itself.
    """

    states: dict[str, str] = field(default_factory=dict)
    blocked: frozenset[str] = frozenset()
    reasons: list[str] = field(default_factory=list)
    ambiguous: int = 0
    landed: int = 0
    problems: list[str] = field(default_factory=list)


def moving(store: OperationalStore) -> bool:
    """Whether a document waits for the next run alone, not for a person to resolve a break."""
    with store.snapshot() as session:
        found = session.scalars(select(Document).where(Document.state.in_(MOVING))).all()
        is_moving = not all(blocks.blocking_breaks(session, document) for document in found)
    store.close()
    return is_moving


def read(store: OperationalStore, prefix: str) -> Books:
    """Read a case's documents, replay its ledger, and check the store."""
    books = Books()
    try:
        with store.snapshot() as session:
            if not store.is_postgresql:
                verdict = session.connection().exec_driver_sql("pragma integrity_check").scalar()
                if verdict != "ok":
                    books.problems.append(f"the store is damaged: {verdict}")
            trail = audit_check.verify(session, store.keys)
            books.problems += [f"the audit trail does not hold: {one}" for one in trail.findings]
            mine = Document.document_ref.startswith(f"{prefix}-")
            found = session.scalars(select(Document).where(mine)).all()
            books.states = {document.document_ref: document.state for document in found}
            books.reasons = [one.hold_reason for one in found if one.hold_reason]
            books.blocked = frozenset(
                document.document_ref
                for document in found
                if blocks.blocking_breaks(session, document)
            )
            for document in found:
                rows = session.scalars(
                    select(LedgerEntry)
                    .where(LedgerEntry.document_ref == document.document_ref)
                    .order_by(LedgerEntry.seq)
                ).all()
                _replay(document, rows, books)
    finally:
        store.close()
    return books


def _replay(document: Document, rows: Any, books: Books) -> None:
    state: Any = None
    for row, later in zip(rows, [*rows[1:], None], strict=True):
        if row.from_state != state or (row.from_state, row.to_state) not in TRANSITIONS:
            books.problems.append(
                f"{document.document_ref}: ledger row {row.seq} leads from {row.from_state} to"
                f" {row.to_state} when it was {state}"
            )
        state = row.to_state
        if row.to_state == "unknown" and row.evidence.get("outcome") == "ambiguous":
            books.ambiguous += 1
            phase = row.evidence.get("phase")
            landed = {"posted"} if phase == "post" else {"posted", "draft"}
            books.landed += later is not None and later.to_state in landed
    if state != document.state:
        books.problems.append(f"{document.document_ref} is {document.state}, its ledger {state}")
