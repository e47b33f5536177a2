"""Every state of a document against every state of the stores: how the night then ends."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from ps_integration.domain.posting import State
from ps_integration_tests.endings.documents import bring
from ps_integration_tests.endings.stores import COPY, OLDER, STATE, STORES
from ps_integration_tests.regressions.firm import Firm, served
from ps_integration_tests.upgrades.packed import unpack

TONIGHT: Final = "2026-04-10"
MOST: Final = Decimal("13605.00")
"""What the customers owe at most: 1,605.00 as it stood, and 12,000.00 that waits."""


@dataclass(frozen=True)
class Ending:
    """How a night ended.

    Attributes:
        document: State of the documents that waited.
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
        """A report, or one sentence that is not about an unexpected error; nothing billed twice."""
        is_said = self.has_report or bool(self.said and "unexpected" not in self.said)
        return is_said and Decimal(0) <= self.billed <= MOST


def endings(place: Path, pairs: Sequence[tuple[State, str]]) -> Iterator[Ending]:
    """Play one night for each pair of document and store, each on a copy of the same firm."""
    base = place / "base"
    unpack("northlight", base)
    with served(base) as firm:
        assert firm.run("store", "backup", OLDER).code == 0
        firm.night("2026-04-09")
        assert firm.run("store", "backup", COPY).code == 0
    for document, store in pairs:
        with _copied(base, place / "night") as firm:
            bring(firm, firm.folder / STATE, document)
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
