"""Servers in processes of their own, and sandbox vendors in one."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from ps_integration.sandbox.server import SandboxServer
from ps_integration.sandbox.state import SandboxState

ORPHAN_SECONDS = 0.5


@contextmanager
def forked(start: Callable[[], str]) -> Iterator[str]:
    """Run a server in a child process; what `start` says of it. It ends with us, too.

    Args:
        start: Begins to serve from threads of its own and says where, in a word.
    """
    parent = os.getpid()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            os.write(writing, start().encode())
            os.close(writing)
            while os.getppid() == parent:
                time.sleep(ORPHAN_SECONDS)
        finally:
            os._exit(1)
    os.close(writing)
    try:
        with os.fdopen(reading) as answer:
            told = answer.read()
        assert told, "the server's process ended before it served"
        yield told
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@contextmanager
def sandboxed(
    folder: Path,
    sow: Callable[[SandboxState], None],
    now: Callable[[], datetime] | None = None,
) -> Iterator[tuple[str, SandboxState]]:
    """Serve sandbox systems from a child; their origin, and their state to look into.

    Args:
        folder: Where the state is kept.
        sow: Enters the books.
        now: The server's clock; None = as `sow` set it.
    """
    state = SandboxState(folder / "sandbox.sqlite")
    sow(state)
    state.close()

    def start() -> str:
        served = SandboxState(folder / "sandbox.sqlite")
        if now is not None:
            served.clock = now
        server = SandboxServer(served)
        server.start()
        return f"http://127.0.0.1:{server.port}"

    with forked(start) as origin:
        yield origin, state
    state.close()
