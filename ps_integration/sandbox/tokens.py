"""Bearer tokens of client-credentials vendors: signed, so that the server remembers none."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime

from ps_integration.sandbox.codec import dumps, loads


def issue_token(client: str, secret: str, expires: datetime) -> str:
    """Sign a token of one client."""
    claims = urlsafe_b64encode(dumps({"appid": client, "exp": expires.isoformat()})).decode()
    return f"{claims}.{_signature(claims, secret)}"


def token_client(authorization: str, clients: Mapping[str, str], now: datetime) -> str | None:
    """The client a bearer token was issued to; None for no token, another's, or an expired one.

    Args:
        authorization: The request's header, empty without one.
        clients: Id of each client with its secret.
        now: Aware UTC.
    """
    scheme, _, token = authorization.partition(" ")
    claims, _, signature = token.partition(".")
    try:
        read = loads(urlsafe_b64decode(claims.encode()))
        client, expires = str(read["appid"]), datetime.fromisoformat(read["exp"])
    except (ValueError, KeyError, TypeError):
        return None
    secret = clients.get(client)
    is_ours = secret is not None and hmac.compare_digest(signature, _signature(claims, secret))
    return client if scheme == "Bearer" and is_ours and expires > now else None


def _signature(claims: str, secret: str) -> str:
    return hmac.new(secret.encode(), claims.encode(), hashlib.sha256).hexdigest()
