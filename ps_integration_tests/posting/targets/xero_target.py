"""Xero, by the sandbox: class K, documents are posted as they are created."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ps_integration.sandbox.state import SandboxState
from ps_integration.sandbox.vendors.xero import collection
from ps_integration_tests.posting.targets import SYSTEM, Canned, Held, HeldLine, minor, xero
from ps_integration_tests.posting.targets.serving import sandboxed

TOKEN_SECONDS = 1_000_000_000
NUMBERS = {"Invoices": "InvoiceNumber", "CreditNotes": "CreditNoteNumber"}


@dataclass
class XeroBooks:
    """The sandbox's own tables."""

    origin: str
    state: SandboxState

    def documents(self, prefix: str) -> list[Held]:
        """Every document with a line whose description starts with `prefix`."""
        found = []
        for name, number in NUMBERS.items():
            for row in self.state.stored(xero.SYSTEM, collection(xero.TENANT, name)):
                document = row.document
                lines = tuple(
                    HeldLine(line["Description"], minor(line["LineAmount"]))
                    for line in document["LineItems"]
                )
                if any(line.description.startswith(prefix) for line in lines):
                    state = xero.STATES[document["Status"]]
                    found.append(Held(row.id, document[number], state, lines))
        return found


class XeroTarget:
    """One organisation; its server forgets idempotency keys by the harness's clock."""

    name = "xero"
    planned: Mapping[str, object] = {
        "company": xero.TENANT,
        "customer_key": "c100",
        "currency": "USD",
    }
    environ = xero.setup("http://127.0.0.1").environ
    throttled = Canned(
        429,
        b'{"Type":null,"Title":"Too Many Requests","Status":429,"Detail":"","Extensions":{}}',
        {"Retry-After": "2", "X-Rate-Limit-Problem": "minute"},
    )
    failed = Canned(500, b"<html><body>Error</body></html>", {"Content-Type": "text/html"})
    refused = Canned(
        400,
        json.dumps(
            {
                "ErrorNumber": 10,
                "Type": "ValidationException",
                "Message": "A validation exception occurred",
                "Elements": [
                    {
                        "ValidationErrors": [
                            {
                                "Message": "The document date cannot be before the period lock"
                                " date, currently set at 31-Mar-2026"
                            }
                        ]
                    }
                ],
            }
        ).encode(),
    )

    @contextmanager
    def serve(self, folder: Path, now: Callable[[], datetime]) -> Iterator[XeroBooks]:
        """Start the sandbox with one organisation's books."""

        def sow(state: SandboxState) -> None:
            xero.seed(state, now=None, token_seconds=TOKEN_SECONDS)

        with sandboxed(folder, sow, now) as (origin, state):
            yield XeroBooks(origin, state)

    def system(self, origin: str) -> dict[str, object]:
        """The system's part of a firm file."""
        told = xero.setup(f"{origin}/{xero.SYSTEM}").system
        return {**told.model_dump(mode="json", exclude_defaults=True), "id": SYSTEM}

    def is_write(self, method: str, path: str, body: bytes) -> bool:
        """Everything but reading and the token."""
        return method != "GET" and not path.endswith("/token")


TARGET = XeroTarget()
