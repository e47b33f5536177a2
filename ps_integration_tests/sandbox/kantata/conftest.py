"""A small Kantata account, and a client that may read it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from ps_integration.sandbox.server import SandboxServer
from ps_integration.sandbox.state import SandboxState

NOW = datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
RECORDS: dict[str, list[dict[str, Any]]] = {
    "workspaces": [
        {"id": "1", "title": "Apollo", "archived": False, "participant_ids": ["11"],
         "workspace_group_ids": ["7"], "currency": "GBP"},
        {"id": "2", "title": "Gemini", "archived": True, "participant_ids": []},
    ],
    "workspace_groups": [{"id": "7", "name": "Northwind", "company": True}],
    "users": [{"id": "11", "full_name": "Asha Verma", "email_address": "asha@example.com"},
              {"id": "12", "full_name": "Ben Mills", "email_address": "ben@example.com"}],
    "stories": [
        {"id": "21", "workspace_id": "1", "title": "Build", "story_type": "task"},
        {"id": "22", "workspace_id": "1", "title": "Go-live", "story_type": "milestone",
         "state": "completed", "fixed_fee": True, "budget_estimate_in_cents": 500000},
        {"id": "23", "workspace_id": "1", "title": "Gone", "story_type": "task",
         "deleted_at": "2026-03-05T00:00:00Z"},
        {"id": "24", "workspace_id": "2", "title": "Old", "story_type": "task"},
    ],
    "time_entries": [
        {"id": str(100 + day), "workspace_id": "1", "user_id": "11", "story_id": "21",
         "date_performed": f"2026-03-{day:02d}", "time_in_minutes": 60, "approved": day % 2 == 0,
         "billable": True}
        for day in range(1, 26)
    ] + [{"id": "200", "workspace_id": "2", "user_id": "11", "date_performed": "2026-03-01",
          "time_in_minutes": 30, "approved": True}],
    "rate_cards": [{"id": "31", "currency": "GBP", "rate_card_set_id": "30"}],
    "rate_card_versions": [{"id": "32", "rate_card_id": "31", "default_rate": 10000}],
    "rate_card_roles": [{"id": "33", "rate_card_version_id": "32", "role_id": "41",
                         "rate": 15000}],
    "roles": [{"id": "41", "name": "Consultant"}],
    "exchange_tables": [{"id": "51", "name": "Month end", "account_default": True}],
    "exchange_rates": [{"id": "52", "exchange_table_id": "51", "source_currency": "EUR",
                        "target_currency": "GBP", "rate": "0.85"}],
}  # fmt: skip


@dataclass
class Client:
    """Speaks to the account under test; every answer must be what the test expects."""

    root: str
    headers: dict[str, str]
    session: requests.Session = field(default_factory=requests.Session)

    def call(self, method: str, path: str, *, status: int = 200, **options: Any) -> Any:
        headers = {**self.headers, **options.pop("headers", {})}
        answer = self.session.request(
            method, f"{self.root}/{path}", headers=headers, timeout=10, **options
        )
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def get(self, path: str, **params: str) -> Any:
        return self.call("GET", path, params=params)

    def ids(self, path: str, **params: str) -> list[str]:
        return [row["id"] for row in self.get(path, **params)["results"]]

    def error(self, path: str, *, status: int = 400, **params: str) -> dict[str, str]:
        [error] = self.call("GET", path, status=status, params=params)["errors"]
        return dict(error)


@pytest.fixture
def register(state: SandboxState) -> Callable[..., None]:
    return lambda **settings: state.register_system("kantata", "kantata", settings)


@pytest.fixture
def client(
    server: SandboxServer, state: SandboxState, register: Callable[..., None]
) -> Iterator[Client]:
    state.set_clock(NOW)
    register()
    with state.transaction() as transaction:
        for collection, records in RECORDS.items():
            for index, record in enumerate(records):
                at = NOW - timedelta(days=1) + timedelta(minutes=index)
                transaction.put("kantata", collection, record["id"], record, at)
    made = Client(f"{server.url('kantata')}/api/v1", {"Authorization": "Bearer sandbox-token"})
    with made.session:
        yield made


@pytest.fixture
def reference() -> dict[str, Any]:
    return {
        "service_name": "business_central",
        "service_model": "salesInvoice",
        "service_model_ref": "PSI-UK-0001",
        "subject_type": "Workspace",
        "subject_id": 1,
        "status": "successful",
        "external_status": "open",
        "external_message": "PS-INV000001 GBP 999.98",
    }
