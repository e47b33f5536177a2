"""One undisturbed run of the demonstration for all tests of a session."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ps_integration.sandbox.state import SandboxState
from ps_integration.sandbox.world.business_central import COMPANIES

ROOT = Path(__file__).parents[2]
QUERIES = {
    "dispositions": (
        "select entry_id, part, disposition, reason, amount_minor, seconds, document_ref"
        " from billing.dispositions order by all"
    ),
    "documents": (
        "select document_ref, kind, state, amount_minor, readback_minor from ops.documents"
        " order by all"
    ),
    "ledger": (
        "select document_ref, count(*) from ops.ledger where to_state = 'posted'"
        " group by all order by all"
    ),
    "breaks": "select rule, record_key, period, state from ops.open_breaks order by all",
}
START = "from ps_integration.cli.main import main; main()"


@dataclass(frozen=True)
class Place:
    """A folder in which the demonstration is played by processes of its own."""

    folder: Path

    @property
    def state(self) -> Path:
        return self.folder / "data" / "halden"

    def start(self) -> subprocess.Popen[str]:
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            [sys.executable, "-c", START, "demo", "--json"],
            cwd=self.folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self) -> dict[str, Any]:
        """Play to the end; what the last line of output says."""
        process = self.start()
        output, errors = process.communicate()
        assert process.returncode in (0, 1), errors
        said: dict[str, Any] = json.loads(output.splitlines()[-1])
        return {**said, "exit_code": process.returncode}

    def books(self) -> list[tuple[Any, ...]]:
        """Every line of every sales document in the ERP, without the ids the ERP gave."""
        state = SandboxState(self.state / "sandbox.sqlite")
        try:
            return sorted(
                (company, kind, *line)
                for company, *_ in COMPANIES.values()
                for kind in ("salesInvoice", "salesCreditMemo")
                for line in _lines(state, company, kind)
            )
        finally:
            state.close()

    def told(self) -> list[tuple[Any, ...]]:
        """What the PSA and Clockify have been told."""
        state = SandboxState(self.state / "sandbox.sqlite")
        try:
            references = state.documents("kantata", "external_references")
            marks = state.stored("clockify_emea", "invoiced_entries")
            return sorted(
                [(row["subject_id"], row["external_status"],
                  _NUMBERS.sub("NUMBER", row["external_message"])) for row in references]
                + [(row.id, str(row.document["invoiced"]), "") for row in marks]
            )  # fmt: skip
        finally:
            state.close()

    def end(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that must be the same however often it was interrupted."""
        found = {name: self.rows(query) for name, query in QUERIES.items()}
        return {"books": self.books(), "told": self.told(), **found}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the warehouse after the last run."""
        with duckdb.connect(str(self.state / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(query).fetchall()


_NUMBERS = re.compile(r"PS-(INV|CR)\d+")
"""The ERP's own numbers, which corrections and the PSA's messages name; they depend on which
document was sent first."""


def _lines(state: SandboxState, company: str, kind: str) -> list[tuple[str, ...]]:
    documents = {row["id"]: row for row in state.documents("bc", f"{company}/{kind}s")}
    found = []
    for line in state.documents("bc", f"{company}/{kind}Lines"):
        document = documents[line["documentId"]]
        values = (
            document["externalDocumentNumber"],
            document["status"],
            document["postingDate"],
            document["totalAmountExcludingTax"],
            line["sequence"],
            _NUMBERS.sub("NUMBER", line["description"]),
            line["quantity"],
            line["unitPrice"],
            line["netAmount"],
        )
        found.append(tuple(map(str, values)))
    return found


@pytest.fixture(scope="session")
def new_place(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Place]:
    """Make a folder with nothing but what is shipped."""

    def make() -> Place:
        folder = tmp_path_factory.mktemp("demo")
        shutil.copytree(ROOT / "data" / "demo", folder / "data" / "demo")
        return Place(folder)

    return make


@dataclass(frozen=True)
class Played:
    """A demonstration played to its end, and how everything was then."""

    place: Place
    said: dict[str, Any]
    end: dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def played(new_place: Callable[[], Place]) -> Played:
    """The demonstration played once, undisturbed."""
    place = new_place()
    said = place.finish()
    return Played(place, said, place.end())
