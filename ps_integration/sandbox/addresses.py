"""Where each vendor's API begins below a mounted system, and how its address is called."""

from collections.abc import Mapping
from typing import Final

from ps_integration.sandbox.server import SandboxServer

BUSINESS_CENTRAL: Final = "sandbox.example/Production"
"""Tenant and environment, when a system's settings name none (`environment`)."""
_BELOW: Final[Mapping[str, Mapping[str, str]]] = {
    "business_central": {"URL": "/v2.0/{environment}", "TOKEN_URL": "/oauth2/v2.0/token"},
    "clockify": {"URL": "/api/v1"},
    "harvest": {"URL": "/v2"},
    "kantata": {"URL": "/api/v1"},
    "netsuite": {"URL": ""},
    "xero": {"URL": "/api.xro/2.0", "TOKEN_URL": "/connect/token"},
}


def addresses(server: SandboxServer) -> dict[str, str]:
    """Return `<SYSTEM>_URL` (and `<SYSTEM>_TOKEN_URL`) for every system the sandbox serves."""
    found = {}
    for name, system in server.state.systems().items():
        environment = str(system.settings.get("environment", BUSINESS_CENTRAL))
        for word, path in _BELOW.get(system.vendor, {"URL": ""}).items():
            below = path.format(environment=environment)
            found[f"{name.upper()}_{word}"] = f"{server.url(name)}{below}"
    return found
