"""A store of an older release plays its next, quiet night: it asks for nothing new.

The stores are those of release 91bbdd3 (see `packed.py`): the demonstration after its last night,
and Northlight with a cap that was passed, edits up and down after posting, a rate changed back to
January, an entry deleted after posting, and two batches that wait for a person.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ps_integration.cli.options import load
from ps_integration.sandbox.server import SandboxServer
from ps_integration.sandbox.state import SandboxState
from ps_integration.sandbox.world.events import NIGHTS
from ps_integration.workflows.demo import environment
from ps_integration.workflows.nightly import new_night, nightly
from ps_integration_tests.regressions.firm import served
from ps_integration_tests.upgrades.packed import unpack


@dataclass(frozen=True)
class Books:
    """What of an operational store posting follows from."""

    batches: dict[str, str]
    documents: dict[str, str]
    reversed_lines: int
    voids: int

    @classmethod
    def of(cls, path: Path) -> "Books":
        with sqlite3.connect(path) as store:
            found = cls(
                dict(store.execute("select batch_id, status from batches")),
                dict(store.execute("select document_ref, state from documents")),
                _one(store, "select count(*) from posting_lines where correction is not null"),
                _one(store, "select count(*) from approvals where decision = 'void'"),
            )
        store.close()
        return found


def _one(store: sqlite3.Connection, query: str) -> int:
    return int(store.execute(query).fetchone()[0])


def judge(before: Books, after: Books, night: dict[str, Any]) -> None:
    assert night["failed_checks"] == []
    assert after.reversed_lines == before.reversed_lines, "a correction was planned"
    assert after.voids == before.voids, "a batch was voided"
    assert after.documents == before.documents, "a document was planned, superseded or sent"
    assert after.batches == before.batches
    assert night["posted"]["new"] == 0


def test_a_store_with_caps_and_corrections_asks_for_nothing_new(tmp_path: Path) -> None:
    unpack("northlight", tmp_path)
    store = tmp_path / "data" / "northlight" / "operational.sqlite"
    before = Books.of(store)
    assert before.reversed_lines == 7
    with served(tmp_path) as firm:
        night = firm.night("2026-04-09")
        judge(before, Books.of(store), night)
        assert str(firm.billed()) == "1605.00"
        judge(before, Books.of(store), firm.night("2026-04-10"))


def test_the_demonstrations_store_asks_for_nothing_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpack("halden", tmp_path)
    monkeypatch.chdir(tmp_path)
    state = Path("data/halden")
    before = Books.of(state / "operational.sqlite")
    with _served(state, tmp_path) as environ:
        file = load(tmp_path / "firm.yaml")
        as_of = NIGHTS[-1].instant + timedelta(days=1)
        night = new_night(file, as_of, trigger="schedule", maker="schedule")
        result = nightly(night, environ, lambda _step, _result: None)
    judge(before, Books.of(state / "operational.sqlite"), dict(result.data))


@contextmanager
def _served(state: Path, folder: Path) -> Iterator[dict[str, str]]:
    sandbox = SandboxState(state / "sandbox.sqlite")
    try:
        with SandboxServer(sandbox) as server:
            yield environment(server, folder)
    finally:
        sandbox.close()
