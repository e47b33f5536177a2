"""Rate limits of the sandbox: a sliding window of real time per account."""

import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager


class RateLimiter:
    """Counts requests in sliding windows; kept in memory, as vendors' limits are."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._lock = threading.Lock()
        self._taken: defaultdict[Hashable, deque[float]] = defaultdict(deque)
        self._under_way: Counter[Hashable] = Counter()

    def take(self, bucket: Hashable, requests: int, seconds: float) -> float | None:
        """Count one request of a bucket that allows so many requests in so many seconds.

        Returns:
            None when it is within the limit, else the seconds until one is free again; a refused
            request is not counted.
        """
        with self._lock:
            now, taken = self._timer(), self._taken[bucket]
            while taken and taken[0] <= now - seconds:
                taken.popleft()
            if len(taken) >= requests:
                return taken[0] + seconds - now
            taken.append(now)
            return None

    def taken(self, bucket: Hashable) -> int:
        """How many requests of a bucket stand in its window, as of the last `take`."""
        with self._lock:
            return len(self._taken[bucket])

    @contextmanager
    def under_way(self, bucket: Hashable) -> Iterator[int]:
        """Count a request of a bucket while it is under way; gives how many are, with this one."""
        with self._lock:
            self._under_way[bucket] += 1
            count = self._under_way[bucket]
        try:
            yield count
        finally:
            with self._lock:
                self._under_way[bucket] -= 1
