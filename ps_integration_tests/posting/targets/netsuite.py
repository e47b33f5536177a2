"""A NetSuite sandbox with one subsidiary's books: its server, a writer, and what it holds.

The writer takes any base URL, so that a proxy may stand in between; it must pass the Host header on
as it came, because requests are signed for the address the client used.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ps_integration.connectors.body import Caps
from ps_integration.connectors.http import Policy
from ps_integration.connectors.protocol import ErpWriter
from ps_integration.connectors.registry import vendor
from ps_integration.connectors.setup import Setup
from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.sandbox.server import SandboxServer
from ps_integration.sandbox.state import SandboxState
from ps_integration.sandbox.vendors.netsuite.tables import status_of
from ps_integration.settings.firm import System

SYSTEM = "netsuite"
COMPANY = "1"
CUSTOMER_KEY = "c100"
PROJECT_EXTERNAL_ID = "1/301"
REVENUE_ACCOUNT = "4000"
TAX_CODE = "TAXABLE"
CURRENCY = "USD"
DOCUMENT: Mapping[str, Any] = {"company": COMPANY, "project_external_id": PROJECT_EXTERNAL_ID}
"""What `making.make_document` must be told for this target; the rest of its defaults fit."""
NOW = datetime(2026, 4, 1, 3, 30, tzinfo=UTC)
OPTIONS: Mapping[str, Any] = {
    "account": "1234567_SB1",
    "companies": {"us": COMPANY},
    "currencies": {"USD": "1", "JPY": "3"},
    "items": {REVENUE_ACCOUNT: "401"},
    "tax_codes": {TAX_CODE: "501"},
}
ENVIRONMENT = {
    "NS_CONSUMER_KEY": "sandbox-consumer",
    "NS_CONSUMER_SECRET": "sandbox-consumer-secret",
    "NS_TOKEN_ID": "sandbox-token",
    "NS_TOKEN_SECRET": "sandbox-token-secret",
}
PATIENCE = Policy(Caps(2, 2, 5), tries=2, sleep=lambda _: None)
RECORDS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "subsidiary": ({"id": "1", "name": "North US"}, {"id": "2", "name": "North UK"}),
    "currency": (
        {"id": "1", "name": "US Dollar", "symbol": "USD"},
        {"id": "2", "name": "Pound", "symbol": "GBP"},
        {"id": "3", "name": "Yen", "symbol": "JPY"},
    ),
    "customer": (
        {"id": "201", "entityId": "C100 Northwind", "companyName": "Northwind",
         "externalId": "C100", "subsidiary": {"id": "1"}, "currency": {"id": "1"},
         "otherCurrencies": [{"id": "3"}]},
        {"id": "202", "entityId": "C200 Elsewhere", "companyName": "Elsewhere",
         "externalId": "C200", "subsidiary": {"id": "2"}, "currency": {"id": "2"}},
    ),
    "job": (
        {"id": "301", "entityId": "APOLLO", "externalId": "P-APOLLO", "companyName": "Apollo",
         "customer": {"id": "201"}, "subsidiary": {"id": "1"}, "currency": {"id": "1"},
         "startDate": "2026-01-05"},
        {"id": "302", "entityId": "GEMINI", "externalId": "P-GEMINI", "companyName": "Gemini",
         "customer": {"id": "202"}, "subsidiary": {"id": "2"}, "currency": {"id": "2"}},
    ),
    "serviceSaleItem": ({"id": "401", "itemId": "Consulting"},),
    "salesTaxItem": ({"id": "501", "itemId": "TAXABLE", "rate": 10},),
    "accountingPeriod": (
        {"id": "601", "periodName": "Jan 2026", "startDate": "2026-01-01",
         "endDate": "2026-01-31", "closed": True},
        {"id": "602", "periodName": "Feb 2026", "startDate": "2026-02-01",
         "endDate": "2026-02-28", "arLocked": True},
        {"id": "603", "periodName": "Mar 2026", "startDate": "2026-03-01",
         "endDate": "2026-03-31"},
        {"id": "604", "periodName": "Apr 2026", "startDate": "2026-04-01",
         "endDate": "2026-04-30"},
        {"id": "609", "periodName": "Q1 2026", "startDate": "2026-01-01",
         "endDate": "2026-03-31", "isQuarter": True},
    ),
}  # fmt: skip


def seed(state: SandboxState, **settings: Any) -> None:
    """Enter the books; settings are those of the sandbox's vendor server."""
    state.register_system(SYSTEM, "netsuite", settings)
    with state.transaction() as transaction:
        for collection, records in RECORDS.items():
            for record in records:
                transaction.put(SYSTEM, collection, record["id"], record, NOW)


@contextmanager
def serving(folder: Path, **settings: Any) -> Iterator[SandboxServer]:
    """Serve a sandbox of one's own, kept in a folder; `base_url` tells its address.

    `server.state` is what it holds, for `documents`; settings are those of the vendor server, e.g.
    `approval_routing=True` for a writer with `invoice_approval="draft"`.
    """
    state = SandboxState(folder / "netsuite.sqlite")
    seed(state, **settings)
    with SandboxServer(state) as server:
        yield server


def base_url(server: SandboxServer) -> str:
    """The system's address without anything in between."""
    return server.url(SYSTEM)


def setup(url: str, policy: Policy = PATIENCE, delay: float = 0.3, **options: Any) -> Setup:
    """The system's part of a firm file, with the means to reach it."""
    system = System.model_validate(
        {
            "id": SYSTEM,
            "vendor": "netsuite",
            "roles": ["erp"],
            "base_url": url,
            "max_commit_delay_seconds": delay,
            "credentials": {
                name.removeprefix("NS_").lower(): f"env:{name}" for name in ENVIRONMENT
            },
            "options": {**OPTIONS, **options},
        }
    )
    return Setup(system, ENVIRONMENT, replace(policy))


def writer(url: str, **options: Any) -> ErpWriter:
    """A writer of invoices and credit memos that calls this address."""
    make = vendor("netsuite").erp_writer
    assert make is not None
    return make(setup(url, **options))


def documents(state: SandboxState) -> list[tuple[str, str, str, int]]:
    """What the ERP holds, not read by the connector: reference, kind, state, amount in minor units.

    The amount is before tax; the state is `draft`, `posted` or `cancelled`. A server in another
    process is looked into by opening its file.
    """
    symbols = {row["id"]: row["symbol"] for row in RECORDS["currency"]}
    found = []
    for collection, kind in (("invoice", "invoice"), ("creditMemo", "credit_memo")):
        for row in state.stored(SYSTEM, collection):
            document = row.document
            letter = status_of(document)
            shown = {"D": "draft", "E": "cancelled", "V": "cancelled"}.get(letter, "posted")
            decimals = MINOR_UNITS[symbols[document["currency"]["id"]]]
            amount = int(document["subtotal"].scaleb(decimals))
            found.append((document.get("externalId", ""), kind, shown, amount))
    return sorted(found)
