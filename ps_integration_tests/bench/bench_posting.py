"""Posts documents through the whole engine and prints lines per second, the ERP's time apart.

Staged, signed, claimed, sent as draft and posted, read back: on SQLite and on a PostgreSQL server
started here, on an empty ledger and on one that holds a million lines already. The ERP is kept in
memory and timed by itself. Run by `make bench-posting`; `--lines` and `--ledger` take fewer.
"""

import argparse
import datetime as dt
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from sqlalchemy import insert, text

from ps_integration.connectors.protocol import ErpReceipt, Outgoing, WriteAnswer
from ps_integration.domain.records import Capability
from ps_integration.stores.operational.journal import Journal
from ps_integration.stores.operational.models import Batch, Document, LedgerEntry, PostingLine, Run
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import approve, post
from ps_integration_tests.posting import postgres
from ps_integration_tests.posting.making import AS_OF, make_batch, make_document, make_night

LINES_PER_DOCUMENT = 20
_CHUNK = 5_000
_A_BATCH = 50  # documents


class MemoryErp:
    """An ERP that answers at once and keeps count of its own time."""

    def __init__(self):
        self.capability = Capability("F", 0.0, 35, 5, creates_then_posts=True, concurrency=4)
        self.documents: dict[str, ErpReceipt] = {}
        self.seconds = 0.0
        self.calls = 0

    @contextmanager
    def _timed(self):
        started = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - started
        self.calls += 1

    def create(self, document):
        with self._timed():
            receipt = ErpReceipt(
                erp_id=document.reference,
                number=f"N{len(self.documents)}",
                reference=document.reference,
                kind=document.kind,
                state="draft",
                customer_key=document.customer_key,
                currency=document.currency,
                posting_date=document.posting_date,
                amount_minor=document.amount_minor,
                line_amounts_minor=tuple(line.amount_minor for line in document.lines),
            )
            self.documents[document.reference] = receipt
            return WriteAnswer("accepted", receipt)

    def post(self, document, erp_id):
        with self._timed():
            posted = replace(self.documents[erp_id], state="posted")
            self.documents[erp_id] = posted
            return WriteAnswer("accepted", posted)

    def find(self, company, reference):
        with self._timed():
            found = self.documents.get(reference)
            return [found] if found else []

    def ours(self, company, prefix):
        return list(self.documents.values())

    def outgoing(self, document):
        return Outgoing("POST", "/", b"")

    def validate(self, document):
        return None

    def discard_draft(self, company, erp_id):
        return WriteAnswer("refused")


@dataclass(frozen=True, slots=True)
class Measure:
    """One run through the engine."""

    store: str
    ledger_lines: int
    lines: int
    stage_seconds: float
    post_seconds: float
    erp_seconds: float

    @property
    def lines_per_second(self) -> float:
        """Through staging, signing and posting, the ERP's own time taken off."""
        return self.lines / (self.stage_seconds + self.post_seconds - self.erp_seconds)


