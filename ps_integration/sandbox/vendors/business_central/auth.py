"""Client credentials of the vendor's identity platform: the token endpoint and its tokens.

Vendor pages: "OAuth 2.0 client credentials flow"; "Using service-to-service authentication".
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta

from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.answers import json_answer
from ps_integration.sandbox.codec import dumps, loads
from ps_integration.sandbox.vendors import Context
from ps_integration.sandbox.vendors.business_central.errors import (
    UNAUTHORIZED,
    BusinessCentralError,
)

SCOPE = "https://api.businesscentral.dynamics.com/.default"


def token_answer(request: Request, context: Context) -> Response:
    """Answer `POST /oauth2/v2.0/token`."""
    clients: Mapping[str, str] = context.settings["clients"]
    client = request.form.get("client_id", "")
    secret = request.form.get("client_secret", "")
    if request.form.get("grant_type") != "client_credentials":
        return _refusal(400, "unsupported_grant_type", 70003, "The grant type is not supported.")
    if request.form.get("scope") != SCOPE:
        return _refusal(400, "invalid_scope", 70011, "The provided value for scope is not valid.")
    if client not in clients:
        return _refusal(400, "unauthorized_client", 700016, "Application was not found.")
    if not hmac.compare_digest(clients[client].encode(), secret.encode()):
        return _refusal(401, "invalid_client", 7000215, "Invalid client secret provided.")
    seconds = int(context.settings["token_seconds"])
    return json_answer(
        {
            "token_type": "Bearer",
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": issue_token(client, secret, context.now + timedelta(seconds=seconds)),
        }
    )


def issue_token(client: str, secret: str, expires: datetime) -> str:
    """Sign a token that needs no memory on the server."""
    claims = urlsafe_b64encode(dumps({"appid": client, "exp": expires.isoformat()})).decode()
    return f"{claims}.{_signature(claims, secret)}"


def authenticated_client(request: Request, context: Context) -> str:
    """Return the client a request's bearer token was issued to.

    Raises:
        BusinessCentralError: 401, no token, not ours, or expired.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    claims, _, signature = token.partition(".")
    try:
        read = loads(urlsafe_b64decode(claims.encode()))
        client, expires = str(read["appid"]), datetime.fromisoformat(read["exp"])
    except (ValueError, KeyError, TypeError):
        raise _rejected() from None
    secret = context.settings["clients"].get(client)
    is_ours = secret is not None and hmac.compare_digest(signature, _signature(claims, secret))
    if scheme != "Bearer" or not is_ours or expires <= context.now:
        raise _rejected()
    return client


def _rejected() -> BusinessCentralError:
    return BusinessCentralError(
        UNAUTHORIZED,
        "Authentication_InvalidCredentials",
        "The server has rejected the client credentials.",
    )


def _signature(claims: str, secret: str) -> str:
    return hmac.new(secret.encode(), claims.encode(), hashlib.sha256).hexdigest()


def _refusal(status: int, error: str, code: int, text: str) -> Response:
    body = {"error": error, "error_description": f"AADSTS{code}: {text}", "error_codes": [code]}
    return json_answer(body, status)
