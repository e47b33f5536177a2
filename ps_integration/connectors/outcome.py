"""How one HTTP attempt ended, sorted into the classes a write may be settled by."""

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from ps_integration.connectors.protocol import WriteAnswer
from ps_integration.domain.records import Json

ExchangeClass = Literal["not_sent", "throttled", "ambiguous", "success", "error"]

_NEVER_LEFT: Final = (
    NewConnectionError,
    ConnectTimeoutError,
    NameResolutionError,
    ssl.SSLCertVerificationError,
)
_AMBIGUOUS_CLIENT_ERRORS: Final = frozenset({408, 425, 499})
_AMBIGUOUS_SUCCESSES: Final = frozenset({202, 207})
_OK: Final = range(200, 300)
_CLIENT_ERROR: Final = range(400, 500)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is known of one attempt.

    Attributes:
        failure: Why there is no readable answer; None when there is one.
        left: Whether any byte of the request may have left this machine.
        status: HTTP status; None without an answer.
        has_json: The body parsed strictly as JSON.
        is_empty: The body has no byte.
    """

    failure: str | None
    left: bool
    status: int | None = None
    has_json: bool = False
    is_empty: bool = False


def classify(
    exchange: Exchange,
    *,
    unprocessed: frozenset[int] = frozenset(),
    may_be_empty: bool = False,
) -> ExchangeClass:
    """Sort one attempt; whatever is not clearly something else is `ambiguous`.

    Args:
        exchange: The attempt.
        unprocessed: Statuses the vendor documents as *not processed* (429, sometimes 503).
        may_be_empty: The vendor documents an empty body for success (204).

    Returns:
        `not_sent`, `throttled` and `ambiguous` settle the attempt; `success` (2xx with a body
        the vendor's code must still recognise) and `error` (4xx with a JSON body) do not.
    """
    if not exchange.left:
        return "not_sent"
    status = exchange.status
    if exchange.failure is not None or status is None:
        return "ambiguous"
    if status in unprocessed:
        return "throttled"
    if status in _OK:
        readable = exchange.has_json or (exchange.is_empty and may_be_empty)
        return "success" if readable and status not in _AMBIGUOUS_SUCCESSES else "ambiguous"
    is_refusal = status in _CLIENT_ERROR and status not in _AMBIGUOUS_CLIENT_ERRORS
    if is_refusal and status != 429 and exchange.has_json:  # noqa: PLR2004 - HTTP status
        return "error"
    return "ambiguous"


def _chain(error: BaseException) -> Iterator[BaseException]:
    queue: list[object] = [error]
    seen: set[int] = set()
    while queue:
        current = queue.pop()
        if isinstance(current, BaseException) and id(current) not in seen:
            seen.add(id(current))
            yield current
            queue += [current.__cause__, current.__context__, getattr(current, "reason", None)]
            queue += current.args


def never_left(error: BaseException) -> bool:
    """Whether this failure proves that no byte of the request left this machine."""
    return any(isinstance(link, _NEVER_LEFT) for link in _chain(error))


@dataclass(frozen=True, slots=True)
class Reply:
    """A write's attempt as the vendor's code gets it.

    Attributes:
        kind: From `classify`.
        status: HTTP status, when there was an answer.
        json: The body, strictly parsed, when it is JSON.
        text: The body's text; may be empty.
        headers: The answer's headers, names in lower case.
        message: What happened, without secrets.
        retry_after_seconds: What the vendor asked for.
    """

    kind: ExchangeClass
    status: int | None = None
    json: Json = None
    text: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    message: str = ""
    retry_after_seconds: float | None = None

    @property
    def settled(self) -> WriteAnswer | None:
        """The outcome when the attempt itself settles it; None when the body must be read."""
        if self.kind in {"success", "error"}:
            return None
        return WriteAnswer(
            outcome="ambiguous"
            if self.kind == "ambiguous"
            else ("throttled" if self.kind == "throttled" else "not_sent"),
            code=str(self.status or ""),
            message=self.message,
            recovery="outcome_unknown" if self.kind == "ambiguous" else "retry_later",
            retry_after_seconds=self.retry_after_seconds,
        )
