"""What was asked of the sandbox: the last requests, and counts of all of them."""

import threading
from collections import Counter, deque
from dataclasses import asdict, dataclass

from ps_integration.sandbox.codec import Document

REQUESTS_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request; status 0 means that the connection was closed without an answer."""

    at: str
    system: str
    method: str
    path: str
    query: str
    status: int
    is_write: bool
    faults: tuple[str, ...]


class RequestLog:
    """Kept in memory: it says what one server process was asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: deque[LoggedRequest] = deque(maxlen=REQUESTS_KEPT)
        self._counts: Counter[tuple[str, str, str, bool]] = Counter()

    def add(self, request: LoggedRequest) -> None:
        """Remember one request."""
        with self._lock:
            self._last.append(request)
            self._counts[request.system, request.method, request.path, request.is_write] += 1

    def requests(self) -> list[LoggedRequest]:
        """Return the last requests, oldest first."""
        with self._lock:
            return list(self._last)

    def as_document(self) -> Document:
        """Return counts and last requests as JSON."""
        with self._lock:
            counts = [
                {"system": key[0], "method": key[1], "path": key[2], "is_write": key[3], "count": n}
                for key, n in sorted(self._counts.items())
            ]
            return {"counts": counts, "requests": [asdict(request) for request in self._last]}
