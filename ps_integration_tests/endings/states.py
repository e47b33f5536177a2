"""Every state of a document against every state of the stores: how the night then ends."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from ps_integration_tests.regressions.firm import Firm, served
from ps_integration_tests.upgrades.packed import unpack

STATE: Final = Path("data") / "northlight"
TONIGHT: Final = "2026-04-10"


def _damaged(path: Path) -> None:
    with path.open("rb+") as file:
        for place in (4096 + 100, 8192 + 100):
            file.seek(place)
            file.write(b"not what was written")


def _lost(*names: str) -> Callable[[Firm], None]:
    def lose(firm: Firm) -> None:
        for name in names:
            (firm.folder / STATE / name).unlink()

    return lose


def _restored(firm: Firm) -> None:
    assert firm.run("store", "restore", "copy").code == 0


def _emptied(firm: Firm) -> None:
    (firm.folder / STATE / "warehouse.duckdb").write_bytes(b"")


STORES: Final[Mapping[str, Callable[[Firm], None]]] = {
    "as it was": lambda _: None,
    "restored": _restored,
    "warehouse lost": _lost("warehouse.duckdb"),
    "warehouse emptied": _emptied,
    "warehouse damaged": lambda firm: _damaged(firm.folder / STATE / "warehouse.duckdb"),
    "copy lost": _lost("snapshot.duckdb"),
    "copy damaged": lambda firm: _damaged(firm.folder / STATE / "snapshot.duckdb"),
    "warehouse and copy lost": _lost("warehouse.duckdb", "snapshot.duckdb"),
    "key lost": _lost("audit.key"),
}
"""What happened to the stores before the night."""


def _approved(firm: Firm) -> None:
    for batch in firm.said("batches", "list")["batches"]:
        if batch["status"] == "planned":
            firm.run("batches", "approve", batch["batch_id"], "--note", "seen", who="controller")


DOCUMENTS: Final[Mapping[str, Callable[[Firm], None]]] = {
    "planned and posted": lambda _: None,
    "approved": _approved,
}
"""What was done to the documents that wait, before that."""


@dataclass(frozen=True)
class Ending:
    """How a night ended.

    Attributes:
        document: Key of `DOCUMENTS`.
        store: Key of `STORES`.
        has_report: It drew one.
        said: The first alert, or the sentence it ended with.
        billed: Net of what stands in the ERP afterwards.
    """

    document: str
    store: str
    has_report: bool
    said: str
    billed: Decimal

    @property
    def is_good(self) -> bool:
        """A report, or one sentence that is not about an unexpected error."""
        return self.has_report or bool(self.said and "unexpected" not in self.said)


def endings(place: Path, documents: list[str], stores: list[str]) -> Iterator[Ending]:
    """Play one night for each pair, each on a copy of the same firm."""
    base = place / "base"
    unpack("northlight", base)
    with served(base) as firm:
        firm.night("2026-04-09")
        firm.run("store", "backup", "copy")
    for document in documents:
        for store in stores:
            with _copied(base, place / "night") as firm:
                DOCUMENTS[document](firm)
                STORES[store](firm)
                yield _ending(firm, document, store)


@contextmanager
def _copied(base: Path, folder: Path) -> Iterator[Firm]:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base, folder)
    with served(folder) as firm:
        yield firm


def _ending(firm: Firm, document: str, store: str) -> Ending:
    answer = firm.run("nightly", "--as-of", TONIGHT, "--json")
    data = answer.data if answer.text.strip() else {}
    if "verdict" in data:
        said = (*data["alerts"], data["sentence"])[0]
        return Ending(document, store, True, said, firm.billed())
    said = str(data.get("message") or f"unexpected: {answer.errors[-300:]}")
    return Ending(document, store, False, said, firm.billed())
