"""Kantata's error answers: `{"errors": [{"type", "message", "field"}]}`.

Vendor page: "Errors" of the API documentation (types oauth, system, validation).
"""

from ps_integration.sandbox.codec import Document

BAD_REQUEST = 400
NOT_FOUND = 404
UNPROCESSABLE = 422


class KantataError(Exception):
    """A request the vendor refuses; carries the HTTP status and the vendor's errors."""

    def __init__(self, status: int, *errors: Document) -> None:
        super().__init__(f"{status}: {errors}")
        self.status = status
        self.errors = errors

    def body(self) -> Document:
        """Return the vendor's error object."""
        return {"errors": list(self.errors)}


def system_error(message: str) -> Document:
    """Build an error that has no field."""
    return {"type": "system", "message": message}


def validation(field: str, message: str) -> Document:
    """Build the error of one parameter or attribute."""
    return {"type": "validation", "message": message, "field": field}


def bad_parameter(name: str, message: str) -> KantataError:
    """Build the refusal of a query parameter."""
    return KantataError(BAD_REQUEST, validation(name, message))


def not_found() -> KantataError:
    """Build the answer to an id that does not exist or is hidden."""
    return KantataError(NOT_FOUND, system_error("The resource could not be found."))
