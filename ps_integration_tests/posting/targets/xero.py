"""Xero's sandbox as a target of postings: its books, a writer for it, and what it really holds.

Everything goes through one origin, so a proxy that injects faults only needs another `base_url`::

    with serving(tmp_path) as target:
        post.post(night, store, {"bc": writer(target.base_url)})
        assert documents(target.state) == [("PS-APOLLO-202603-1", "invoice", "posted", 35_000)]

The tenant is the company of `making.make_document`, so that its plans post as they are.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from ps_integration.connectors.body import Caps
from ps_integration.connectors.http import Policy
from ps_integration.connectors.protocol import ErpWriter
from ps_integration.connectors.registry import vendor
from ps_integration.connectors.setup import Setup
from ps_integration.sandbox.server import SandboxServer
from ps_integration.sandbox.state import SandboxState
from ps_integration.sandbox.vendors.xero import ORGANISATIONS, collection
from ps_integration.settings.firm import System

NOW = datetime(2026, 4, 1, 3, 30, tzinfo=UTC)
SYSTEM = "xero"
TENANT = "US01"
PATIENCE = Policy(Caps(2, 2, 5), tries=2, sleep=lambda _: None)
UNHURRIED = {"requests_minute": 1_000_000, "requests_day": 1_000_000}
ORGANISATION: dict[str, Any] = {
    "Name": "North US",
    "BaseCurrency": "USD",
    "PeriodLockDate": "2026-01-31",
    "EndOfYearLockDate": "2025-12-31",
}
BOOKS: dict[str, list[dict[str, Any]]] = {
    "Contacts": [
        {"id": "c1000000-0000-4000-8000-000000000001", "ContactNumber": "C100",
         "Name": "Northwind", "ContactStatus": "ACTIVE"},
        {"id": "c1000000-0000-4000-8000-000000000002", "ContactNumber": "C200",
         "Name": "Late Payers", "ContactStatus": "ARCHIVED"},
    ],
    "Accounts": [
        {"id": "a1000000-0000-4000-8000-000000000001", "Code": "4000", "Name": "Consulting",
         "Type": "REVENUE", "Class": "REVENUE", "Status": "ACTIVE", "TaxType": "NONE"},
        {"id": "a1000000-0000-4000-8000-000000000002", "Code": "4100", "Name": "Old revenue",
         "Type": "REVENUE", "Class": "REVENUE", "Status": "ARCHIVED", "TaxType": "NONE"},
        {"id": "a1000000-0000-4000-8000-000000000003", "Code": "6000", "Name": "Travel",
         "Type": "EXPENSE", "Class": "EXPENSE", "Status": "ACTIVE", "TaxType": "NONE"},
    ],
    "TaxRates": [
        {"id": "TAXABLE", "Name": "Sales tax", "TaxType": "TAXABLE", "Status": "ACTIVE",
         "EffectiveRate": 10},
        {"id": "NONE", "Name": "Tax exempt", "TaxType": "NONE", "Status": "ACTIVE",
         "EffectiveRate": 0},
    ],
    "TrackingCategories": [
        {"id": "70000000-0000-4000-8000-000000000001", "Name": "Project", "Status": "ACTIVE",
         "Options": [
             {"TrackingOptionID": "71000000-0000-4000-8000-000000000001", "Name": "APOLLO",
              "Status": "ACTIVE"},
             {"TrackingOptionID": "71000000-0000-4000-8000-000000000002", "Name": "GEMINI",
              "Status": "ARCHIVED"}]},
        {"id": "70000000-0000-4000-8000-000000000002", "Name": "Region", "Status": "ACTIVE",
         "Options": [
             {"TrackingOptionID": "71000000-0000-4000-8000-000000000003", "Name": "East",
              "Status": "ACTIVE"}]},
    ],
    "Currencies": [{"id": "EUR", "Code": "EUR"}],
}  # fmt: skip
STATES = {
    "DRAFT": "draft",
    "SUBMITTED": "draft",
    "AUTHORISED": "posted",
    "PAID": "posted",
    "VOIDED": "cancelled",
    "DELETED": "cancelled",
}


@dataclass(frozen=True)
class Target:
    """A running sandbox."""

    server: SandboxServer
    base_url: str

    @property
    def state(self) -> SandboxState:
        return self.server.state


def seed(state: SandboxState, *, now: datetime | None = NOW, **settings: Any) -> None:
    """One organisation with a customer, a project, accounts and tax; `now` None = real time."""
    state.register_system(SYSTEM, "xero", {**UNHURRIED, **settings})
    if now is not None:
        state.set_clock(now)
    at = state.clock()
    with state.transaction() as transaction:
        transaction.put(SYSTEM, ORGANISATIONS, TENANT, ORGANISATION, at)
        for name, records in BOOKS.items():
            for record in records:
                transaction.put(SYSTEM, collection(TENANT, name), record["id"], record, at)


@contextmanager
def serving(folder: Path, port: int = 0, **settings: Any) -> Iterator[Target]:
    """A seeded sandbox that answers; a second time in the same folder it goes on as it was."""
    state = SandboxState(folder / "xero.sqlite")
    if SYSTEM not in state.systems():
        seed(state, **settings)
    with SandboxServer(state, port) as server:
        yield Target(server, server.url(SYSTEM))


def setup(base_url: str, policy: Policy = PATIENCE, **options: Any) -> Setup:
    """The firm file's part for this target, at whatever address."""
    system = System.model_validate(
        {
            "id": "xero",
            "vendor": "xero",
            "roles": ["erp"],
            "base_url": f"{base_url}/api.xro/2.0",
            "credentials": {"client_id": "env:XERO_ID", "client_secret": "env:XERO_SECRET"},
            "max_commit_delay_seconds": options.pop("max_commit_delay_seconds", 0.3),
            "options": {
                "companies": {"us": TENANT},
                "revenue_accounts": ["4000"],
                "token_url": f"{base_url}/connect/token",
                **options,
            },
        }
    )
    return Setup(system, {"XERO_ID": "sandbox-client", "XERO_SECRET": "sandbox-secret"}, policy)


def writer(base_url: str, **options: Any) -> ErpWriter:
    """A writer as the product makes it."""
    made = vendor("xero").erp_writer
    assert made is not None
    return made(setup(base_url, **options))


def documents(state: SandboxState) -> list[tuple[str, str, str, int]]:
    """What the ERP holds, from its own store: reference, kind, state, amount before tax."""
    found = []
    for name, kind, number in (
        ("Invoices", "invoice", "InvoiceNumber"),
        ("CreditNotes", "credit_memo", "CreditNoteNumber"),
    ):
        for document in state.documents(SYSTEM, collection(TENANT, name)):
            minor = int(Decimal(str(document["SubTotal"])) * 100)
            found.append((document[number], kind, STATES[document["Status"]], minor))
    return found
