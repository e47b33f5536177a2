"""Client credentials of the vendor's identity platform: the token endpoint and its tokens.

Vendor pages: "OAuth 2.0 client credentials flow"; "Using service-to-service authentication".
"""

import hmac
from collections.abc import Mapping
from datetime import timedelta

from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.answers import json_answer
from ps_integration.sandbox.tokens import issue_token, token_client
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


def authenticated_client(request: Request, context: Context) -> str:
    """Return the client a request's bearer token was issued to.

    Raises:
        BusinessCentralError: 401, no token, not ours, or expired.
    """
    authorization = request.headers.get("Authorization", "")
    client = token_client(authorization, context.settings["clients"], context.now)
    if client is None:
        raise BusinessCentralError(
            UNAUTHORIZED,
            "Authentication_InvalidCredentials",
            "The server has rejected the client credentials.",
        )
    return client


def _refusal(status: int, error: str, code: int, text: str) -> Response:
    body = {"error": error, "error_description": f"AADSTS{code}: {text}", "error_codes": [code]}
    return json_answer(body, status)
