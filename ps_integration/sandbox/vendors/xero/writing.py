"""Answers to PUT and POST: elements one by one, each saved or not, under an idempotency key.

Vendor pages "Requests and responses", "Idempotent requests". A key belongs to the client.
Its answer is kept from the first use, refusals included, and given again to the same request.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.answers import RefusedError, json_answer, json_body
from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.state import Stored
from ps_integration.sandbox.vendors.xero.books import Books
from ps_integration.sandbox.vendors.xero.documents import create, update
from ps_integration.sandbox.vendors.xero.errors import bad_body, bad_query, problem, summarised
from ps_integration.sandbox.vendors.xero.kinds import KINDS, InvalidError, Kind
from ps_integration.sandbox.vendors.xero.reading import envelope, record, unit_decimals

KEYS = "idempotency_keys"
KEY_MAX = 128
_OPTIONS = {"summarizeErrors", "unitdp"}


def write(request: Request, books: Books, name: str, key: str) -> Response:
    """Save the elements of a request.

    Args:
        request: PUT creates; POST changes, or creates what it does not find.
        books: The organisation, in a writing transaction.
        name: `Invoices` or `CreditNotes`.
        key: Id in the path, else empty.

    Raises:
        RefusedError: The request as a whole is refused; nothing is saved.
    """
    if unknown := sorted(set(request.args) - _OPTIONS):
        raise bad_query(f"{unknown[0]} is not an option of {request.method}")
    kind, decimals = KINDS[name], unit_decimals(request)
    save = create if request.method == "PUT" else update
    elements, wrong = [], []
    for sent in _elements(request, kind, key):
        element = _saved(partial(save, books, kind, sent, decimals), name, decimals)
        elements.append(element)
        if element.get("HasErrors"):
            wrong.append(element)
    if wrong and request.args.get("summarizeErrors", "true").lower() != "false":
        return summarised(wrong)
    return json_answer(envelope(name, elements, books))


def once(request: Request, books: Books, client: str, answer: Callable[[], Response]) -> Response:
    """Answer a write, or give again what was answered under its key."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return answer()
    if not key or len(key) > KEY_MAX:
        return problem(400, "Bad Request", "Idempotency Key must have 1 to 128 characters.")
    place = f"{client}/{key}"
    print_ = _fingerprint(request)
    kept = books.transaction.get(books.system, KEYS, place)
    if kept is not None and _is_fresh(kept, books):
        if kept["request"] != print_:
            text = f"Idempotency Key: {key} is used with a different request."
            return problem(400, "Bad Request", text)
        return Response(kept["body"], kept["status"], content_type=kept["content_type"])
    books.transaction.connection.execute("savepoint answer")
    try:
        response = answer()
    except RefusedError as refused:
        books.transaction.connection.execute("rollback to answer")
        response = refused.response
    told: Document = {
        "at": books.now.isoformat(),
        "request": print_,
        "status": response.status_code,
        "body": response.get_data(as_text=True),
        "content_type": response.content_type,
    }
    books.transaction.put(books.system, KEYS, place, told, books.now)
    return response


def _is_fresh(kept: Document, books: Books) -> bool:
    since = books.now - datetime.fromisoformat(kept["at"])
    return since < timedelta(seconds=float(books.settings["key_seconds"]))


def _fingerprint(request: Request) -> str:
    parts = (
        request.method,
        request.path,
        request.query_string.decode(),
        request.headers.get("Xero-Tenant-Id", ""),
    )
    return hashlib.sha256("\n".join(parts).encode() + b"\n" + request.get_data()).hexdigest()


def _elements(request: Request, kind: Kind, key: str) -> list[Mapping[str, object]]:
    try:
        body = json_body(request)
    except ValueError:
        raise bad_body("JSON for post data was invalid") from None
    found = body.get(kind.set_name) if isinstance(body, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise bad_body(f"{kind.set_name} must be a list of elements")
    if not found:
        raise bad_body(f"{kind.set_name} must not be empty")
    return [{**one, kind.id_field: key} if key else one for one in found]


def _saved(save: Callable[[], Stored], name: str, decimals: int) -> Document:
    try:
        row = save()
    except InvalidError as error:
        return error.element
    told = {"HasErrors": False, "StatusAttributeString": "OK"}
    return {**record(name, row, decimals), **told}
