"""JSON answers with exact numbers, and reading JSON bodies the same way."""

from collections.abc import Mapping

from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.codec import dumps, loads


def json_answer(
    body: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with JSON; Decimals keep their digits."""
    return Response(dumps(body), status, headers, content_type="application/json; charset=utf-8")


def json_body(request: Request) -> object:
    """Read a request's JSON body.

    Raises:
        ValueError: The body is not JSON.
    """
    body: object = loads(request.get_data())
    return body


class RefusedError(Exception):
    """A request the vendor refuses; carries the vendor's own answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response
