"""Reading an HTTP answer: either the JSON that was asked for, or one classified problem."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Final, Literal

from ps_integration.connectors.parse import decode, strict_json
from ps_integration.domain.records import Json
from ps_integration.errors import (
    BadAnswerError,
    FixConfigError,
    PsIntegrationError,
    RetryLaterError,
)

_OK: Final = 200
_NOT_THERE: Final = frozenset({404, 410})
_REFUSED: Final = frozenset({401, 403})
_RETRY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECT: Final = range(300, 400)
_SNIPPET: Final = 200
_LONGEST_BACKOFF_SECONDS: Final = 30.0


class NotThereError(BadAnswerError):
    """The far side has no such thing (404, 410), which is not the same as an empty list."""


@dataclass(frozen=True)
class Answer:
    """A good answer, parsed when it is used, so that it is parsed once.

    Attributes:
        text: The body, exactly.
        headers: Names in lower case.
    """

    text: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @cached_property
    def json(self) -> Json:
        """The whole body, strictly parsed.

        Raises:
            BadAnswerError: See `parse.strict_json`.
        """
        return strict_json(self.text)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why there is no good answer, and what to do about it."""

    kind: Literal["retry", "config", "not_there", "bad"]
    text: str
    status: int | None = None
    asked_seconds: float | None = None
    is_cut: bool = False

    def wait_seconds(self, attempt: int) -> float:
        """How long to wait before the next attempt; never less than the vendor asked for."""
        return max(min(2.0**attempt, _LONGEST_BACKOFF_SECONDS), self.asked_seconds or 0.0)

    def error(self, system: str, sources: str, clean: Callable[[str], str]) -> PsIntegrationError:
        """The error to raise: where, what, and what to do; never a secret."""
        said = f"system {system}: {clean(self.text)}"
        if self.kind == "config":
            return FixConfigError(f"{said}; check the credential in {sources or 'the firm file'}")
        if self.kind == "not_there":
            return NotThereError(said)
        if self.kind == "retry" and not self.is_cut:
            return RetryLaterError(said, self.asked_seconds)
        return BadAnswerError(said)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds a vendor asks us to wait (RFC 9110, 10.2.3); None when it does not say.

    A date is counted from the answer's own Date header; one in the past is 0.
    """
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        until = parsedate_to_datetime(text)
        now = parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError):
        return None
    if until.tzinfo is None or now.tzinfo is None:
        return None
    return max((until - now).total_seconds(), 0.0)


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """The server's clock, from its Date header."""
    try:
        told = parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError):
        return None
    return told.astimezone(UTC) if told.tzinfo else None


def read_answer(status: int, headers: Mapping[str, str], body: bytes) -> Answer | Problem:
    """Sort one answer to a read. Total: every status and body has a place."""
    names = {name.lower(): value for name, value in headers.items()}
    if status == _OK:
        return _read_ok(names, body)
    said = f"answered {status}{_message(body)}"
    if status in _REFUSED:
        return Problem("config", said, status)
    if status in _NOT_THERE:
        return Problem("not_there", said, status)
    if status in _RETRY:
        return Problem("retry", said, status, retry_after(names))
    if status in _REDIRECT:
        return Problem("bad", f"{said} with a redirect, not followed; check base_url", status)
    return Problem("bad", said, status)


def _read_ok(names: Mapping[str, str], body: bytes) -> Answer | Problem:
    kind = names.get("content-type", "").lower()
    if not body.strip():
        return Problem("bad", "answered 200 with an empty body, which is not an empty list", _OK)
    if "json" not in kind:
        shown = kind.partition(";")[0][:_SNIPPET] or "no content type"
        return Problem("bad", f"answered 200 with {shown} instead of JSON (a login page?)", _OK)
    try:
        text = decode(body)
    except BadAnswerError as error:
        return Problem("bad", str(error), _OK)
    if text.lstrip()[:1] not in {"{", "["}:
        return Problem("bad", "answered 200 with something that is not a JSON document", _OK)
    return Answer(text, names)


def _message(body: bytes) -> str:
    """The vendor's own words on an error, when they are short JSON text."""
    try:
        json = strict_json(decode(body))
    except BadAnswerError:
        return ""
    if not isinstance(json, dict):
        return ""
    error = json.get("error")
    inner = error if isinstance(error, dict) else json
    told = inner.get("message") or inner.get("error_description")
    if not isinstance(told, str):
        return ""
    return f" ({' '.join(told.split())[:_SNIPPET]})"