class Bench:
    """One store, filled, with an ERP of its own; posts as often as asked."""

    def __init__(self, url: str, folder: Path, ledger_lines: int) -> None:
        """Migrate and fill the store, and post one document to warm it."""
        self.kind, self.ledger_lines = url.partition(":")[0].partition("+")[0], ledger_lines
        self._store = OperationalStore(url, Journal(folder / "posting.journal"))
        self._store.migrate()
        fill(self._store, ledger_lines)
        self._night, self._erp, self._rounds = make_night(folder), MemoryErp(), 0
        self.post(LINES_PER_DOCUMENT)

    def post(self, lines: int) -> Measure:
        """Stage, sign and post so many lines."""
        count, self._rounds = max(1, lines // LINES_PER_DOCUMENT), self._rounds + 1
        first = self._rounds * 1_000_000
        batch = make_batch(*(_document(first + number) for number in range(count)))
        self._erp.seconds = 0.0
        started = time.perf_counter()
        post.stage(self._night, self._store, [batch])
        now = self._night.as_of
        approve.approve(self._store, batch.batch_id, "maria", now, "")
        staged = time.perf_counter()
        result = post.post(self._night, self._store, {"bc": self._erp})
        ended = time.perf_counter()
        if result.row_count != count:
            raise SystemExit(f"posted {result.row_count} of {count}: {result.metadata}")
        return Measure(
            store=self.kind,
            ledger_lines=self.ledger_lines,
            lines=count * LINES_PER_DOCUMENT,
            stage_seconds=staged - started,
            post_seconds=ended - staged,
            erp_seconds=self._erp.seconds,
        )

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()


def _document(number: int):
    amounts = tuple(10_000 + line for line in range(LINES_PER_DOCUMENT))
    return make_document(number, amounts, ref=f"PS-BENCH-202603-{number}")


def fill(store: OperationalStore, lines: int) -> None:
    """Write posted documents with their ledger rows, as years of nights would have left them."""
    count = lines // LINES_PER_DOCUMENT
    if not count:
        return
    with store.session() as session:
        session.execute(insert(Run), [_run()])
        session.execute(insert(Batch), [_batch(number) for number in range(0, count, _A_BATCH)])
        for start in range(0, count, _CHUNK):
            numbers = range(start, min(start + _CHUNK, count))
            session.execute(insert(Document), [_posted(number) for number in numbers])
            session.execute(insert(LedgerEntry), [row for n in numbers for row in _steps(n)])
            for part in range(0, len(numbers), 500):
                chunk = numbers[part : part + 500]
                session.execute(insert(PostingLine), [row for n in chunk for row in _lines(n)])
    with store.engine.begin() as connection:
        connection.execute(text("analyze"))


def _run() -> dict[str, object]:
    return {
        "run_id": "old", "job": "nightly_sync", "as_of": AS_OF, "trigger": "schedule",
        "maker": "schedule", "config_hash": "c" * 64, "code_version": "0", "status": "done",
        "started_at": AS_OF,
    }  # fmt: skip


def _batch(number: int) -> dict[str, object]:
    return {
        "batch_id": f"old{number // _A_BATCH}", "content_sha256": "0" * 64, "merkle_root": "0" * 64,
        "config_hash": "c" * 64, "run_id": "old", "maker": "schedule", "system": "bc",
        "company": "US01", "legal_entity": "us", "period": "2025-12", "currency": "USD",
        "document_count": _A_BATCH, "line_count": _A_BATCH * LINES_PER_DOCUMENT,
        "amount_minor": 0,
        "status": "posted", "planned_at": AS_OF,
    }  # fmt: skip


def _ref(number: int) -> str:
    return f"PS-OLD-202512-{number}"


def _posted(number: int) -> dict[str, object]:
    return {
        "document_ref": _ref(number), "batch_id": f"old{number // _A_BATCH}", "kind": "invoice",
        "system": "bc",
        "company": "US01", "legal_entity": "us", "project_id": "old", "customer_key": "c100",
        "currency": "USD", "period": "2025-12", "posting_date": dt.date(2025, 12, 31),
        "amount_minor": 1000 * LINES_PER_DOCUMENT, "state": "posted", "content": {},
        "content_sha256": "0" * 64, "merkle_proof": {}, "attempts": 2, "erp_id": _ref(number),
        "erp_number": str(number), "confirmed_at": AS_OF,
    }  # fmt: skip


def _steps(number: int) -> Iterator[dict[str, object]]:
    states = (None, "planned", "approved", "sending", "draft", "sending", "posted")
    for before, after in pairwise(states):
        yield {
            "at": AS_OF, "document_ref": _ref(number), "from_state": before, "to_state": after,
            "attempt": 1, "run_id": "old", "evidence": {"phase": "create"},
        }  # fmt: skip


def _lines(number: int) -> Iterator[dict[str, object]]:
    for line_no in range(1, LINES_PER_DOCUMENT + 1):
        object_id = f"harvest_uk:old-{number}-{line_no}"
        yield {
            "line_key": f"bc|harvest_uk|time_entry|old-{number}-{line_no}|1|0",
            "document_ref": _ref(number), "line_no": line_no, "object_kind": "time_entry",
            "object_id": object_id, "part": 1, "correction_no": 0, "version_sha256": "v1",
            "project_id": "old", "legal_entity": "us", "period": "2025-12",
            "work_date": dt.date(2025, 12, 10), "seconds": 3600, "quantity": Decimal("1.00000"),
            "unit_price": Decimal("10.000000"), "amount_minor": 1000, "currency": "USD",
            "description": "Design",
        }  # fmt: skip


def draw(measures: list[Measure]) -> str:
    """The figures as a table."""
    head = "store       ledger lines   lines  stage s   post s    ERP s   lines/s   us per line"
    rows = [
        f"{one.store:<11} {one.ledger_lines:>12,} {one.lines:>7,} {one.stage_seconds:>8.2f}"
        f" {one.post_seconds:>8.2f} {one.erp_seconds:>8.2f} {one.lines_per_second:>9,.0f}"
        f" {1e6 / one.lines_per_second:>13,.0f}"
        for one in measures
    ]
    return "\n".join((head, *rows))


def main() -> None:
    """Measure both stores on an empty and on a full ledger."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--ledger", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5, help="taken in turns; the best counts")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ps-bench-") as name, postgres.server() as address:
        benches = []
        for at, ledger_lines in enumerate((0, asked.ledger)):
            for kind in ("sqlite", "postgresql"):
                folder = Path(name) / f"{kind}{at}"
                folder.mkdir()
                url = f"sqlite:///{folder}/store.sqlite"
                if kind == "postgresql":
                    url = postgres.database(address, f"bench{at}")
                benches.append(Bench(url, folder, ledger_lines))
        rounds = [[one.post(asked.lines) for one in benches] for _ in range(asked.rounds)]
        for one in benches:
            one.close()
    turns = zip(*rounds, strict=True)
    best = [max(of_one, key=lambda one: one.lines_per_second) for of_one in turns]
    sys.stdout.write(draw(sorted(best, key=lambda one: one.store)) + "\n")


if __name__ == "__main__":
    main()
