"""Time in the crash matrix: it passes when somebody waits, so that settle times cost nothing.

The fault proxy owns the time: what it delivers late arrives before anybody sees a later instant.
"""

import json
import mmap
import socket
import struct
import time
from datetime import UTC, datetime, timedelta

EPOCH = datetime(2026, 4, 1, 3, 30, tzinfo=UTC)
CONTROL_SECONDS_MAX = 60


class SharedClock:
    """Seconds since `EPOCH`, shared with every process forked after it was made.

    Real time passes as well, so that two instants are never the same.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 8)
        self._started = time.monotonic()
        self.control: tuple[str, int] | None = None

    def skipped(self) -> float:
        """Seconds that were not waited for."""
        (seconds,) = struct.unpack("d", self._memory[:8])
        return float(seconds)

    def seconds(self) -> float:
        """Seconds since `EPOCH`."""
        return self.skipped() + time.monotonic() - self._started

    def skip(self, seconds: float) -> None:
        """Let time pass at once; for the proxy only."""
        self._memory[:8] = struct.pack("d", self.skipped() + seconds)

    def now(self) -> datetime:
        """The instant it is."""
        return EPOCH + timedelta(seconds=self.seconds())

    def sleep(self, seconds: float) -> None:
        """Wait: whatever is due on the wire until then arrives first."""
        tell(self.control, {"do": "advance", "seconds": seconds})


def tell(control: tuple[str, int] | None, message: dict[str, object]) -> dict[str, int]:
    """Give the proxy one order and wait until it is done."""
    assert control is not None, "no proxy is running"
    with socket.create_connection(control, timeout=CONTROL_SECONDS_MAX) as connection:
        connection.sendall(json.dumps(message).encode() + b"\n")
        with connection.makefile("rb") as answer:
            done: dict[str, int] = json.loads(answer.readline())
    return done
