"""NetSuite, by the sandbox: class U, an upsert by external id posts at once."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ps_integration.sandbox.state import SandboxState
from ps_integration.sandbox.vendors.netsuite.tables import status_of
from ps_integration_tests.posting.targets import SYSTEM, Canned, Held, HeldLine, minor, netsuite
from ps_integration_tests.posting.targets.serving import sandboxed

STATES = {"D": "draft", "E": "cancelled", "V": "cancelled"}


@dataclass
class NetSuiteBooks:
    """The sandbox's own tables."""

    origin: str
    state: SandboxState

    def documents(self, prefix: str) -> list[Held]:
        """Every document with a line whose description starts with `prefix`."""
        found = []
        for name in ("invoice", "creditMemo"):
            for row in self.state.stored(netsuite.SYSTEM, name):
                document = row.document
                lines = tuple(
                    HeldLine(line["description"], minor(line["amount"]))
                    for line in document["item"]["items"]
                )
                if any(line.description.startswith(prefix) for line in lines):
                    state = STATES.get(status_of(document), "posted")
                    found.append(Held(row.id, document.get("externalId", ""), state, lines))
        return found


def _error(status: int, title: str, code: str, detail: str) -> bytes:
    told = [{"detail": detail, "o:errorCode": code}]
    return json.dumps({"title": title, "status": status, "o:errorDetails": told}).encode()


class NetSuiteTarget:
    """One subsidiary; requests are signed by the real clock, so the server keeps it."""

    name = "netsuite"
    planned: Mapping[str, object] = {
        "company": netsuite.COMPANY,
        "customer_key": netsuite.CUSTOMER_KEY,
        "currency": netsuite.CURRENCY,
        "project_external_id": netsuite.PROJECT_EXTERNAL_ID,
        "revenue_account": netsuite.REVENUE_ACCOUNT,
        "tax_code": netsuite.TAX_CODE,
    }
    environ = netsuite.ENVIRONMENT
    throttled = Canned(
        429,
        _error(
            429,
            "Too Many Requests",
            "CONCURRENCY_LIMIT_EXCEEDED",
            "Concurrent request limit exceeded. Request blocked.",
        ),
    )
    failed = Canned(500, _error(500, "Internal Server Error", "UNEXPECTED_ERROR", "Try again."))
    refused = Canned(400, _error(400, "Bad Request", "USER_ERROR", "The posting period is closed."))

    @contextmanager
    def serve(self, folder: Path, now: Callable[[], datetime]) -> Iterator[NetSuiteBooks]:
        """Start the sandbox with one subsidiary's books."""
        del now
        with sandboxed(folder, netsuite.seed) as (origin, state):
            yield NetSuiteBooks(origin, state)

    def system(self, origin: str) -> dict[str, object]:
        """The system's part of a firm file."""
        told = netsuite.setup(f"{origin}/{netsuite.SYSTEM}").system
        return {**told.model_dump(mode="json", exclude_defaults=True), "id": SYSTEM}

    def is_write(self, method: str, path: str, body: bytes) -> bool:
        """Everything but reading, by GET or as a query."""
        return method != "GET" and not path.endswith("/suiteql")


TARGET = NetSuiteTarget()
