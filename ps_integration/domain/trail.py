"""How rows of the audit trail are bound to each other, and by which key.

A row's hash covers its own bytes and the hash of the row before it, so anybody can follow the
chain. Its code (HMAC-SHA-256) needs the firm's key, so nobody without it can write another chain.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from ps_integration.errors import FixConfigError

MIN_KEY_CHARACTERS: Final = 32
ROWS: Final = "rows"
"""Action of a trail row that witnesses rows of other tables."""
KEY: Final = "key"
"""Action of the trail row that begins the use of a key."""
RESTORE: Final = "restore"
"""Action of the trail row that says an older copy of the store was put back on purpose."""


@dataclass(frozen=True, slots=True)
class Key:
    """A secret that codes trail rows.

    Attributes:
        secret: Its bytes.
    """

    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, text: str, source: str) -> "Key":
        """The key that a text stands for.

        Raises:
            FixConfigError: The text from this source is too short to be a key.
        """
        if len(text) < MIN_KEY_CHARACTERS:
            raise FixConfigError(
                f"{source}: an audit key has at least {MIN_KEY_CHARACTERS} characters; "
                "make one with `openssl rand -hex 32`"
            )
        return cls(text.encode())

    @property
    def id(self) -> str:
        """Names the key without telling it; stored with every row it codes."""
        return self.derived("id").hex()[:16]

    def code(self, sha256: str) -> str:
        """The code of a row, given its hash."""
        return hmac.new(self.secret, b"row" + bytes.fromhex(sha256), hashlib.sha256).hexdigest()

    def derived(self, purpose: str) -> bytes:
        """32 bytes for another purpose, from which the key cannot be told."""
        return hmac.new(self.secret, b"for " + purpose.encode(), hashlib.sha256).digest()


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The key that codes new rows, and older ones that still check theirs."""

    current: Key
    previous: tuple[Key, ...] = ()

    def find(self, key_id: str) -> Key | None:
        """The key of that id; None when it is not at hand."""
        return next((key for key in (self.current, *self.previous) if key.id == key_id), None)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the trail at one moment; of an empty one, number 0.

    Attributes:
        seq: Number of the last row.
        sha256: Its hash.
        ledger_seq: Newest row of the posting ledger at that moment.
    """

    seq: int
    sha256: str
    ledger_seq: int


def chained(previous_sha256: str, body: bytes) -> str:
    """Hash of a row, from the row before it and its own bytes.

    What stands in place of the hash before is chained as it is, so that one that somebody altered
    is found by the check and stops no night.
    """
    try:
        before = bytes.fromhex(previous_sha256)
    except ValueError:
        before = previous_sha256.encode()
    return hashlib.sha256(before + hashlib.sha256(body).digest()).hexdigest()
