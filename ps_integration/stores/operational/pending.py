"""What a transaction still owes the audit trail; written at its very end.

The trail has one end, so whoever extends it holds everybody else up. It is therefore extended last,
when all other locks are held already: no two transactions can wait for each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from ps_integration.domain.trail import KeyRing

_INFO: Final = "pending"
Identity = tuple[object, ...]
"""Values of a row's primary key, in its order."""


@dataclass(frozen=True, slots=True)
class Act:
    """A sensitive action that the trail will tell."""

    at: datetime
    who: str
    action: str
    subject: str
    detail: Mapping[str, object]


@dataclass(slots=True)
class Pending:
    """What one transaction owes.

    Attributes:
        keys: The firm's keys; None leaves rows without a code (copies and rehearsals).
        acts: Actions to tell.
        written: Identities of rows to witness, by table.
        leaves: Hashes of documents just staged, by reference; spares reading their lines again.
    """

    keys: KeyRing | None
    acts: list[Act] = field(default_factory=list)
    written: dict[str, set[Identity]] = field(default_factory=dict)
    leaves: dict[str, str] = field(default_factory=dict)


def open_for(session: Session, keys: KeyRing | None) -> None:
    """Begin to collect for a writing transaction."""
    session.info[_INFO] = Pending(keys)


def of(session: Session) -> Pending:
    """What the transaction owes so far.

    Raises:
        KeyError: The session only reads.
    """
    pending = session.info[_INFO]
    if not isinstance(pending, Pending):
        raise TypeError("only the store opens sessions")
    return pending


def keys_of(session: Session) -> KeyRing | None:
    """The keys that a writing transaction codes with; None where nothing is coded."""
    pending = session.info.get(_INFO)
    return pending.keys if isinstance(pending, Pending) else None
