"""How Harvest writes a record and an error, and reads dates and booleans."""

from datetime import UTC, date, datetime

from werkzeug.wrappers import Response

from ps_integration.sandbox.answers import RefusedError, json_answer
from ps_integration.sandbox.codec import Document, utc_seconds
from ps_integration.sandbox.store import Stored


def as_sent(row: Stored) -> Document:
    """Return a record as the vendor sends it, with both of its instants."""
    return {
        **row.document,
        "created_at": row.document.get("created_at") or utc_seconds(row.created_at),
        "updated_at": utc_seconds(row.updated_at),
    }


def refused(status: int, message: str) -> Response:
    """Answer with the vendor's error body."""
    return json_answer({"message": message}, status)


def read_boolean(name: str, text: str) -> bool:
    """Read a boolean parameter, or refuse it with 422."""
    if text not in ("true", "false"):
        raise RefusedError(refused(422, f"{name} must be true or false"))
    return text == "true"


def read_date(name: str, text: object) -> str:
    """Check a calendar date `YYYY-MM-DD`, or refuse it with 422."""
    try:
        return date.fromisoformat(str(text)).isoformat()
    except ValueError:
        raise RefusedError(refused(422, f"{name} is not a valid date")) from None


def read_datetime(name: str, text: str) -> datetime:
    """Read an ISO 8601 instant, UTC when it names no zone, or refuse it with 422."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise RefusedError(refused(422, f"{name} is not a valid date")) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def read_number(name: str, text: str) -> int:
    """Read a positive whole number, or refuse it with 422."""
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise RefusedError(refused(422, f"{name} must be a positive number"))
    return int(text)
