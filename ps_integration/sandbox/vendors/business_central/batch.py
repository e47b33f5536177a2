"""`$batch`: many calls in one request, each by itself or, under `Isolation: snapshot`, all or none.

Vendor page: "OData batch calls" (at most 100 operations; the first failure ends the batch unless
`Prefer: odata.continue-on-error`).
"""

from collections.abc import Callable
from urllib.parse import parse_qsl, unquote, urlsplit

from ps_integration.sandbox.codec import Document, dumps
from ps_integration.sandbox.state import StateTransaction
from ps_integration.sandbox.vendors import Context
from ps_integration.sandbox.vendors.business_central.calls import Call, Reply
from ps_integration.sandbox.vendors.business_central.errors import (
    BusinessCentralError,
    bad_request,
)

OPERATIONS_MAX = 100
FAILED = 400
Answer = Callable[[Call, StateTransaction], Reply]


class _SnapshotFailedError(Exception):
    """Gives up the transaction of a snapshot batch; carries the answer that failed."""

    def __init__(self, response: Document) -> None:
        super().__init__("one operation of a snapshot batch failed")
        self.response = response


def batch_reply(call: Call, context: Context, answer: Answer) -> Reply:
    """Answer `POST .../$batch`.

    Raises:
        BusinessCentralError: 400, the batch itself is malformed.
    """
    body = call.json()
    operations = body.get("requests") if isinstance(body, dict) else None
    if call.method != "POST" or not isinstance(operations, list):
        raise bad_request("Invalid Request Body")
    if len(operations) > OPERATIONS_MAX:
        raise bad_request(f"A batch may hold at most {OPERATIONS_MAX} operations.")
    prefix = call.path.removesuffix("$batch")
    calls = [(str(one.get("id", "")), _call(prefix, one)) for one in operations]
    if call.headers.get("isolation", "").lower() == "snapshot":
        return Reply(200, {"responses": _snapshot(context, calls, answer)})
    go_on = "continue-on-error" in call.headers.get("prefer", "")
    return Reply(200, {"responses": _one_by_one(context, calls, answer, go_on=go_on)})


def _snapshot(context: Context, calls: list[tuple[str, Call]], answer: Answer) -> list[Document]:
    try:
        with context.state.transaction() as transaction:
            return [
                _response(key, _or_give_up(key, call, transaction, answer)) for key, call in calls
            ]
    except _SnapshotFailedError as failed:
        return [failed.response]


def _one_by_one(
    context: Context, calls: list[tuple[str, Call]], answer: Answer, *, go_on: bool
) -> list[Document]:
    responses: list[Document] = []
    for key, call in calls:
        try:
            with context.state.transaction() as transaction:
                reply = answer(call, transaction)
        except BusinessCentralError as error:
            reply = Reply(error.status, error.body())
        responses.append(_response(key, reply))
        if reply.status >= FAILED and not go_on:
            break
    return responses


def _or_give_up(key: str, call: Call, transaction: StateTransaction, answer: Answer) -> Reply:
    try:
        return answer(call, transaction)
    except BusinessCentralError as error:
        raise _SnapshotFailedError(_response(key, Reply(error.status, error.body()))) from error


def _response(key: str, reply: Reply) -> Document:
    return {"id": key, "status": reply.status, "body": reply.body, "headers": dict(reply.headers)}


def _call(prefix: str, operation: Document) -> Call:
    url = urlsplit(str(operation.get("url", "")))
    path = url.path if url.path.startswith("/") else f"{prefix}{url.path}"
    headers = operation.get("headers") or {}
    return Call(
        str(operation.get("method", "GET")).upper(),
        unquote(path),
        dict(parse_qsl(url.query)),
        {str(name).lower(): str(value) for name, value in headers.items()},
        dumps(operation.get("body", {})),
    )
