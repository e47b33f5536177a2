"""A company with open books in March 2026, and a client that holds a token for it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from ps_integration.sandbox.server import SandboxServer
from ps_integration.sandbox.state import SandboxState
from ps_integration.sandbox.vendors.business_central import collection

NOW = datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
COMPANY = "11111111-1111-4111-8111-111111111111"
SCOPE = "https://api.businesscentral.dynamics.com/.default"
RECORDS: dict[str, list[dict[str, Any]]] = {
    "customers": [
        {"number": "10000", "displayName": "Northwind", "currencyCode": "GBP", "blocked": " "},
        {"number": "20000", "displayName": "Blocked Ltd", "currencyCode": "", "blocked": "All"},
    ],
    "accounts": [
        {"number": number, "displayName": number, "directPosting": direct, "blocked": False}
        for number, direct in (("1100", False), ("2200", False), ("4000", True), ("4100", True))
    ],
    "resources": [{"number": "CONSULT", "revenueAccountNumber": "4100"}],
    "currencies": [
        {"code": "EUR", "amountRoundingPrecision": "0.01"},
        {"code": "JPY", "amountRoundingPrecision": 1},
        {"code": "CHF", "amountRoundingPrecision": "0.01"},
    ],
    "currencyExchangeRates": [
        {"currencyCode": code, "startingDate": "2026-03-01", "exchangeRateAmount": 1,
         "relationalCurrencyCode": "GBP", "relationalExchangeRateAmount": rate}
        for code, rate in (("EUR", "0.85"), ("JPY", "0.005"))
    ],
    "dimensions": [{"id": "22222222-0000-4000-8000-000000000001", "code": "PROJECT"}],
    "dimensionValues": [
        {"code": "P100", "dimensionId": "22222222-0000-4000-8000-000000000001",
         "displayName": "Apollo"},
    ],
    "accountingPeriods": [
        {"startingDate": "2026-01-01", "name": "January", "closed": True},
        {"startingDate": "2026-02-01", "name": "February", "closed": False},
        {"startingDate": "2026-03-01", "name": "March", "closed": False},
    ],
    "generalLedgerSetup": [{"localCurrencyCode": "GBP", "allowPostingFrom": "2026-01-01",
                            "allowPostingTo": "2026-12-31"}],
    "projects": [{"number": f"P{number}", "displayName": f"Project {number}"}
                 for number in range(100, 105)],
    "projectBillings": [{"projectNumber": "P100", "customerNumber": "10000", "status": "Open"}],
}  # fmt: skip


def record_id(set_name: str, index: int) -> str:
    return f"{sum(map(ord, set_name)):08x}-0000-4000-8000-{index:012d}"


@dataclass
class Client:
    """Speaks to the company under test; every answer must be what the test expects."""

    root: str
    headers: dict[str, str]
    session: requests.Session = field(default_factory=requests.Session)
    broken = requests.ConnectionError

    def collection(self, set_name: str) -> str:
        return collection(COMPANY, set_name)

    def call(self, method: str, path: str, *, status: int, **options: Any) -> Any:
        headers = {**self.headers, **options.pop("headers", {})}
        answer = self.session.request(
            method, f"{self.root}/{path}", headers=headers, timeout=10, **options
        )
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def fresh_post(self, address: str) -> requests.Response:
        return requests.post(address, headers=self.headers, timeout=10)

    def get(self, path: str, *, status: int = 200, **params: str) -> Any:
        return self.call("GET", path, status=status, params=params)

    def post(self, path: str, body: Any = None, *, status: int = 201) -> Any:
        return self.call("POST", path, status=status, json=body)

    def code(self, method: str, path: str, *, status: int = 400, **options: Any) -> str:
        return str(self.call(method, path, status=status, **options)["error"]["code"])

    def refusal(self, method: str, path: str, *, status: int = 400, **options: Any) -> str:
        message = str(self.call(method, path, status=status, **options)["error"]["message"])
        return message.partition("  CorrelationId")[0]


@pytest.fixture
def register(state: SandboxState) -> Callable[..., None]:
    def put(**settings: Any) -> None:
        tax = {"tax_rates": {"STANDARD": 20}}
        state.register_system("bc", "business_central", {**tax, **settings})

    return put


@pytest.fixture
def books(state: SandboxState, register: Callable[..., None]) -> None:
    state.set_clock(NOW)
    register()
    with state.transaction() as transaction:
        transaction.put("bc", "companies", COMPANY, {"id": COMPANY, "name": "North UK"}, NOW)
        for set_name, records in RECORDS.items():
            for index, record in enumerate(records):
                document = {"id": record_id(set_name, index), **record}
                transaction.put("bc", collection(COMPANY, set_name), document["id"], document, NOW)


@pytest.fixture
def token(server: SandboxServer) -> Callable[..., requests.Response]:
    def ask(**changes: str) -> requests.Response:
        form = {
            "grant_type": "client_credentials",
            "client_id": "sandbox-client",
            "client_secret": "sandbox-secret",
            "scope": SCOPE,
        }
        address = f"{server.url('bc')}/oauth2/v2.0/token"
        return requests.post(address, data={**form, **changes}, timeout=10)

    return ask


@pytest.fixture
def client(
    server: SandboxServer, books: None, token: Callable[..., requests.Response]
) -> Iterator[Client]:
    headers = {"Authorization": f"Bearer {token().json()['access_token']}"}
    root = f"{server.url('bc')}/v2.0/demo/Production/api/v2.0/companies({COMPANY})"
    made = Client(root, headers)
    with made.session:
        yield made


@pytest.fixture
def invoice() -> dict[str, Any]:
    return {
        "customerNumber": "10000",
        "externalDocumentNumber": "PSI-UK-0001",
        "salesInvoiceLines": [
            {
                "lineType": "Account",
                "lineObjectNumber": "4000",
                "description": "Consulting",
                "quantity": 7.5,
                "unitPrice": 133.33,
                "dimensionSetLines": [{"code": "PROJECT", "valueCode": "P100"}],
            }
        ],
    }


@pytest.fixture
def record() -> Callable[[str, int], tuple[str, str]]:
    return lambda set_name, index: (collection(COMPANY, set_name), record_id(set_name, index))
