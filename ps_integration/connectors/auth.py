"""Who we are to a vendor: header authentication with secrets from the environment only."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from ps_integration.errors import FixConfigError


@dataclass(frozen=True, slots=True)
class Secret:
    """A credential and where it came from; shows only the latter."""

    source: str
    value: str = field(repr=False)

    def __str__(self) -> str:
        return self.source


def secret(reference: str, environ: Mapping[str, str]) -> Secret:
    """Look up an `env:NAME` reference.

    Raises:
        FixConfigError: The reference has another form, or the variable is missing or empty.
    """
    scheme, _, name = reference.partition(":")
    if scheme != "env" or not name:
        raise FixConfigError("a credential must be a reference such as env:HARVEST_TOKEN")
    value = environ.get(name, "").strip()
    if not value:
        raise FixConfigError(f"the environment variable {name} is not set; set it and run again")
    return Secret(name, value)


class Auth(Protocol):
    """What the HTTP client asks of an authentication."""

    def headers(self) -> Mapping[str, str]:
        """Headers that authenticate one request."""

    def refresh(self, used: Mapping[str, str]) -> bool:
        """Get a fresh token after a 401 to a request with these headers; False = cannot."""

    def secrets(self) -> tuple[str, ...]:
        """Every value that must never be shown."""

    def sources(self) -> str:
        """Names of the environment variables the credentials came from."""


@runtime_checkable
class SigningAuth(Auth, Protocol):
    """An authentication that covers the request itself; its `headers` may be empty."""

    def sign(self, method: str, url: str) -> Mapping[str, str]:
        """Headers for one request, from its method and its whole URL as it leaves."""


class HeaderAuth:
    """Fixed headers: bearer tokens, API keys, account ids."""

    def __init__(self, secret_headers: Mapping[str, tuple[str, Secret]]) -> None:
        """Take header name -> (text before the secret, secret)."""
        self._headers = {name: pre + key.value for name, (pre, key) in secret_headers.items()}
        self._secrets = tuple(key for _, key in secret_headers.values())

    def headers(self) -> Mapping[str, str]:
        """The same headers on every request."""
        return self._headers

    def refresh(self, used: Mapping[str, str]) -> bool:  # noqa: ARG002 - shape of Auth
        """A fixed key cannot be refreshed."""
        return False

    def secrets(self) -> tuple[str, ...]:
        """The secret values."""
        return tuple(key.value for key in self._secrets)

    def sources(self) -> str:
        """Where they came from."""
        return ", ".join(key.source for key in self._secrets)


def bearer(token: Secret) -> HeaderAuth:
    """`Authorization: Bearer ...`."""
    return HeaderAuth({"Authorization": ("Bearer ", token)})


def api_key(header: str, key: Secret) -> HeaderAuth:
    """The key in a header of the vendor's own name."""
    return HeaderAuth({header: ("", key)})


def basic(user: str, password: Secret) -> HeaderAuth:
    """HTTP basic authentication."""
    both = base64.b64encode(f"{user}:{password.value}".encode()).decode("ascii")
    return HeaderAuth({"Authorization": ("Basic ", Secret(password.source, both))})


class NoAuth:
    """No credentials at all."""

    def headers(self) -> Mapping[str, str]:
        """None."""
        return {}

    def refresh(self, used: Mapping[str, str]) -> bool:  # noqa: ARG002 - shape of Auth
        """Nothing to refresh."""
        return False

    def secrets(self) -> tuple[str, ...]:
        """None."""
        return ()

    def sources(self) -> str:
        """None."""
        return ""
