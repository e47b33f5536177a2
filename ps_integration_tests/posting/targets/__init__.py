"""ERPs that tests post to over HTTP: what each must say of itself to be driven.

One module per ERP, named as its vendor, with one object `TARGET`. The crash harness puts its fault
proxy between the product and the server; so a target names everything below an origin, says which
requests write, and lists what the ERP holds without our connector.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from ps_integration.connectors.http import Policy
from ps_integration.connectors.protocol import ErpWriter
from ps_integration.connectors.registry import vendor
from ps_integration.connectors.setup import Setup
from ps_integration.settings.firm import System

SYSTEM = "erp"
"""Id of the ERP's system in every firm file that tests make."""


@dataclass(frozen=True)
class HeldLine:
    """One line as the ERP keeps it; its amount before tax, in minor units."""

    description: str
    amount_minor: int


@dataclass(frozen=True)
class Held:
    """One document as the ERP keeps it, drafts and cancelled ones included."""

    erp_id: str
    reference: str
    state: Literal["draft", "posted", "cancelled"]
    lines: tuple[HeldLine, ...]


@dataclass(frozen=True)
class Canned:
    """An answer that the fault proxy gives in the vendor's place."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Server(Protocol):
    """A running ERP."""

    origin: str
    """Scheme, host and port, e.g. `http://127.0.0.1:4711`."""

    def documents(self, prefix: str) -> list[Held]:
        """Every document with a line whose description starts with `prefix`.

        Read from behind the server (its database) or by another way than our connector.
        """


class Target(Protocol):
    """One kind of ERP; holds no state, the servers do."""

    name: str
    """The vendor's name in the registry."""
    planned: Mapping[str, object]
    """Fields of `making.PlanDocument` that fit the server's books (posting date 2026-03-31):
    company, customer_key, currency, project_external_id, tax_code, revenue_account, ..."""
    environ: Mapping[str, str]
    """What `system`'s `env:` references name."""
    throttled: Canned
    """The vendor's documented answer over its rate limit: not processed."""
    failed: Canned
    """The vendor's own 5xx, or its gateway's."""
    refused: Canned
    """A documented refusal of a write by the books, e.g. a closed period: not processed."""

    def serve(self, folder: Path) -> AbstractContextManager[Server]:
        """Start a server with seeded books in processes of its own; its files go to `folder`."""

    def system(self, origin: str) -> dict[str, object]:
        """The ERP's part of a firm file, id `SYSTEM`, reached at `origin` (server or proxy)."""

    def is_write(self, method: str, path: str, body: bytes) -> bool:
        """Whether a request changes documents; signing in and look-ups do not."""


def targets() -> Iterator[Target]:
    """Every ERP there is a module for."""
    for module in sorted(one.name for one in pkgutil.iter_modules(__path__)):
        found = getattr(importlib.import_module(f"{__name__}.{module}"), "TARGET", None)
        if found is not None:
            yield found


def writer(target: Target, origin: str, policy: Policy) -> ErpWriter:
    """The product's own writer to a server."""
    system = System.model_validate(target.system(origin))
    made = vendor(system.vendor).erp_writer
    assert made is not None
    return made(Setup(system, target.environ, policy))
