"""Business Central, by the sandbox: class F, drafts that are posted by a second call."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from ps_integration.sandbox.state import SandboxState
from ps_integration.sandbox.vendors.business_central import collection
from ps_integration_tests.posting.targets import SYSTEM, Canned, Held, HeldLine
from ps_integration_tests.posting.targets.serving import sandboxed

COMPANY = "11111111-1111-4111-8111-111111111111"
DIMENSION = "22222222-0000-4000-8000-000000000001"
BOOKS: Mapping[str, list[dict[str, object]]] = {
    "customers": [{"number": "C100", "displayName": "Northwind", "blocked": " "}],
    "accounts": [
        {"number": number, "displayName": number, "directPosting": True, "blocked": False}
        for number in ("1100", "2200", "4000")
    ],
    "dimensions": [{"code": "PROJECT"}],
    "dimensionValues": [{"code": "AP-1", "displayName": "Apollo"}],
    "accountingPeriods": [
        {"startingDate": f"2026-{month:02d}-01", "name": "M", "closed": False}
        for month in range(1, 13)
    ],
    "generalLedgerSetup": [
        {
            "localCurrencyCode": "USD",
            "allowPostingFrom": "2026-01-01",
            "allowPostingTo": "2026-12-31",
        }
    ],
}
STATES = {"Draft": "draft", "Open": "posted", "Paid": "posted", "Canceled": "cancelled"}


def seed() -> dict[str, object]:
    """One company with open books in 2026."""
    collections: dict[str, list[dict[str, object]]] = {
        "companies": [{"id": COMPANY, "name": "North"}]
    }
    for name, records in BOOKS.items():
        fixed = {"dimensions": {"id": DIMENSION}, "dimensionValues": {"dimensionId": DIMENSION}}
        collections[collection(COMPANY, name)] = [
            {
                "id": f"{sum(map(ord, name)):08x}-0000-4000-8000-{index:012d}",
                **record,
                **fixed.get(name, {}),
            }
            for index, record in enumerate(records)
        ]
    settings = {"requests_max": 1_000_000_000}
    system = {"vendor": "business_central", "settings": settings, "collections": collections}
    return {"clock": "2026-03-31T22:00:00+00:00", "systems": {SYSTEM: system}}


@dataclass
class SandboxBooks:
    """The sandbox's own tables."""

    origin: str
    state: SandboxState

    def documents(self, prefix: str) -> list[Held]:
        """Every document with a line whose description starts with `prefix`."""
        return [
            *self._listed("salesInvoice", prefix),
            *self._listed("salesCreditMemo", prefix),
        ]

    def _listed(self, kind: str, prefix: str) -> Iterator[Held]:
        by_document: dict[str, list[HeldLine]] = {}
        with self.state.reading() as reading:
            for row in reading.stored(SYSTEM, collection(COMPANY, f"{kind}Lines")):
                line = row.document
                minor = int(Decimal(str(line["amountExcludingTax"])) * 100)
                held = HeldLine(str(line["description"]), minor)
                if held.description.startswith(prefix):
                    by_document.setdefault(str(line["documentId"]), []).append(held)
            for erp_id, lines in by_document.items():
                header = reading.get(SYSTEM, collection(COMPANY, f"{kind}s"), erp_id)
                assert header is not None
                state = STATES[str(header["status"])]
                yield Held(erp_id, str(header["externalDocumentNumber"]), state, tuple(lines))


class BusinessCentral:
    """One company of one environment."""

    name = "business_central"
    planned: Mapping[str, object] = {
        "company": COMPANY,
        "customer_key": "c100",
        "currency": "USD",
        "project_external_id": f"{COMPANY}/AP-1",
        "tax_code": None,
        "revenue_account": "4000",
    }
    environ: Mapping[str, str] = {"ERP_ID": "sandbox-client", "ERP_SECRET": "sandbox-secret"}
    throttled = Canned(429, b'{"error":{"code":"Unknown","message":"Too many requests."}}')
    failed = Canned(502, b"<html><body>Bad Gateway</body></html>", {"Content-Type": "text/html"})
    refused = Canned(
        400,
        json.dumps(
            {
                "error": {
                    "code": "Application_DialogException",
                    "message": "Posting Date is not within your range of allowed posting dates.",
                }
            }
        ).encode(),
    )

    @contextmanager
    def serve(self, folder: Path) -> Iterator[SandboxBooks]:
        """Start the sandbox with one company's books."""
        with sandboxed(folder, seed()) as (origin, state):
            yield SandboxBooks(origin, state)

    def system(self, origin: str) -> dict[str, object]:
        """The system's part of a firm file."""
        return {
            "id": SYSTEM,
            "vendor": "business_central",
            "roles": ["erp"],
            "base_url": f"{origin}/{SYSTEM}/v2.0/demo/Production",
            "credentials": {"client_id": "env:ERP_ID", "client_secret": "env:ERP_SECRET"},
            "options": {
                "tenant": "demo",
                "environment": "Production",
                "companies": {"us": COMPANY},
                "revenue_accounts": ["4000"],
                "token_url": f"{origin}/{SYSTEM}/oauth2/v2.0/token",
            },
        }

    def is_write(self, method: str, path: str, body: bytes) -> bool:
        """Everything but reading and the token."""
        return method != "GET" and not path.endswith("/token")


TARGET = BusinessCentral()
