"""Fills a sandbox from a plain description, so that anybody can serve systems of their own.

The description names systems, each with its vendor, the vendor server's settings, and documents by
collection, in the vendor's own JSON; every document has an `id`::

    clock: 2026-03-31T22:00:00+00:00      # optional; real time rules without it
    environment: {MY_BC_SECRET: secret}   # optional; exported beside the addresses
    systems:
      bc:
        vendor: business_central
        settings: {clients: {me: secret}, tax_rates: {STANDARD: 20}}
        collections:
          companies: [{id: 1111..., name: Mine}]
          1111.../customers: [{id: 2222..., number: C1, displayName: Acme}]
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from ps_integration.sandbox.codec import Document, dumps, loads
from ps_integration.sandbox.state import SandboxState
from ps_integration.sandbox.vendors import vendor_names


class SeededSystem(msgspec.Struct, forbid_unknown_fields=True):
    """One system of a description."""

    vendor: str
    settings: dict[str, Any] = {}
    collections: dict[str, list[dict[str, Any]]] = {}


class Seed(msgspec.Struct, forbid_unknown_fields=True):
    """One description."""

    systems: dict[str, SeededSystem]
    clock: str | None = None
    environment: dict[str, str] = {}


def read_seed(data: object) -> Seed:
    """Read a description.

    Raises:
        ValueError: A key is unknown, missing or of the wrong kind, a vendor is not served, or a
            document has no id.
    """
    seed = msgspec.convert(data, Seed)
    known = vendor_names()
    for name, system in seed.systems.items():
        if system.vendor not in known:
            raise ValueError(f"systems.{name}: no vendor {system.vendor!r}; {', '.join(known)}")
        for collection, documents in system.collections.items():
            for at, document in enumerate(documents):
                if "id" not in document:
                    raise ValueError(f"systems.{name}.collections.{collection}.{at}: needs an id")
    return seed


def sow(state: SandboxState, seed: Seed) -> None:
    """Register the systems and enter their documents, once: what changed since then stays."""
    at = datetime.fromisoformat(seed.clock) if seed.clock else datetime.now(UTC)
    if seed.clock:
        state.set_clock(at)
    for name, system in seed.systems.items():
        state.register_system(name, system.vendor, system.settings)
        with state.transaction() as transaction:
            for collection, documents in system.collections.items():
                for document in documents:
                    key = str(document["id"])
                    if transaction.get(name, collection, key) is None:
                        transaction.put(name, collection, key, _exact(document), at)


def _exact(document: Mapping[str, Any]) -> Document:
    """Return the document as the sandbox keeps it: numbers with a fraction as exact decimals."""
    exact: Document = loads(dumps(document))
    return exact
