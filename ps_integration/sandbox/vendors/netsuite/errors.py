"""NetSuite's error answers. Shape: vendor page "Error Handling in REST Web Services"."""

from werkzeug.wrappers import Response

from ps_integration.sandbox.answers import RefusedError, json_answer

TYPE = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html"
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
NOT_FOUND, BAD_REQUEST, UNAUTHORIZED = 404, 400, 401


def error_answer(
    status: int, code: str, detail: str, path: str = "", title: str = "", location: str = ""
) -> Response:
    """One error; `path` points into the body that was sent."""
    told = {"detail": detail, "o:errorCode": code} | ({"o:errorPath": path} if path else {})
    body = {
        "type": TYPE,
        "title": title or TITLES[status],
        "status": status,
        "o:errorDetails": [told],
    }
    return json_answer(body, status, {"Location": location} if location else None)


def user_error(detail: str, path: str = "") -> RefusedError:
    """What the books say no to."""
    said = f"Error while accessing a resource. {detail}"
    return RefusedError(error_answer(BAD_REQUEST, "USER_ERROR", said, path))


def invalid_content(detail: str, path: str = "") -> RefusedError:
    """A body that cannot be written as it is."""
    return RefusedError(error_answer(BAD_REQUEST, "INVALID_CONTENT", detail, path))


def invalid_value(value: object, field: str, path: str) -> RefusedError:
    """A reference to nothing (the page's own example)."""
    said = f"You have entered an Invalid Field Value {value} for the following field: {field}"
    return invalid_content(f"Error while accessing resource: {said}", path)


def nonexistent() -> RefusedError:
    """No such record."""
    said = "The record instance does not exist. Provide a valid record instance ID."
    return RefusedError(error_answer(NOT_FOUND, "NONEXISTENT_ID", said))


def invalid_url(status: int = NOT_FOUND) -> Response:
    """No such address, or not with this method."""
    return error_answer(status, "INVALID_URL", "The URL or the HTTP method is not supported.")
