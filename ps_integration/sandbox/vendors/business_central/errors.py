"""Business Central's error answers: code families and texts as the vendor documents them.

Vendor page: "Troubleshooting OData/API calls" (error codes). Texts of business errors are the
labels of the vendor's API v2.0 pages.
"""

from uuid import NAMESPACE_URL, uuid5

from ps_integration.sandbox.codec import Document

BAD_REQUEST = 400
UNAUTHORIZED = 401
NOT_FOUND = 404
METHOD_NOT_ALLOWED = 405
CONFLICT = 409
TOO_LARGE = 413
TOO_MANY_REQUESTS = 429


class BusinessCentralError(Exception):
    """A request the vendor refuses; carries the HTTP status, the vendor's code and its text."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message

    def body(self) -> Document:
        """Return the vendor's error object; the correlation id follows from code and text."""
        correlation = uuid5(NAMESPACE_URL, f"{self.code}/{self.message}")
        text = f"{self.message}  CorrelationId:  {correlation}."
        return {"error": {"code": self.code, "message": text}}


def bad_request(message: str, code: str = "BadRequest") -> BusinessCentralError:
    """Build the refusal of a malformed request."""
    return BusinessCentralError(BAD_REQUEST, code, message)


def dialog(message: str) -> BusinessCentralError:
    """Build the refusal the books give: closed period, blocked customer, wrong state."""
    return BusinessCentralError(BAD_REQUEST, "Application_DialogException", message)


def not_in_table(field: str, table: str, value: str, related: str) -> BusinessCentralError:
    """Build the refusal of a code that its related table does not have."""
    return bad_request(
        f"The field {field} of table {table} contains a value ({value}) that cannot be found in"
        f" the related table ({related}).",
        "Internal_InvalidTableRelation",
    )


def no_such_record() -> BusinessCentralError:
    """Build the answer to a key that no record has."""
    return BusinessCentralError(
        NOT_FOUND, "BadRequest_NotFound", "Bad Request - Error in query syntax"
    )


def no_such_route(segment: str) -> BusinessCentralError:
    """Build the answer to an entity set that is not published."""
    return BusinessCentralError(
        NOT_FOUND,
        "BadRequest_ResourceNotFound",
        f"Resource not found for the segment '{segment}'.",
    )
