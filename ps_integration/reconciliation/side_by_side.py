"""Pieces of work done two at a time: while one is being planned, another computes."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from queue import SimpleQueue
from typing import Final, Protocol, TypeVar

WORKERS: Final = 2
"""More would hardly be faster: one query keeps most cores busy by itself."""
Session = TypeVar("Session")
Session_co = TypeVar("Session_co", covariant=True)
Result = TypeVar("Result")


class Opener(Protocol[Session_co]):
    """What opens further sessions on the same data."""

    def sessions(self, count: int) -> AbstractContextManager[Sequence[Session_co]]:
        """Sessions, each for a thread of its own."""


def side_by_side(
    opener: Opener[Session], work: Sequence[Callable[[Session], Result]]
) -> list[Result]:
    """Do every piece on a session that no other uses meanwhile; results in the order of `work`.

    Raises:
        Exception: The first error of a piece in that order, when all have come to their end.
    """
    free: SimpleQueue[Session] = SimpleQueue()

    def do(piece: Callable[[Session], Result]) -> Result:
        session = free.get()
        try:
            return piece(session)
        finally:
            free.put(session)

    workers = min(WORKERS, max(1, len(work)))
    with opener.sessions(workers) as sessions, ThreadPoolExecutor(workers) as pool:
        for session in sessions:
            free.put(session)
        return list(pool.map(do, work))
