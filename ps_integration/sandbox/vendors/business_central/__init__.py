"""Business Central API v2.0, as strict as the vendor: drafts, posting, ledger, OData.

Mounted at `/{system}`: `/oauth2/v2.0/token`, and below
`/v2.0/{tenant}/{environment}/api/v2.0/companies({id})/` the standard entity sets; the custom API
`/v2.0/{tenant}/{environment}/api/psIntegration/billing/v1.0/companies({id})/` publishes
`projectBillings` and `projectPrices` unless the setting `custom_api` is false.

Records are kept in the vendor's own shape: companies in the collection `companies`, everything
else in `collection(company_id, set_name)`, lines apart from their headers (`documentId`),
`dimensionSetLines` inside their line or header. `resources` (number, revenueAccountNumber) are
kept the same way but not published: the vendor's API v2.0 has no such page.

Seed posted documents with the server's own code, so that lines, totals, numbers and ledger agree::

    with state.transaction() as transaction:
        company = Company(transaction, "bc_uk", company_id, {**DEFAULTS, **settings}, now)
        draft = create_draft(company, INVOICE, {"customerNumber": "10000", ...})
        post(company, INVOICE, draft)

A payment is a change of the invoice from outside: lower `remainingAmount`, and set `status` to
`Paid` when nothing remains.
"""

from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.answers import json_answer
from ps_integration.sandbox.state import StateTransaction
from ps_integration.sandbox.vendors import Context, Vendor
from ps_integration.sandbox.vendors.business_central.auth import (
    authenticated_client,
    token_answer,
)
from ps_integration.sandbox.vendors.business_central.batch import batch_reply
from ps_integration.sandbox.vendors.business_central.calls import Call, Reply, parse_path
from ps_integration.sandbox.vendors.business_central.company import Company, collection
from ps_integration.sandbox.vendors.business_central.documents import (
    CREDIT_MEMO,
    INVOICE,
    create_draft,
)
from ps_integration.sandbox.vendors.business_central.errors import (
    TOO_MANY_REQUESTS,
    BusinessCentralError,
    no_such_record,
)
from ps_integration.sandbox.vendors.business_central.posting import cancel, post
from ps_integration.sandbox.vendors.business_central.reading import read, read_companies
from ps_integration.sandbox.vendors.business_central.writing import write

__all__ = [
    "CREDIT_MEMO",
    "DEFAULTS",
    "INVOICE",
    "VENDOR",
    "Company",
    "cancel",
    "collection",
    "create_draft",
    "post",
]

DEFAULTS: Mapping[str, Any] = {
    "clients": {"sandbox-client": "sandbox-secret"},
    "token_seconds": 3599,
    "custom_api": True,
    "page_size_max": 20_000,
    "requests_max": 6_000,
    "requests_seconds": 300,
    "tax_rates": {},
    "receivables_account": "1100",
    "revenue_account": "4000",
    "tax_account": "2200",
    "amount_rounding_precision": "0.01",
    "payment_days": 30,
    "max_commit_delay_seconds": 0.3,
}
_REFUSALS = {
    401: ("Authentication_InvalidCredentials", "The server has rejected the client credentials."),
    429: ("Unknown", "Too many requests."),
    500: ("Internal_ServerError", "Cannot establish a connection to the SQL Server/Database."),
    503: ("Unknown", "The service is temporarily unavailable."),
}


def handle(request: Request, context: Context) -> Response:
    """Answer one request as Business Central would."""
    if request.path == "/oauth2/v2.0/token" and request.method == "POST":
        return token_answer(request, context)
    try:
        client = authenticated_client(request, context)
        _check_rate(context, client)
        return _response(_reply(request, context))
    except BusinessCentralError as error:
        return json_answer(error.body(), error.status)


def refuse(status: int, _retry_after: int) -> Response:
    """Answer with the vendor's error body; it sends no `Retry-After`."""
    code, message = _REFUSALS[status]
    return json_answer(BusinessCentralError(status, code, message).body(), status)


def _check_rate(context: Context, client: str) -> None:
    requests, seconds = context.settings["requests_max"], context.settings["requests_seconds"]
    if context.over_limit(client, int(requests), float(seconds)) is not None:
        raise BusinessCentralError(TOO_MANY_REQUESTS, *_REFUSALS[TOO_MANY_REQUESTS])


def _reply(request: Request, context: Context) -> Reply:
    call = Call(
        request.method,
        request.path,
        request.args.to_dict(),
        {name.lower(): value for name, value in request.headers.items()},
        request.get_data(),
    )
    base = request.root_url.rstrip("/")
    if call.path.endswith("/$batch"):
        return batch_reply(call, context, lambda one, open_: answer(one, context, base, open_))
    if call.method == "GET":
        with context.state.reading() as transaction:
            return answer(call, context, base, transaction)
    with context.state.transaction() as transaction:
        return answer(call, context, base, transaction)


def answer(call: Call, context: Context, base: str, transaction: StateTransaction) -> Reply:
    """Answer one call in an open transaction, which the caller commits or gives up.

    Raises:
        BusinessCentralError: The call is refused; nothing of it may be committed.
    """
    target = parse_path(call.path, custom_api=bool(context.settings["custom_api"]))
    companies = list(transaction.stored(context.system, "companies"))
    if not target.segments:
        if call.method != "GET":
            raise BusinessCentralError(
                405, "BadRequest_MethodNotAllowed", f"'{call.method}' is not allowed."
            )
        return read_companies(companies, call, base, target.company)
    if target.company not in {row.id for row in companies}:
        raise no_such_record()
    company = Company(transaction, context.system, target.company, context.settings, context.now)
    if call.method == "GET":
        return read(company, call, target, base)
    return write(company, call, target)


def _response(reply: Reply) -> Response:
    if reply.body is None:
        return Response(status=reply.status, headers=dict(reply.headers))
    return json_answer(reply.body, reply.status, reply.headers)


VENDOR = Vendor(
    handle=handle,
    refuse=refuse,
    defaults=DEFAULTS,
    reads_by_post=("/oauth2/v2.0/token",),
)
