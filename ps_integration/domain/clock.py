"""The wall clock, for leases and settle times only; decisions about money use the night's time."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits. Injected, so that tests own both."""

    def now(self) -> datetime:
        """The instant on the wall, aware UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait that long."""


class WallClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The instant on the wall, aware UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait that long."""
        time.sleep(seconds)
