"""NetSuite's SuiteTalk REST, as strict as the vendor's pages: records, SuiteQL, queued requests.

Mounted at `/{system}`: `/services/rest/record/v1/{type}/{id or eid:external id}`,
`/services/rest/query/v1/suiteql`, `/services/rest/async/v1/job/{id}`. Every request is signed
(OAuth 1.0, `auth.py`) for the address the client used, a proxy's included.

Records are kept in the vendor's own shape, by internal id: `subsidiary`, `currency` (name, symbol),
`customer` (entityId, externalId, subsidiary, otherSubsidiaries, currency, otherCurrencies), `job`
(customer, subsidiary), `serviceSaleItem`, `salesTaxItem` (rate in percent), `accountingPeriod`,
`invoice`, `creditMemo`. A payment is a change from outside: lower `amountRemaining`. `void` voids.

Settings: `account`, `consumers` (key to secret), `tokens` (id to secret), `approval_routing`
(invoices wait for approval), `date_outside_period` (a date in a closed period posts to the first
open one after it), `time_zone` of the token's user, `concurrency_max`,
`processing_seconds` (how long a request holds its place), `job_seconds` (how long a queued request
waits), `query_rows_max` (what a query shows at most), `max_commit_delay_seconds`.

Guesses, where no page of the vendor's says it: the texts of refusals; that a closed period, a
missing value and a taken external id are USER_ERROR; that external ids are told apart by case; that
a failed job's result is answered with the error it met; that the collection of a job's tasks lists
their ids; that a signature more than five minutes off is refused like any other.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.answers import RefusedError, json_answer
from ps_integration.sandbox.vendors import Context, Vendor
from ps_integration.sandbox.vendors.netsuite import jobs, suiteql
from ps_integration.sandbox.vendors.netsuite.auth import check_signature, rejected
from ps_integration.sandbox.vendors.netsuite.books import Books
from ps_integration.sandbox.vendors.netsuite.calls import ASYNC, BASE, Call, Reply
from ps_integration.sandbox.vendors.netsuite.errors import error_answer, invalid_url
from ps_integration.sandbox.vendors.netsuite.records import TYPES, carry_out
from ps_integration.sandbox.vendors.netsuite.transactions import void

__all__ = ["DEFAULTS", "VENDOR", "Books", "void"]

SUITEQL = "/services/rest/query/v1/suiteql"
DEFAULTS: Mapping[str, Any] = {
    "account": "1234567_SB1",
    "consumers": {"sandbox-consumer": "sandbox-consumer-secret"},
    "tokens": {"sandbox-token": "sandbox-token-secret"},
    "approval_routing": False,
    "date_outside_period": False,
    "time_zone": "America/Los_Angeles",
    "concurrency_max": 15,
    "processing_seconds": 0.0,
    "job_seconds": 0.0,
    "query_rows_max": 100_000,
    "max_commit_delay_seconds": 0.3,
}
_TOO_MANY, _SERVER_ERROR = 429, 500
_REFUSALS = {
    _TOO_MANY: (
        "CONCURRENCY_LIMIT_EXCEEDED",
        "Concurrent request limit exceeded. Request blocked.",
    ),
    _SERVER_ERROR: ("UNEXPECTED_ERROR", "An unexpected error occurred. Error ID: sandbox"),
    503: ("UNEXPECTED_ERROR", "The service is temporarily unavailable."),
}
_LOCK = threading.Lock()
_RUNNING: Counter[tuple[str, str]] = Counter()


def handle(request: Request, context: Context) -> Response:
    """Answer one request as NetSuite would."""
    try:
        check_signature(request, context)
        with _place(context):
            return _answer(request, context)
    except RefusedError as refused:
        return refused.response


def refuse(status: int, _retry_after: int) -> Response:
    """Answer with the vendor's error body; it sends no `Retry-After`."""
    if status not in _REFUSALS:
        return rejected().response
    return error_answer(status, *_REFUSALS[status])


@contextmanager
def _place(context: Context) -> Iterator[None]:
    """Hold one of the account's places while a request is carried out."""
    key = (str(context.state.path), context.system)
    with _LOCK:
        if _RUNNING[key] >= int(context.settings["concurrency_max"]):
            raise RefusedError(refuse(_TOO_MANY, 0))
        _RUNNING[key] += 1
    try:
        time.sleep(float(context.settings["processing_seconds"]))
        yield
    finally:
        with _LOCK:
            _RUNNING[key] -= 1


def _answer(request: Request, context: Context) -> Response:
    jobs.run_due(context, _carried_out)
    if request.path == SUITEQL and request.method == "POST":
        with context.state.reading() as transaction:
            return suiteql.answer(request, _books(context, transaction))
    if request.path.startswith(f"{ASYNC}/") and request.method == "GET":
        return jobs.told(request, context)
    if _target(request.path) is None:
        return invalid_url()
    call = Call(
        request.method,
        request.path,
        request.args.to_dict(),
        {name.lower(): value for name, value in request.headers.items()},
        request.get_data(as_text=True),
        request.root_url.rstrip("/"),
    )
    if "respond-async" in call.headers.get("prefer", ""):
        return jobs.submitted(call, context, _carried_out)
    return _response(_carried_out(call, context))


def _carried_out(call: Call, context: Context) -> Reply:
    target = _target(call.path)
    if target is None:
        raise RefusedError(invalid_url())
    if call.method == "GET":
        with context.state.reading() as transaction:
            return carry_out(_books(context, transaction), call, *target)
    with context.state.transaction() as transaction:
        return carry_out(_books(context, transaction), call, *target)


def _target(path: str) -> tuple[str, str] | None:
    kind, _, identity = path.removeprefix(f"{BASE}/").partition("/")
    known = TYPES.get(kind.lower())
    is_record = path.startswith(f"{BASE}/") and known is not None and "/" not in identity
    return (known, identity) if is_record and known is not None else None


def _books(context: Context, transaction: Any) -> Books:  # noqa: ANN401
    return Books(transaction, context.system, context.settings, context.now)


def _response(reply: Reply) -> Response:
    if reply.body is None:
        return Response(status=reply.status, headers=dict(reply.headers))
    return json_answer(reply.body, reply.status, reply.headers)


VENDOR = Vendor(handle=handle, refuse=refuse, defaults=DEFAULTS, reads_by_post=(SUITEQL,))
