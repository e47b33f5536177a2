"""The posting journal: a file outside the store that knows what the store has let out.

A store that is restored from an older copy has forgotten what it sent since. The journal has not:
before a call leaves, the whole document with its lines, batch and signature is in it, and after
the answer the state it led to. It is append-only, one JSON object a line, and is kept where a
restore of the store does not reach it.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from ps_integration.errors import CouldNotRunError

JOURNAL_NAME: Final = "posting.journal"
_TAIL_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Mark:
    """The end of a journal.

    Attributes:
        store_id: The store it belongs to.
        epoch: That store's epoch when the line was written.
        seq: The newest ledger row it knows of.
    """

    store_id: str
    epoch: int
    seq: int

    @property
    def place(self) -> tuple[int, int]:
        """What orders two marks of one store."""
        return (self.epoch, self.seq)


class Journal:
    """One append-only file; readable by its owner alone.

    It is not synced to the disk at every line: a process that dies loses nothing of it, and after
    a power cut the ERP itself, asked for all that is ours, shows what the end of it would have.
    """

    def __init__(self, path: Path) -> None:
        """Name the file; it is created by the first `append`."""
        self.path = path

    def append(self, mark: Mark, entries: Sequence[Mapping[str, Any]]) -> None:
        """Write entries, each stamped with where the ledger stood, in one write.

        A line that a crash cut off is ended first, so that it cannot swallow the next one.
        """
        stamp = {"store": mark.store_id, "epoch": mark.epoch}
        body = b"".join(msgspec.json.encode({**stamp, **entry}) + b"\n" for entry in entries)
        handle = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
        try:
            size = os.fstat(handle).st_size
            is_cut = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            os.write(handle, b"\n" + body if is_cut else body)
        finally:
            os.close(handle)

    def mark(self) -> Mark | None:
        """Where the ledger stood when the journal was last written; None without a journal."""
        if not self.path.exists():
            return None
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            reach = _TAIL_BYTES
            while True:
                file.seek(max(size - reach, 0))
                found = [_read(line) for line in file.read().splitlines()[reach < size :]]
                marks = [_mark(entry) for entry in found if entry is not None]
                if marks:
                    return max(marks, key=lambda mark: mark.place)
                if reach >= size:
                    return None
                reach *= 4

    def entries(self, after: tuple[int, int]) -> Iterator[dict[str, Any]]:
        """Every entry later than an epoch and ledger row, oldest first."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            for line in file:
                entry = _read(line)
                if entry is not None and _mark(entry).place > after:
                    yield entry


def _mark(entry: Mapping[str, Any]) -> Mark:
    return Mark(str(entry["store"]), int(entry["epoch"]), int(entry["seq"]))


def _read(line: bytes) -> dict[str, Any] | None:
    """One entry; None for a line that a crash cut off: its call never left."""
    try:
        entry = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return None
    if not isinstance(entry, dict) or not {"store", "epoch", "seq"} <= entry.keys():
        raise CouldNotRunError("posting journal: a line is none of ours; restore the file")
    return entry
