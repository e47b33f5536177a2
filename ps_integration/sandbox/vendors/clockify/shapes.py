"""How Clockify writes errors and pages, and reads parameters and bodies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.answers import RefusedError, json_answer, json_body
from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.vendors import Context

INVALID = 501
"""The vendor's code for a request it understands and refuses."""
PAGE_SIZE = 50


def refused(status: int, message: str, code: int) -> Response:
    """Answer with the vendor's error body."""
    return json_answer({"message": message, "code": code}, status)


def invalid(message: str) -> RefusedError:
    """Make the refusal of a request that makes no sense: 400 with the vendor's code."""
    return RefusedError(refused(400, message, INVALID))


def check_known(kind: str, given: Sequence[str], known: Sequence[str]) -> None:
    """Refuse the first name that is not known."""
    if unknown := sorted(set(given) - set(known)):
        raise invalid(f"Unknown {kind}: {unknown[0]}")


def choice(request: Request, name: str, values: Sequence[str]) -> str | None:
    """Read a parameter that must be one of some words."""
    text = request.args.get(name)
    if text is not None and text not in values:
        raise invalid(f"{name} must be one of {', '.join(values)}")
    return text


def flag(request: Request, name: str) -> bool | None:
    """Read a boolean parameter."""
    text = choice(request, name, ("true", "false"))
    return None if text is None else text == "true"


def number(name: str, value: object, low: int, high: int | None = None) -> int:
    """Read a whole number within bounds."""
    text = str(value)
    if not (text.isascii() and text.isdigit()) or int(text) < low:
        raise invalid(f"{name} must be a number of at least {low}")
    if high is not None and int(text) > high:
        raise invalid(f"{name} must be at most {high}")
    return int(text)


def instant(name: str, text: str) -> datetime:
    """Read an instant `yyyy-MM-ddThh:mm:ssZ`."""
    try:
        return _instant(text)
    except ValueError:
        raise invalid(f"{name} is not a date of the form yyyy-MM-ddThh:mm:ssZ") from None


@lru_cache(maxsize=100_000)
def _instant(text: str) -> datetime:
    """Read an instant once: a report asks for those of every entry on every page."""
    if not text.endswith("Z"):
        raise ValueError(text)
    return datetime.fromisoformat(text).astimezone(UTC)


def window(request: Request) -> tuple[datetime | None, datetime | None]:
    """Read `start` and `end`; a start after its end is refused in the vendor's words."""
    start, end = (
        instant(name, request.args[name]) if name in request.args else None
        for name in ("start", "end")
    )
    if start and end and start > end:
        raise invalid(
            f"Start datetime {request.args['start']} is greater than"
            f" end datetime {request.args['end']}."
        )
    return start, end


def body_object(request: Request, known: Sequence[str]) -> Document:
    """Read a JSON object of known fields."""
    try:
        body = json_body(request)
    except ValueError:
        raise invalid("Required request body is not readable") from None
    if not isinstance(body, dict):
        raise invalid("Required request body is not an object")
    check_known("field", list(body), known)
    return body


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page is wanted, 1-based."""

    page: int
    size: int

    @classmethod
    def read(cls, request: Request, size_max: int, size: int = PAGE_SIZE) -> "Paging":
        """Read `page` and `page-size`; a size over the limit is refused with 400."""
        return cls(
            number("page", request.args.get("page", "1"), 1),
            number("page-size", request.args.get("page-size", str(size)), 1, size_max),
        )

    def cut(self, rows: Sequence[Document]) -> list[Document]:
        """Return the rows of this page."""
        return list(rows[(self.page - 1) * self.size : self.page * self.size])

    def answer(self, rows: Sequence[Document]) -> Response:
        """Answer with this page as a bare array, and whether it is the last one."""
        last = self.page * self.size >= len(rows)
        return json_answer(self.cut(rows), headers={"Last-Page": str(last).lower()})


def check_workspace(context: Context, workspace_id: str) -> Document:
    """Return the workspace, or refuse with 403 as to a stranger."""
    workspace = context.state.get(context.system, "workspaces", workspace_id)
    if workspace is None:
        raise RefusedError(refused(403, "Access is denied", 1003))
    return workspace
