"""Recorded answers served again over HTTP, so that the whole connector runs in a test."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from ps_integration.connectors.body import Caps
from ps_integration.connectors.http import Policy
from ps_integration.connectors.parse import strict_json
from ps_integration.connectors.protocol import Ask, Connector
from ps_integration.connectors.registry import vendor
from ps_integration.connectors.rows import COLUMNS
from ps_integration.connectors.setup import Setup
from ps_integration.settings.firm import System
from ps_integration_tests.connectors.server import scripted

ANSWERS = Path(__file__).parent / "answers"
NOW = datetime(2026, 3, 31, 22, 0, tzinfo=UTC)


def exchanges(name: str) -> list[dict[str, Any]]:
    """Every recorded exchange of a vendor."""
    files = sorted(f for f in (ANSWERS / name).glob("*.json") if f.name != "case.json")
    return [one for file in files for one in json.loads(file.read_text())]


def _send(handler: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def replayed(name: str, options: dict[str, Any], base: str = "") -> Iterator[Connector]:
    """A connector whose far side answers as recorded; what was not recorded is 404."""
    recorded = {
        (one["path"], frozenset(one["query"].items())): one["answer"] for one in exchanges(name)
    }

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked = urlsplit(handler.path)
        key = (unquote(asked.path.removeprefix(base)), frozenset(parse_qsl(asked.query)))
        found = recorded.get(key)
        token = {"access_token": "t", "expires_in": 3600} if handler.command == "POST" else None
        body = token if token is not None else found
        _send(handler, 404 if body is None else 200, json.dumps(body or {}).encode())

    with scripted(answer) as script:
        tokens = {"token_url": f"{script.url}/token"} if name == "business_central" else {}
        system = System.model_validate(
            {
                "id": "s",
                "vendor": name,
                "roles": ["erp" if tokens else "psa"],
                "base_url": f"{script.url}{base}",
                "credentials": dict.fromkeys(vendor(name).credentials, "env:SECRET"),
                "options": {**options, **tokens},
            }
        )
        policy = Policy(Caps(2, 2, 5), tries=1, sleep=lambda _: None)
        yield vendor(name).build(Setup(system, {"SECRET": "x"}, policy))


def payloads(connector: Connector, name: str) -> list[dict[str, Any]]:
    """The raw records of a stream, strictly parsed."""
    (stream,) = [one for one in connector.streams() if one.name == name]
    ask = Ask(stream, "full", None, None, NOW)
    return [strict_json(record.payload) for page in connector.pages(ask) for record in page]  # type: ignore[misc] # a raw record is an object


def rows(connector: Connector, name: str, payload: Any) -> list[tuple[str, dict[str, Any]]]:
    """The canonical rows of one record; each has every column of its table and no other."""
    found = connector.parse(name, payload)
    for row in found:
        assert set(row.values) == set(COLUMNS[row.table]), row.table
    return [(row.table, dict(row.values)) for row in found]
