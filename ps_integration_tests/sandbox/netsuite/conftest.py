"""A NetSuite sandbox, and raw requests to it, signed."""

import pytest
import requests

from ps_integration.connectors.auth import Secret
from ps_integration.connectors.vendors.netsuite.signing import TokenBased
from ps_integration_tests.posting.targets import netsuite


def signer(**changed):
    told = {"account": "1234567_SB1", **netsuite.ENVIRONMENT, **changed}
    consumer = Secret("A", told["NS_CONSUMER_KEY"]), Secret("B", told["NS_CONSUMER_SECRET"])
    token = Secret("C", told["NS_TOKEN_ID"]), Secret("D", told["NS_TOKEN_SECRET"])
    more = {name: told[name] for name in ("clock", "nonce") if name in told}
    return TokenBased(told["account"], consumer, token, **more)


@pytest.fixture
def settings():
    return {}


@pytest.fixture
def server(tmp_path, settings):
    with netsuite.serving(tmp_path, **settings) as server:
        server.state.set_clock(netsuite.NOW)
        yield server


@pytest.fixture
def call(server):
    """Call a path below `/services/rest`."""

    def go(method, path, body=None, auth=None, url=None, **headers):
        address = f"{url or netsuite.base_url(server)}/services/rest{path}"
        signed = (auth or signer()).sign(method, address)
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.request(
            method, address, json=body, headers={**told, **signed}, timeout=5, allow_redirects=False
        )

    return go


@pytest.fixture
def error():
    """Status, code and path of an error answer."""

    def read(response):
        body = response.json()
        assert body["status"] == response.status_code
        [told] = body["o:errorDetails"]
        return response.status_code, told["o:errorCode"], told.get("o:errorPath", "")

    return read


@pytest.fixture
def body():
    return {
        "entity": {"externalId": "C100"},
        "subsidiary": {"id": "1"},
        "currency": {"id": "1"},
        "tranDate": "2026-03-31",
        "item": {
            "items": [
                {
                    "item": {"id": "401"},
                    "quantity": 2,
                    "price": {"id": "-1"},
                    "rate": 50,
                    "taxCode": {"id": "501"},
                    "job": {"id": "301"},
                }
            ]
        },
    }
