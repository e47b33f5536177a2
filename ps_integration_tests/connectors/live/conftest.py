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


def custom(key: str, subject: str, subject_id: str, name: str, value: object) -> dict[str, Any]:
    kind = "currency" if isinstance(value, int) else "string"
    return {"id": key, "subject_type": subject, "subject_id": subject_id, "value": value,
            "display_value": str(value), "type": kind, "custom_field_name": name}  # fmt: skip


ACCOUNT: dict[str, list[dict[str, Any]]] = {
    "users": [
        {"id": "11", "full_name": "Asha Verma", "email_address": "Asha@Example.com",
         "role_id": "41"},
        {"id": "12", "full_name": "Ben Mills", "email_address": "ben@example.com"},
    ],
    "account_memberships": [
        {"id": "91", "user_id": "11"},
        {"id": "92", "user_id": "12", "disabled_at": "2026-02-01T00:00:00Z"},
    ],
    "roles": [{"id": "41", "name": "Consultant"}, {"id": "42", "name": "Architect"}],
    "workspace_groups": [{"id": "7", "name": "Northwind", "company": True},
                         {"id": "8", "name": "Region north", "company": False}],
    "workspaces": [
        {"id": "1", "title": "Apollo", "archived": False, "currency": "GBP", "rate_card_id": "31",
         "currency_base_unit": 100, "workspace_group_ids": ["7", "8"], "start_date": "2026-01-05",
         "primary_workspace_group_id": "7", "status": {"key": 300, "message": "Active"}},
        {"id": "2", "title": "Gemini", "archived": True, "currency": "JPY",
         "currency_base_unit": 1, "workspace_group_ids": [],
         "status": {"key": 300, "message": "Active"}},
    ],
    "custom_field_values": [
        custom("61", "Workspace", "1", "Project Code", "AP-1"),
        custom("62", "Workspace", "1", "Not To Exceed", 5_000_000),
        custom("63", "Workspace", "1", "Billing Type", "T&M"),
        custom("64", "WorkspaceGroup", "7", "Customer Number", "C100"),
        custom("65", "User", "11", "Home Entity", "uk"),
        custom("66", "Story", "1", "Project Code", "a task's, not the project's"),
    ],
    "stories": [
        {"id": "21", "workspace_id": "1", "title": "Build", "story_type": "task",
         "billable": True, "archived": False, "state": "started"},
        {"id": "22", "workspace_id": "1", "title": "Go-live", "story_type": "milestone",
         "state": "completed", "budget_estimate_in_cents": 500000, "due_date": "2026-03-31",
         "billable": True, "archived": False, "time_trackable": False},
        {"id": "23", "workspace_id": "2", "title": "Handover", "story_type": "milestone",
         "state": "started", "budget_estimate_in_cents": 300000, "billable": True,
         "archived": False, "time_trackable": False},
        {"id": "24", "workspace_id": "1", "title": "Gone", "story_type": "task", "billable": True,
         "archived": False, "deleted_at": "2026-03-05T00:00:00Z"},
    ],
    "story_state_changes": [
        {"id": "71", "story_id": "22", "state": "completed"},
    ],
    "workspace_resources": [
        {"id": "81", "workspace_id": "1", "user_id": "11", "role_name": "Consultant",
         "resource_bill_rate": 17550, "earliest_allocation_date": "2026-02-01"},
        {"id": "82", "workspace_id": "1", "user_id": None, "role_name": "Architect"},
    ],
    "rate_card_sets": [{"id": "30", "title": "Standard", "account_default": True}],
    "rate_card_set_versions": [
        {"id": "35", "rate_card_set_id": "30", "effective_date": "2026-01-01"},
        {"id": "36", "rate_card_set_id": "30", "effective_date": "2026-03-16"},
    ],
    "rate_cards": [
        {"id": "31", "currency": "GBP", "rate_card_set_id": "30"},
        {"id": "32", "currency": "JPY", "rate_card_set_id": "30"},
    ],
    "rate_card_versions": [
        {"id": "37", "rate_card_id": "31", "rate_card_set_version_id": "35", "default_rate": 9000},
        {"id": "38", "rate_card_id": "31", "rate_card_set_version_id": "36", "default_rate": 0},
        {"id": "39", "rate_card_id": "32", "rate_card_set_version_id": "35", "default_rate": 0},
    ],
    "rate_card_roles": [
        {"id": "51", "rate_card_version_id": "37", "role_id": "41", "rate": 15000},
        {"id": "52", "rate_card_version_id": "38", "role_id": "41", "rate": 16000},
        {"id": "53", "rate_card_version_id": "39", "role_id": "41", "rate": 21000},
    ],
    "time_entries": [
        {"id": str(number), "workspace_id": "1" if number % 2 else "2", "user_id": "11",
         "story_id": "21", "date_performed": "2026-03-02", "time_in_minutes": 90,
         "approved": number % 3 == 0, "billable": True, "rate_in_cents": 15050,
         "currency": "GBP" if number % 2 else "JPY", "is_invoiced": False,
         "currency_base_unit": 100 if number % 2 else 1, "active_submission_id": "95"}
        for number in range(1000, 1450)
    ],
    "timesheet_submissions": [
        {"id": "95", "status": "approved", "user_id": "11", "workspace_id": "1",
         "time_entry_ids": ["1001", "1003"], "current_resolution_creator_id": "12",
         "start_date": "2026-03-02", "current_resolution_created_at_date": "2026-03-09"},
    ],
}  # fmt: skip


@pytest.fixture
def account(state: SandboxState) -> None:
    state.register_system("kantata", "kantata", {})
    with state.transaction() as transaction:
        for name, records in ACCOUNT.items():
            for record in records:
                transaction.put("kantata", name, record["id"], record, NOW)


@pytest.fixture
def kantata_setup(server: SandboxServer, account: None) -> Setup:
    system = System.model_validate(
        {
            "id": "kantata",
            "vendor": "kantata",
            "roles": ["psa"],
            "base_url": f"{server.url('kantata')}/api/v1",
            "credentials": {"token": "env:KANTATA_TOKEN"},
            "options": {
                "custom_fields": {
                    "code": "Project Code",
                    "cap": "Not To Exceed",
                    "billing_type": "Billing Type",
                },
                "customer_fields": {"number": "Customer Number"},
                "resource_fields": {"home_legal_entity": "Home Entity"},
                "billing_type_values": {"T&M": "time_and_materials"},
            },
        }
    )
    return Setup(system, {"KANTATA_TOKEN": "sandbox-token"}, PATIENCE)


@pytest.fixture
def kantata(kantata_setup: Setup):
    return vendor("kantata").build(kantata_setup)


@pytest.fixture
def feedback(kantata_setup: Setup):
    return vendor("kantata").feedback_writer(kantata_setup)
