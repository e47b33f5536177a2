"""Who may write to an ERP now: one lease with a fencing token that only grows."""

import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ps_integration.domain.seal import digest
from ps_integration.errors import RetryLaterError
from ps_integration.stores.operational.models import Lease

POSTING: Final = "posting"
LEASE_SECONDS: Final = 300
"""Longer than any one call to an ERP may take; renewed before each."""


def in_order(system: str, company: str) -> str:
    """Name of the lease over a company whose documents go out one at a time, in order."""
    return f"order:{digest([system, company])[:32]}"


@dataclass(frozen=True, slots=True)
class Held:
    """A lease in hand; every write made under it checks the token."""

    name: str
    token: int


class LeaseLostError(RetryLaterError):
    """Another run took over; nothing more may be sent or recorded under this lease."""


def acquire(session: Session, name: str, now: datetime) -> Held | None:
    """Take the lease, or None while a living holder has it.

    A lease is free when it has expired, or when its holder was a process of this machine that is
    gone: a dead process sends nothing more, and what it sent is looked up before anything else.
    """
    lease = _row(session, name)
    if lease is None:
        lease = _first(session, name, now)
        if lease is None:
            return Held(name, 1)
    if lease.expires_at > now and not is_gone(lease.holder):
        return None
    lease.holder, lease.token, lease.expires_at = own_name(), lease.token + 1, now + period()
    session.flush()
    return Held(name, lease.token)


def _first(session: Session, name: str, now: datetime) -> Lease | None:
    """Take a lease that nobody ever had; the row of whoever was faster, if somebody was."""
    try:
        with session.begin_nested():
            session.add(Lease(name=name, holder=own_name(), token=1, expires_at=now + period()))
    except IntegrityError:
        return _row(session, name)
    return None


def renew(session: Session, held: Held, now: datetime) -> None:
    """Keep the lease for another period; called in every transaction that writes under it.

    Raises:
        LeaseLostError: The token has moved on.
    """
    lease = _row(session, held.name)
    if lease is None or lease.token != held.token:
        raise LeaseLostError(f"{held.name}: another run took over; this one stops writing")
    lease.expires_at = now + period()
    session.flush()


def release(session: Session, held: Held, now: datetime) -> None:
    """Let go of it, unless another run already has it."""
    lease = _row(session, held.name)
    if lease is not None and lease.token == held.token:
        lease.expires_at = now
        session.flush()


def own_name() -> str:
    """This process: machine, process id and when it started."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}"


def is_gone(holder: str) -> bool:
    """Whether a holder was a process of this machine that no longer runs."""
    host, _, rest = holder.rpartition(":")[0].rpartition(":")
    started = holder.rpartition(":")[2]
    if host != socket.gethostname() or not rest.isdigit():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return bool(started) and _started(int(rest)) != started


def _started(process_id: int) -> str:
    """Ticks since boot at which a process started; empty where unknown, 'dead' for a zombie."""
    with suppress(OSError):
        after_name = Path(f"/proc/{process_id}/stat").read_text("utf-8").rpartition(")")[2].split()
        return "dead" if after_name[0] in "ZX" else after_name[19]
    return ""


def period() -> timedelta:
    """How long a lease lasts without being renewed."""
    return timedelta(seconds=LEASE_SECONDS)


def _row(session: Session, name: str) -> Lease | None:
    return session.scalars(select(Lease).where(Lease.name == name).with_for_update()).one_or_none()
