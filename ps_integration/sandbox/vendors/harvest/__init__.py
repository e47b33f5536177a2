"""Harvest API v2 below `/{system}/v2`.

Settings: `account_id`, `tokens`, `me` (user id of the token's owner), `page_size_max`,
`rate_limit_requests` per `rate_limit_seconds`, `max_commit_delay_seconds`.

Collections, in the vendor's JSON: `company` (one document), `users`, `clients`, `projects`,
`tasks`, `task_assignments`, `user_assignments`, `time_entries`, `expenses`, `invoices`, and per
user `users/{id}/billable_rates` and `users/{id}/cost_rates`. `updated_at` is always the store's;
`created_at` is the document's own, or the store's.

Authentication, limits and status codes are those of the vendor's pages "Authentication" and
"Overview"; query parameters it does not document are refused with 422.
"""

import math
from functools import partial

from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.answers import RefusedError, json_answer
from ps_integration.sandbox.routing import dispatch
from ps_integration.sandbox.vendors import Context, Vendor
from ps_integration.sandbox.vendors.harvest.entries import change_entry
from ps_integration.sandbox.vendors.harvest.lists import LISTS, answer_list
from ps_integration.sandbox.vendors.harvest.shapes import as_sent, refused

UNAUTHORISED = (
    "The access token provided is expired, revoked, malformed or invalid for other reasons."
)


def _company(request: Request, context: Context) -> Response:
    _no_parameters(request)
    rows = context.state.stored(context.system, "company")
    return json_answer(rows[0].document) if rows else refused(404, "Not Found")


def _me(request: Request, context: Context) -> Response:
    return _one(request, context, collection="users", number=int(context.settings["me"]))


def _one(request: Request, context: Context, collection: str, number: int) -> Response:
    _no_parameters(request)
    row = context.state.get_stored(context.system, collection, str(number))
    return json_answer(as_sent(row)) if row else refused(404, "Not Found")


def _rates(request: Request, context: Context, number: int, kind: str) -> Response:
    if context.state.get(context.system, "users", str(number)) is None:
        return refused(404, "Not Found")
    return answer_list(request, context, kind, f"users/{number}/{kind}")


def _no_parameters(request: Request) -> None:
    if request.args:
        raise RefusedError(refused(422, f"Unknown parameter: {next(iter(request.args))}"))


def _routes() -> Map:
    rules = [
        Rule("/v2/company", methods=["GET"], endpoint=_company),
        Rule("/v2/users/me", methods=["GET"], endpoint=_me),
        Rule("/v2/time_entries/<int:number>", methods=["PATCH"], endpoint=change_entry),
        Rule(
            "/v2/users/<int:number>/<any(billable_rates, cost_rates):kind>",
            methods=["GET"],
            endpoint=_rates,
        ),
    ]
    for name in LISTS:
        if name.endswith("_rates"):
            continue
        listing = partial(answer_list, name=name, collection=name)
        rules.append(Rule(f"/v2/{name}", methods=["GET"], endpoint=listing))
        one = partial(_one, collection=name)
        rules.append(Rule(f"/v2/{name}/<int:number>", methods=["GET"], endpoint=one))
    return Map(rules, strict_slashes=False)


ROUTES = _routes()


def _handle(request: Request, context: Context) -> Response:
    if not request.headers.get("User-Agent"):
        return refused(400, "A User-Agent header is required")
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    account = request.headers.get("Harvest-Account-Id", "")
    is_known = scheme == "Bearer" and token in context.settings["tokens"]
    if not is_known or account != str(context.settings["account_id"]):
        return _refuse(401, 0)
    wait = context.over_limit(
        token,
        int(context.settings["rate_limit_requests"]),
        float(context.settings["rate_limit_seconds"]),
    )
    if wait is not None:
        return _refuse(429, math.ceil(wait))
    return dispatch(ROUTES, request, context, lambda status: refused(status, "Not Found"))


def _refuse(status: int, retry_after: int) -> Response:
    match status:
        case 401:
            body = {"error": "invalid_token", "error_description": UNAUTHORISED}
            return json_answer(body, 401)
        case 429:
            response = refused(429, "You've exceeded the rate limit.")
            response.headers["Retry-After"] = str(retry_after)
            return response
        case _:
            return refused(status, "Internal server error")


VENDOR = Vendor(
    handle=_handle,
    refuse=_refuse,
    defaults={
        "account_id": "1",
        "tokens": [],
        "me": 1,
        "page_size_max": 2000,
        "rate_limit_requests": 100,
        "rate_limit_seconds": 15,
        "max_commit_delay_seconds": 0.3,
    },
)
