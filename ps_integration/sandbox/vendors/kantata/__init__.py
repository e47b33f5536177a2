"""Kantata OX API v1, as strict as the vendor: lists, side-loads, external references.

Mounted at `/{system}/api/v1`. Records are kept in collections named as the vendor's paths, in its
own attribute names, with the ids of all associations (`workspace_id`, `assignee_ids`) in them;
what a list shows of these the server decides. Ids are numbers as text. `created_at` and
`updated_at` are the instants of the state, not attributes to be stored. Exchange tables and their
rates are in `exchange_tables` and `exchange_rates` (`exchange_table_id`).
"""

import re
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.answers import json_answer, json_body
from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.vendors import Context, Vendor
from ps_integration.sandbox.vendors.kantata.errors import (
    BAD_REQUEST,
    KantataError,
    not_found,
    system_error,
)
from ps_integration.sandbox.vendors.kantata.lists import Account, list_answer, single_answer
from ps_integration.sandbox.vendors.kantata.references import create_or_update, delete_reference
from ps_integration.sandbox.vendors.kantata.resources import RESOURCES

DEFAULTS: Mapping[str, Any] = {
    "tokens": ["sandbox-token"],
    "requests_max": 0,
    "requests_seconds": 60,
    "unique_service_name": False,
    "max_commit_delay_seconds": 0.3,
}
_REFUSALS = {
    401: {"type": "oauth", "message": "Invalid OAuth 2 Request"},
    429: system_error("Rate limit exceeded. Please wait and try again."),
    500: system_error("Internal server error"),
    503: system_error("Service is unavailable"),
}
_PATH = re.compile(r"/api/v1/(?P<collection>[a-z_]+)(?:/(?P<key>[a-z_0-9]+))?(?:\.json)?")
_ELSEWHERE = ("exchange_tables", "exchange_rates")
_RATES = re.compile(
    r"/api/v1/foreign_exchange/exchange_tables(?:/(?P<key>\d+)(?P<rates>/rates)?)?(?:\.json)?"
)


def handle(request: Request, context: Context) -> Response:
    """Answer one request as Kantata would."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or token not in context.settings["tokens"]:
        return refuse(401, 0)
    limit, seconds = int(context.settings["requests_max"]), context.settings["requests_seconds"]
    if limit and context.over_limit(token, limit, float(seconds)) is not None:
        return refuse(429, 0)
    try:
        return _answer(request, context)
    except KantataError as error:
        return json_answer(error.body(), error.status)


def refuse(status: int, _retry_after: int) -> Response:
    """Answer with the vendor's error body; it sends no headers about its limits."""
    return json_answer({"errors": [_REFUSALS[status]]}, status)


def _answer(request: Request, context: Context) -> Response:
    if request.method == "GET":
        with context.state.reading() as transaction:
            account = Account(transaction, context.system, context.state)
            return json_answer(_read(account, request.path, request.args.to_dict()))
    match = _PATH.fullmatch(request.path)
    if match is None or match["collection"] != "external_references":
        raise not_found()
    with context.state.transaction() as transaction:
        account = Account(transaction, context.system)
        if request.method == "POST" and match["key"] == "create_or_update":
            body = _body(request)
            return json_answer(create_or_update(account, body, context.settings, context.now))
        if request.method == "DELETE" and match["key"]:
            delete_reference(account, match["key"], context.now)
            return Response(status=204)
    raise not_found()


def _read(account: Account, path: str, parameters: Mapping[str, str]) -> Document:
    if rates := _RATES.fullmatch(path):
        return _exchange(account, rates["key"], parameters, are_rates=bool(rates["rates"]))
    match = _PATH.fullmatch(path)
    collection = match["collection"] if match else ""
    if match is None or collection not in RESOURCES or collection in _ELSEWHERE:
        raise not_found()
    resource = RESOURCES[collection]
    if match["key"]:
        return single_answer(account, resource, match["key"], parameters)
    return list_answer(account, resource, parameters)


def _exchange(
    account: Account, key: str | None, parameters: Mapping[str, str], *, are_rates: bool
) -> Document:
    """Answer exchange tables, or one's rates, whose key in the envelope is singular."""
    if not are_rates:
        tables = RESOURCES["exchange_tables"]
        return (
            single_answer(account, tables, key, parameters)
            if key
            else list_answer(account, tables, parameters)
        )
    answer = list_answer(
        account, RESOURCES["exchange_rates"], {**parameters, "exchange_table_id": str(key)}
    )
    answer["exchange_rate"] = answer.pop("exchange_rates")
    answer["results"] = [{**row, "key": "exchange_rate"} for row in answer["results"]]
    return answer


def _body(request: Request) -> object:
    try:
        return json_body(request)
    except ValueError as error:
        raise KantataError(BAD_REQUEST, system_error("The body is not valid JSON.")) from error


VENDOR = Vendor(handle=handle, refuse=refuse, defaults=DEFAULTS)
