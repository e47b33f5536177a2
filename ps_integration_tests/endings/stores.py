"""What can have happened to a firm's stores before a night."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from ps_integration_tests.regressions.firm import Firm

STATE: Final = Path("data") / "northlight"
OLDER, COPY = "older", "copy"
"""Backups: of the night before the last, and of the last."""


def _damaged(*names: str) -> Callable[[Firm], None]:
    def damage(firm: Firm) -> None:
        for name in names:
            with (firm.folder / STATE / name).open("rb+") as file:
                for place in (4096 + 100, 8192 + 100):
                    file.seek(place)
                    file.write(b"not what was written")

    return damage


def _lost(*names: str) -> Callable[[Firm], None]:
    def lose(firm: Firm) -> None:
        for name in names:
            (firm.folder / STATE / name).unlink()

    return lose


def _cut(name: str, share: float) -> Callable[[Firm], None]:
    def cut(firm: Firm) -> None:
        path = firm.folder / STATE / name
        with path.open("rb+") as file:
            file.truncate(int(path.stat().st_size * share))

    return cut


def _restored(backup: str) -> Callable[[Firm], None]:
    def restore(firm: Firm) -> None:
        assert firm.run("store", "restore", backup).code == 0

    return restore


def _put(backup: str, *names: str) -> Callable[[Firm], None]:
    """Put files of a backup in place by hand, as people do who do not know the command."""

    def put(firm: Firm) -> None:
        for name in names:
            source = "warehouse.duckdb" if name == "snapshot.duckdb" else name
            shutil.copyfile(firm.folder / backup / source, firm.folder / STATE / name)

    return put


def _both(*acts: Callable[[Firm], None]) -> Callable[[Firm], None]:
    def do(firm: Firm) -> None:
        for act in acts:
            act(firm)

    return do


STORES: Final[Mapping[str, Callable[[Firm], None]]] = {
    "as it was": lambda _: None,
    "restored": _restored(COPY),
    "restored, older": _restored(OLDER),
    "operational put back": _put(OLDER, "operational.sqlite"),
    "warehouse put back": _put(OLDER, "warehouse.duckdb"),
    "both of different nights": _both(
        _put(COPY, "operational.sqlite"), _put(OLDER, "warehouse.duckdb", "snapshot.duckdb")
    ),
    "restored, warehouse lost": _both(_restored(COPY), _lost("warehouse.duckdb")),
    "warehouse lost": _lost("warehouse.duckdb"),
    "warehouse emptied": _cut("warehouse.duckdb", 0),
    "warehouse truncated": _cut("warehouse.duckdb", 0.5),
    "warehouse damaged": _damaged("warehouse.duckdb"),
    "copy lost": _lost("snapshot.duckdb"),
    "copy damaged": _damaged("snapshot.duckdb"),
    "warehouse and copy lost": _lost("warehouse.duckdb", "snapshot.duckdb"),
    "warehouse, copy damaged": _damaged("warehouse.duckdb", "snapshot.duckdb"),
    "operational lost": _lost("operational.sqlite"),
    "operational emptied": _cut("operational.sqlite", 0),
    "operational truncated": _cut("operational.sqlite", 0.5),
    "operational damaged": _damaged("operational.sqlite"),
    "key lost": _lost("audit.key"),
    "key emptied": _cut("audit.key", 0),
    "journal lost": _lost("posting.journal"),
    "journal truncated": _cut("posting.journal", 0.5),
    "anchors lost": _lost("audit-anchors.jsonl"),
    "anchors truncated": _cut("audit-anchors.jsonl", 0.5),
}
"""What happened to the stores before the night."""
