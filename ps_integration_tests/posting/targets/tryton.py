"""Tryton, live: class F, drafts that are posted by a second call, a server process of its own."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from ps_integration.sandbox.servers.tryton.books import Books, Company, Customer, Work
from ps_integration.sandbox.servers.tryton.rpc import Rpc
from ps_integration.sandbox.servers.tryton.server import DATABASE, PASSWORD, is_installed, serve
from ps_integration_tests.posting.targets import SYSTEM, Canned, Held, HeldLine

COMPANY = "1"
BOOKS = Books(
    companies=(
        Company("us", "North", "USD", {"Exempt": 0}, (Work("AP-1", "Apollo", "C100", "Exempt"),)),
    ),
    customers=(Customer("C100", "Northwind"),),
    rates={"USD": {date(2026, 1, 1): Decimal(1)}},
)
STATES = {
    "draft": "draft",
    "validated": "draft",
    "posted": "posted",
    "paid": "posted",
    "cancelled": "cancelled",
}
CHANGING = {f"model.account.invoice.{verb}" for verb in ("create", "write", "post", "delete")}
CLOSED = ["To continue, you must reopen the period.", "", None]


@dataclass
class LiveBooks:
    """A running server, looked at as its administrator."""

    origin: str
    rpc: Rpc

    def documents(self, prefix: str) -> list[Held]:
        """Every document with a line whose description starts with `prefix`."""
        escaped = prefix.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        lines = self.rpc.read(
            "account.invoice.line",
            [["description", "like", f"{escaped}%"], ["invoice.type", "=", "out"]],
            "description",
            "amount",
            "invoice.reference",
            "invoice.state",
        )
        found: dict[int, tuple[dict[str, str], list[HeldLine]]] = {}
        for line in lines:
            minor = int(Decimal(line["amount"]["decimal"]) * 100)
            invoice = line["invoice."]
            _, held = found.setdefault(invoice["id"], (invoice, []))
            held.append(HeldLine(line["description"], minor))
        return [
            Held(str(key), invoice["reference"] or "", STATES[invoice["state"]], tuple(held))
            for key, (invoice, held) in found.items()
        ]


class Tryton:
    """One company of one database; `serve` also takes the address of a PostgreSQL."""

    name = "tryton"
    planned: Mapping[str, object] = {
        "company": COMPANY,
        "customer_key": "c100",
        "currency": "USD",
        "project_external_id": f"{COMPANY}/1",
        "tax_code": "Exempt",
        "revenue_account": "4000",
    }
    environ: Mapping[str, str] = {"ERP_PASSWORD": PASSWORD}
    throttled = Canned(429, b"<h1>Too Many Requests</h1>", {"Content-Type": "text/html"})
    failed = Canned(502, b"<html><body>Bad Gateway</body></html>", {"Content-Type": "text/html"})
    refused = Canned(200, json.dumps({"id": 1, "error": ["UserError", CLOSED]}).encode())

    @contextmanager
    def serve(self, folder: Path, now: Callable[[], datetime] | None = None) -> Iterator[LiveBooks]:
        """Start a server with one company's books, all of 2026 open; it has its own time."""
        del now
        with serve(folder / "tryton", BOOKS) as live:
            assert live.companies == {"us": COMPANY}
            yield LiveBooks(live.url, live.rpc())

    def system(self, origin: str) -> dict[str, object]:
        """The system's part of a firm file."""
        return {
            "id": SYSTEM,
            "vendor": "tryton",
            "roles": ["erp"],
            "base_url": origin,
            "credentials": {"password": "env:ERP_PASSWORD"},
            "options": {
                "database": DATABASE,
                "user": "admin",
                "companies": {"us": COMPANY},
                "revenue_accounts": ["4000"],
                "project_key": {"field": "name", "pattern": r"^(\w+-\d+)"},
                "quantity_decimals": 5,
            },
        }

    def is_write(self, method: str, path: str, body: bytes) -> bool:
        """Everything is a POST there; its method's name tells."""
        return method == "POST" and json.loads(body or b"{}").get("method") in CHANGING


TARGET = Tryton() if is_installed() else None
