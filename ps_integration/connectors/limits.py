"""Rate limits: one pace per vendor account, kept on our side so that the vendor need not."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping

from pyrate_limiter import InMemoryBucket, Rate, RateItem


class Meter:
    """Counts the calls of each system; shared by everything that one run connects."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def count(self, system: str) -> None:
        """One more call leaves."""
        with self._lock:
            self._counts[system] += 1

    def take(self) -> Mapping[str, int]:
        """Calls of each system since they were last taken."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return taken


class Pace:
    """Lets calls through no faster than the vendor account allows; shared between threads.

    Several rates may hold at once, e.g. 100 in 15 seconds and 600 in a minute.
    """

    def __init__(
        self,
        rates: tuple[tuple[int, float], ...] = (),
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the rates as (calls, seconds) pairs; none = no limit of ours.

        Args:
            rates: What the account allows.
            clock: Seconds that only go forward.
            sleep: Waits that many seconds.
        """
        ordered = sorted(rates, key=lambda rate: rate[1])
        self._bucket = (
            InMemoryBucket([Rate(calls, int(seconds * 1000)) for calls, seconds in ordered])
            if ordered
            else None
        )
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._not_before = 0.0

    def wait(self) -> None:
        """Return when the next call may leave."""
        while (seconds := self._ask()) > 0:
            self._sleep(seconds)

    def hold(self, seconds: float) -> None:
        """Let no call of this account leave for that long: the vendor asked us to wait."""
        with self._lock:
            self._not_before = max(self._not_before, self._clock() + seconds)

    def _ask(self) -> float:
        with self._lock:
            now = self._clock()
            if now < self._not_before:
                return self._not_before - now
            if self._bucket is None:
                return 0.0
            milliseconds = int(now * 1000)
            self._bucket.leak(milliseconds)
            item = RateItem("call", milliseconds)
            if self._bucket.put(item):
                return 0.0
            waiting = self._bucket.waiting(item)
            return max(waiting, 1) / 1000 if isinstance(waiting, int) else 0.001


class Paces:
    """The paces of a process: one per vendor account, for all that reads it and writes to it."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Start without an account.

        Args:
            clock: Seconds that only go forward.
            sleep: Waits that many seconds.
        """
        self._made: dict[tuple[str, str, str], Pace] = {}
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()

    def of(self, account: tuple[str, str, str], rates: tuple[tuple[int, float], ...]) -> Pace:
        """The account's pace, at the rates of who asked for it first; see `Pace` for their units.

        Args:
            account: What the vendor's limits hold for (`System.vendor_account`).
            rates: What the account allows, as (calls, seconds).
        """
        with self._lock:
            if account not in self._made:
                self._made[account] = Pace(rates, self._clock, self._sleep)
            return self._made[account]
