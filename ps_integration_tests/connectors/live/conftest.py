"""A sandbox with one company's books, and the connectors that speak to it."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from ps_integration.connectors.body import Caps
from ps_integration.connectors.http import Policy
from ps_integration.connectors.parse import strict_json
from ps_integration.connectors.protocol import Ask, ErpDocument, ErpLine
from ps_integration.connectors.registry import vendor
from ps_integration.connectors.setup import Setup
from ps_integration.sandbox.faults import Fault, add_fault
from ps_integration.sandbox.server import SandboxServer
from ps_integration.sandbox.state import SandboxState
from ps_integration.sandbox.vendors.business_central import collection
from ps_integration.settings.firm import System

NOW = datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
COMPANY = "11111111-1111-4111-8111-111111111111"
DIMENSION = "22222222-0000-4000-8000-000000000001"
PATIENCE = Policy(Caps(2, 2, 5), tries=2, sleep=lambda _: None)
BOOKS: dict[str, list[dict[str, Any]]] = {
    "customers": [
        {"number": "C100", "displayName": "Northwind", "currencyCode": "EUR", "blocked": " "},
        {"number": "C200", "displayName": "Late Payers", "currencyCode": "", "blocked": "All"},
    ],
    "accounts": [
        {"number": number, "displayName": number, "directPosting": True, "blocked": False}
        for number in ("1100", "2200", "4000", "4100", "6000")
    ],
    "resources": [{"number": "CONSULT", "revenueAccountNumber": "4100"}],
    "currencies": [{"code": "EUR"}, {"code": "JPY", "amountRoundingPrecision": 1}],
    "currencyExchangeRates": [
        {"currencyCode": "EUR", "startingDate": "2026-03-01", "exchangeRateAmount": 100,
         "relationalCurrencyCode": "", "relationalExchangeRateAmount": 85},
    ],
    "dimensions": [{"id": DIMENSION, "code": "PROJECT"}],
    "dimensionValues": [{"code": "AP-1", "dimensionId": DIMENSION, "displayName": "Apollo"}],
    "accountingPeriods": [
        {"startingDate": f"2026-{month:02d}-01", "name": "M", "closed": month == 1}
        for month in (1, 2, 3)
    ],
    "generalLedgerSetup": [{"localCurrencyCode": "GBP", "allowPostingFrom": "2026-02-01",
                            "allowPostingTo": "2026-12-31"}],
    "projects": [{"number": "AP-1", "displayName": "Apollo"}],
    "projectBillings": [
        {"projectNumber": "AP-1", "customerNumber": "C100", "status": "Open",
         "revenueAccountNumber": "4000", "taxCode": "STANDARD"},
    ],
    "projectPrices": [
        {"projectNumber": "AP-1", "roleCode": "Consultant", "unitPrice": 150,
         "endingDate": "2026-03-31"},
    ],
}  # fmt: skip


@pytest.fixture
def state(tmp_path: Path) -> Iterator[SandboxState]:
    state = SandboxState(tmp_path / "sandbox.sqlite")
    state.set_clock(NOW)
    yield state
    state.close()


@pytest.fixture
def server(state: SandboxState) -> Iterator[SandboxServer]:
    with SandboxServer(state) as server:
        yield server


@pytest.fixture
def books(state: SandboxState) -> None:
    state.register_system("bc", "business_central", {"tax_rates": {"STANDARD": 20}})
    with state.transaction() as transaction:
        transaction.put("bc", "companies", COMPANY, {"id": COMPANY, "name": "North UK"}, NOW)
        for set_name, records in BOOKS.items():
            for index, record in enumerate(records):
                key = f"{sum(map(ord, set_name)):08x}-0000-4000-8000-{index:012d}"
                document = {"id": key, **record}
                transaction.put("bc", collection(COMPANY, set_name), document["id"], document, NOW)


@pytest.fixture
def bc_setup(server: SandboxServer, books: None) -> Setup:
    system = System.model_validate(
        {
            "id": "bc",
            "vendor": "business_central",
            "roles": ["erp"],
            "base_url": f"{server.url('bc')}/v2.0/demo/Production",
            "credentials": {"client_id": "env:BC_ID", "client_secret": "env:BC_SECRET"},
            "options": {
                "tenant": "demo",
                "environment": "Production",
                "companies": {"uk": COMPANY},
                "revenue_accounts": ["4000"],
                "revenue_resources": ["CONSULT"],
                "custom_api": {"publisher": "psIntegration", "group": "billing", "version": "v1.0"},
                "token_url": f"{server.url('bc')}/oauth2/v2.0/token",
                "page_size": 2,
            },
        }
    )
    environ = {"BC_ID": "sandbox-client", "BC_SECRET": "sandbox-secret"}
    return Setup(system, environ, PATIENCE)


@pytest.fixture
def bc(bc_setup: Setup):
    return vendor("business_central").build(bc_setup)


@pytest.fixture
def writer(bc_setup: Setup):
    return vendor("business_central").erp_writer(bc_setup)


@pytest.fixture
def fault(state: SandboxState) -> Callable[..., None]:
    def switch_on(kind: str, **more: Any) -> None:
        add_fault(state, Fault(kind, "*", **{"times": 1, **more}))

    return switch_on


@pytest.fixture
def rows_of() -> Callable[..., list[dict[str, Any]]]:
    """Read a stream over the network and map every record."""

    def read(connector: Any, name: str, table: str = "", mode: str = "full", since=None) -> list:
        (stream,) = [one for one in connector.streams() if one.name == name]
        ask = Ask(stream, mode, since, None, NOW)
        found = [
            row
            for page in connector.pages(ask)
            for record in page
            for row in connector.parse(name, strict_json(record.payload))
        ]
        return [dict(row.values) for row in found if row.table == (table or stream.feeds[0])]

    return read


@pytest.fixture
def invoice() -> ErpDocument:
    line = ErpLine(1, "Consulting March", "7.5", "133.33", 99998, "ap-1", f"{COMPANY}/AP-1",
                   "4000", "STANDARD", None)  # fmt: skip
    resource = ErpLine(2, "Review", "1.00000", "100", 10000, "ap-1", f"{COMPANY}/AP-1",
                       "CONSULT", None, None)  # fmt: skip
    return ErpDocument(
        reference="PS-AP-1-202603-1",
        kind="invoice",
        company=COMPANY,
        customer_key="c100",
        currency="GBP",
        invoice_date=date(2026, 3, 31),
        posting_date=date(2026, 3, 31),
        purchase_order="PO 7",
        amount_minor=109998,
        lines=(line, resource),
    )
