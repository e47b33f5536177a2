"""Xero's Accounting API 2.0, as strict as the vendor: invoices, credit notes, lock dates, keys.

Mounted at `/{system}`: `/connect/token`, `/connections`, and below `/api.xro/2.0` the organisation
that the header `Xero-Tenant-Id` names: `Organisation`, `Contacts`, `Accounts`, `TaxRates`,
`TrackingCategories`, `Invoices`, `CreditNotes`.

Organisations are kept in the collection `organisations` under their tenant id, everything else in
`collection(tenant, set_name)` in the vendor's own shape, except that days are kept as `2026-03-31`.
`Currencies` (`Code`) lists the currencies besides the organisation's own. Lines, totals, numbers
and states are best made by the server's own code, `documents.create`.
A payment is a change from outside: raise `AmountPaid`, lower `AmountDue`, set `Status` to `PAID`.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.answers import RefusedError, json_answer
from ps_integration.sandbox.routing import dispatch
from ps_integration.sandbox.state import StateTransaction
from ps_integration.sandbox.tokens import issue_token, token_client
from ps_integration.sandbox.vendors import Context, Vendor
from ps_integration.sandbox.vendors.xero.books import ORGANISATIONS, Books, collection, shown
from ps_integration.sandbox.vendors.xero.errors import not_found, problem
from ps_integration.sandbox.vendors.xero.reading import envelope, listing, single
from ps_integration.sandbox.vendors.xero.writing import once, write

__all__ = ["DEFAULTS", "ORGANISATIONS", "VENDOR", "Books", "collection"]

DEFAULTS: Mapping[str, Any] = {
    "clients": {"sandbox-client": "sandbox-secret"},
    "token_seconds": 1800,
    "page_size_max": 1000,
    "requests_minute": 60,
    "requests_day": 5000,
    "requests_at_once": 5,
    "key_seconds": 360,
    "unique_credit_note_numbers": True,
    "max_commit_delay_seconds": 0.3,
}
_MINUTE, _DAY = 60.0, 86_400.0
_REFUSALS = {
    401: ("Unauthorized", "TokenExpired: token expired"),
    429: ("Too Many Requests", "The rate limit was exceeded."),
    500: ("Internal Server Error", "An error occurred in Xero."),
    503: ("Service Unavailable", "The Xero API is temporarily offline."),
}


def refuse(status: int, retry_after: int) -> Response:
    """Answer as the gateway does; 429 says which limit, and how long to wait."""
    if status == 429:  # noqa: PLR2004 - HTTP status
        return _too_many("minute", {"Retry-After": str(retry_after)})
    return problem(status, *_REFUSALS[status])


def handle(request: Request, context: Context) -> Response:
    """Answer one request as Xero would."""
    return dispatch(_ROUTES, request, context, lambda status: problem(status, "Not Found", ""))


def _token(request: Request, context: Context) -> Response:
    """Client credentials, in the form or as basic authentication ("Custom connections")."""
    clients: Mapping[str, str] = context.settings["clients"]
    basic = request.authorization
    told = basic if basic is not None and basic.type == "basic" else None
    client = (told.username if told else request.form.get("client_id")) or ""
    secret = (told.password if told else request.form.get("client_secret")) or ""
    if request.form.get("grant_type") != "client_credentials":
        return json_answer({"error": "unsupported_grant_type"}, 400)
    if clients.get(client) != secret:
        return json_answer({"error": "invalid_client"}, 400)
    seconds = int(context.settings["token_seconds"])
    token = issue_token(client, secret, context.now + timedelta(seconds=seconds))
    scope = request.form.get("scope", "")
    return json_answer(
        {"access_token": token, "expires_in": seconds, "token_type": "Bearer", "scope": scope}
    )


def _client(request: Request, context: Context) -> str:
    clients = context.settings["clients"]
    client = token_client(request.headers.get("Authorization", ""), clients, context.now)
    if client is None:
        raise RefusedError(refuse(401, 0))
    return client


def _connections(request: Request, context: Context) -> Response:
    _client(request, context)
    rows = context.state.stored(context.system, ORGANISATIONS)
    return json_answer(
        [
            {
                "id": row.id,
                "tenantId": row.id,
                "tenantType": "ORGANISATION",
                "tenantName": row.document.get("Name"),
            }
            for row in rows
        ]
    )


def _api(request: Request, context: Context, name: str, key: str = "") -> Response:
    """Answer below `/api.xro/2.0`, in one transaction that a refusal gives up."""
    client = _client(request, context)
    tenant = request.headers.get("Xero-Tenant-Id", "")
    if "application/json" not in request.headers.get("Accept", ""):
        return Response("<Response />", 406, content_type="application/xml")
    with context.limiter.under_way((context.system, tenant)) as at_once:
        if at_once > int(context.settings["requests_at_once"]):
            raise RefusedError(_too_many("concurrent", {}))
        _check_rate(context, tenant)
        response = _answer(request, context, client, name, key)
    for header, limit, seconds in _limits(context):
        left = limit - context.limiter.taken((context.system, f"{tenant}/{seconds}"))
        response.headers[header] = str(left)
    return response


def _answer(request: Request, context: Context, client: str, name: str, key: str) -> Response:
    tenant = request.headers.get("Xero-Tenant-Id", "")
    if request.method == "GET":
        with context.state.reading() as transaction:
            return _read(request, _books(transaction, context, tenant), name, key)
    with context.state.transaction() as transaction:
        books = _books(transaction, context, tenant)
        return once(request, books, client, lambda: write(request, books, name, key))


def _books(transaction: StateTransaction, context: Context, tenant: str) -> Books:
    if transaction.get(context.system, ORGANISATIONS, tenant) is None:
        raise RefusedError(problem(403, "Forbidden", "AuthenticationUnsuccessful"))
    return Books(transaction, context.system, tenant, context.settings, context.now)


def _read(request: Request, books: Books, name: str, key: str) -> Response:
    if name == "Organisation":
        organisation = books.transaction.get_stored(books.system, ORGANISATIONS, books.tenant)
        if organisation is None:
            raise not_found()
        record = {"OrganisationID": books.tenant, **shown("Organisations", organisation)}
        return json_answer(envelope("Organisations", [record], books))
    return single(request, books, name, key) if key else listing(request, books, name)


def _limits(context: Context) -> tuple[tuple[str, int, float], ...]:
    return (
        ("X-MinLimit-Remaining", int(context.settings["requests_minute"]), _MINUTE),
        ("X-DayLimit-Remaining", int(context.settings["requests_day"]), _DAY),
    )


def _check_rate(context: Context, tenant: str) -> None:
    for header, limit, seconds in _limits(context):
        wait = context.over_limit(f"{tenant}/{seconds}", limit, seconds)
        if wait is not None:
            which = "minute" if header.startswith("X-Min") else "day"
            raise RefusedError(_too_many(which, {"Retry-After": str(int(wait) + 1)}))


def _too_many(which: str, headers: Mapping[str, str]) -> Response:
    return problem(429, *_REFUSALS[429], {"X-Rate-Limit-Problem": which, **headers})


_READ = "<any(Organisation, Contacts, Accounts, TaxRates, TrackingCategories):name>"
_WRITTEN = "<any(Invoices, CreditNotes):name>"
_BASE = "/api.xro/2.0"
_ROUTES = Map(
    [
        Rule("/connect/token", endpoint=_token, methods=["POST"]),
        Rule("/connections", endpoint=_connections, methods=["GET"]),
        Rule(f"{_BASE}/{_READ}", endpoint=_api, methods=["GET"]),
        Rule(f"{_BASE}/<any(Contacts):name>/<key>", endpoint=_api, methods=["GET"]),
        Rule(f"{_BASE}/{_WRITTEN}", endpoint=_api, methods=["GET", "PUT", "POST"]),
        Rule(f"{_BASE}/{_WRITTEN}/<key>", endpoint=_api, methods=["GET", "POST"]),
    ]
)
VENDOR = Vendor(handle=handle, refuse=refuse, defaults=DEFAULTS, reads_by_post=("/connect/token",))
