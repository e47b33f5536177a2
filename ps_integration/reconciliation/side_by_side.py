"""Pieces of work done at the same time: while one is being planned, another computes."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

Session = TypeVar("Session")
Result = TypeVar("Result")


def side_by_side(
    sessions: Sequence[Session], work: Sequence[Callable[[Session], Result]]
) -> list[Result]:
    """Do every piece on a session that no other uses meanwhile; results in the order of `work`.

    Raises:
        Exception: The first error of a piece in that order, when those that have begun have come to
            their end; the others are left out.
    """
    free: SimpleQueue[Session] = SimpleQueue()
    for session in sessions:
        free.put(session)

    def do(piece: Callable[[Session], Result]) -> Result:
        session = free.get()
        try:
            return piece(session)
        finally:
            free.put(session)

    with ThreadPoolExecutor(len(sessions)) as pool:
        return list(pool.map(do, work))
