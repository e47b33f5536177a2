"""NetSuite's token-based authentication: every request signed as OAuth 1.0 says (RFC 5849, 3.4).

Of NetSuite's two ways for machines this one needs nothing but an HMAC, and no token that ends in
the middle of a night; OAuth 2.0 with a certificate would need a library for signatures of JWTs and
a certificate that somebody renews. Vendor pages "Token-based Authentication (TBA)", "The Signature
for Web Services and RESTlets", "The Authorization Headers": HMAC-SHA256, realm = account id with
capitals and underscore.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

from ps_integration.connectors.auth import Secret

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_NONCE_BYTES: Final = 16


class TokenBased:
    """Signs each request with the integration's and the token's secrets."""

    def __init__(
        self,
        account: str,
        consumer: tuple[Secret, Secret],
        token: tuple[Secret, Secret],
        clock: Callable[[], float] = time.time,
        nonce: Callable[[], str] = lambda: secrets.token_hex(_NONCE_BYTES),
    ) -> None:
        """Take the credentials.

        Args:
            account: Account id, e.g. `1234567_SB1`.
            consumer: Key and secret of the integration record.
            token: Id and secret of the access token.
            clock: Seconds since 1970; NetSuite refuses signatures more than five minutes off.
            nonce: A text never used before.
        """
        self._account = account
        self._consumer = consumer
        self._token = token
        self._clock = clock
        self._nonce = nonce

    def headers(self) -> Mapping[str, str]:
        """None: the header is made for each request."""
        return {}

    def sign(self, method: str, url: str) -> Mapping[str, str]:
        """The Authorization header of one request."""
        told = {
            "oauth_consumer_key": self._consumer[0].value,
            "oauth_nonce": self._nonce(),
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_timestamp": str(int(self._clock())),
            "oauth_token": self._token[0].value,
            "oauth_version": "1.0",
        }
        key = f"{encode(self._consumer[1].value)}&{encode(self._token[1].value)}"
        text = base_string(method, url, told)
        digest = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
        signed = {**told, "oauth_signature": base64.b64encode(digest).decode("ascii")}
        parts = [f'realm="{encode(self._account)}"']
        parts += [f'{name}="{encode(value)}"' for name, value in signed.items()]
        return {"Authorization": f"OAuth {', '.join(parts)}"}

    def refresh(self, used: Mapping[str, str]) -> bool:  # noqa: ARG002 - shape of Auth
        """A signature cannot be refreshed."""
        return False

    def secrets(self) -> tuple[str, ...]:
        """All four values."""
        return tuple(one.value for one in (*self._consumer, *self._token))

    def sources(self) -> str:
        """Where they came from."""
        return ", ".join(dict.fromkeys(one.source for one in (*self._consumer, *self._token)))


def encode(text: str) -> str:
    """Percent-encode as RFC 5849, 3.6 says."""
    return quote(text, safe="-._~")


def base_string(method: str, url: str, told: Mapping[str, str]) -> str:
    """The text that is signed (RFC 5849, 3.4.1): method, address, sorted parameters."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    port = parts.port
    if port is not None and port != _DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{port}"
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *told.items()]
    sent = sorted((encode(name), encode(value)) for name, value in pairs)
    query = "&".join(f"{name}={value}" for name, value in sent)
    address = f"{parts.scheme.lower()}://{host}{parts.path or '/'}"
    return "&".join(encode(part) for part in (method.upper(), address, query))
