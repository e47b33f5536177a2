"""Xero's error answers, one form per layer: gateway, request, element.

Vendor pages "HTTP response codes", "Requests and responses", "OAuth 2.0 API limits".
"""

from collections.abc import Mapping, Sequence

from werkzeug.wrappers import Response

from ps_integration.sandbox.answers import RefusedError, json_answer
from ps_integration.sandbox.codec import Document

NOT_FOUND = 404


def problem(
    status: int, title: str, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    """What the gateway answers before the accounting API sees the request."""
    body: Document = {
        "Type": None,
        "Title": title,
        "Status": status,
        "Detail": detail,
        "Extensions": {},
    }
    return json_answer(body, status, headers)


def malformed(kind: str, message: str, number: int) -> RefusedError:
    """A request that cannot be read: 400 with a type and no elements."""
    body = {"ErrorNumber": number, "Type": kind, "Message": message}
    return RefusedError(json_answer(body, 400))


def bad_query(message: str) -> RefusedError:
    """An option of the query that cannot be read."""
    return malformed("QueryParseException", message, 16)


def bad_body(message: str) -> RefusedError:
    """A body that cannot be read."""
    return malformed("PostDataInvalidException", message, 14)


def not_found() -> RefusedError:
    """No such record: 404 without JSON."""
    return RefusedError(
        Response("The resource you're looking for cannot be found", NOT_FOUND, mimetype="text/html")
    )


def summarised(elements: Sequence[Document]) -> Response:
    """The answer to elements with errors unless `summarizeErrors=false`."""
    body = {
        "ErrorNumber": 10,
        "Type": "ValidationException",
        "Message": "A validation exception occurred",
        "Elements": list(elements),
    }
    return json_answer(body, 400)
