"""Gives documents to workers: as many at a time as an account takes, in order where it must be.

On SQLite the run holds the one posting lease. On PostgreSQL any number of runs share the work:
each takes one document at a time, or one company where documents go out in order.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import groupby

from ps_integration.domain.posting import State
from ps_integration.stores.operational import claims, leases, work
from ps_integration.stores.operational.store import Session
from ps_integration.workflows.sender import Sender

Act = Callable[[Sender, str], float | None]
"""Takes one document on; seconds after which asking again makes sense, if it does."""
Chain = Sequence[claims.Waiting]
"""Documents that one worker takes one after another, oldest posting date first."""


def each(sender: Sender, act: Act, *states: State, unconfirmed: bool = False) -> list[float]:
    """Do something with every document in these states that is due and in nobody else's hands.

    Args:
        sender: The run.
        act: What to do.
        states: Where the documents stand.
        unconfirmed: Only those that were not read back yet.

    Returns:
        What the calls returned, where they returned something.

    Raises:
        LeaseLostError: Another run took over the store; nothing more was begun.
    """
    with sender.store.snapshot() as session:
        found = claims.waiting(session, states, sender.clock.now(), unconfirmed=unconfirmed)
    by_system = groupby(found, key=lambda one: one.system)
    with ExitStack() as stack:
        futures: list[Future[list[float]]] = []
        for system, documents in by_system:
            writer = sender.erps.get(system)
            if writer is None:
                for _ in documents:
                    sender.tally.add("no_writer")
                continue
            pool = stack.enter_context(ThreadPoolExecutor(writer.capability.concurrency))
            chains = _chains(documents, is_ordered=writer.capability.is_ordered)
            futures += [pool.submit(_work, sender, chain, act, states) for chain in chains]
        try:
            return [seconds for done in as_completed(futures) for seconds in done.result()]
        finally:
            for future in futures:
                future.cancel()


def _chains(documents: Iterable[claims.Waiting], *, is_ordered: bool) -> list[Chain]:
    if not is_ordered:
        return [(one,) for one in documents]
    return [tuple(chain) for _, chain in groupby(documents, key=lambda one: one.company)]


def _work(sender: Sender, chain: Chain, act: Act, states: Sequence[State]) -> list[float]:
    waits: list[float] = []
    is_ordered = sender.erps[chain[0].system].capability.is_ordered
    with _hand(sender, chain[0], states, is_ordered=is_ordered) as worker:
        for one in chain:
            if worker is None or sender.tally.is_paused(one.system, one.company):
                break
            wait = act(worker, one.document_ref)
            waits += [] if wait is None else [wait]
    return waits


@contextmanager
def _hand(
    sender: Sender, first: claims.Waiting, states: Sequence[State], *, is_ordered: bool
) -> Iterator[Sender | None]:
    """A sender with a lease over the chain; None when another worker has it."""
    if not sender.store.is_postgresql:
        yield sender
        return
    with sender.store.session() as session:
        lease = _lease(sender, session, first, states, is_ordered=is_ordered)
    if lease is None:
        yield None
        return
    try:
        yield replace(sender, lease=lease)
    except leases.LeaseLostError:
        sender.tally.add("lease_lost")
    finally:
        with sender.store.session() as session:
            if isinstance(lease, work.Taken):
                work.release(session, lease)
            else:
                leases.release(session, lease, sender.clock.now())


def _lease(
    sender: Sender,
    session: Session,
    first: claims.Waiting,
    states: Sequence[State],
    *,
    is_ordered: bool,
) -> leases.Held | work.Taken | None:
    now = sender.clock.now()
    if is_ordered:
        return leases.acquire(session, leases.in_order(first.system, first.company), now)
    return work.take(session, first.document_ref, states, now)
