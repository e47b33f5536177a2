"""Servers in processes of their own, and sandbox vendors in one."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ps_integration.sandbox.seed import read_seed, sow
from ps_integration.sandbox.server import SandboxServer
from ps_integration.sandbox.state import SandboxState

ORPHAN_SECONDS = 0.5


@contextmanager
def forked(start: Callable[[], int]) -> Iterator[int]:
    """Run a server in a child process; the port it listens on. It ends with us, too.

    Args:
        start: Begins to serve from threads of its own and returns the port.
    """
    parent = os.getpid()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            os.write(writing, str(start()).encode())
            os.close(writing)
            while os.getppid() == parent:
                time.sleep(ORPHAN_SECONDS)
        finally:
            os._exit(1)
    os.close(writing)
    try:
        with os.fdopen(reading) as port:
            told = port.read()
        assert told, "the server's process ended before it served"
        yield int(told)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@contextmanager
def sandboxed(folder: Path, seed: Mapping[str, object]) -> Iterator[tuple[str, SandboxState]]:
    """Serve sandbox systems from a child; their origin, and their state to look into."""
    state = SandboxState(folder / "sandbox.sqlite")
    sow(state, read_seed(seed))
    state.close()

    def start() -> int:
        server = SandboxServer(SandboxState(folder / "sandbox.sqlite"))
        server.start()
        return server.port

    with forked(start) as port:
        yield f"http://127.0.0.1:{port}", state
    state.close()
