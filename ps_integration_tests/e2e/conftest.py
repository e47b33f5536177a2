"""Two small firms over the sandbox, and one call that plays a night of theirs."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ps_integration.connectors.http import Policy
from ps_integration.sandbox.faults import Fault, add_fault, clear_faults
from ps_integration.sandbox.server import SandboxServer
from ps_integration.sandbox.state import SandboxState
from ps_integration.sandbox.vendors.business_central import collection
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows import acceptance, connect
from ps_integration.workflows.config_check import load_checked
from ps_integration.workflows.nightly import new_night, nightly, operational_store, snapshot
from ps_integration.workflows.opening import opening_lists, sign
from ps_integration.workflows.outcome import Outcome
from ps_integration_tests.e2e import firm

FIRST, SECOND = datetime(2026, 3, 9, 22, tzinfo=UTC), datetime(2026, 3, 10, 22, tzinfo=UTC)
THIRD = datetime(2026, 3, 11, 22, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """A firm, its far sides, and what a test asks of them."""

    folder: Path
    state: SandboxState
    server: SandboxServer
    environ: Mapping[str, str]

    @property
    def firm_path(self) -> Path:
        return self.folder / "firm.yaml"

    def night(self, as_of: datetime = FIRST, **changes: Any) -> Outcome:
        """Play one night, as the schedule would."""
        self.state.set_clock(as_of)
        told = {"trigger": "schedule", "maker": "schedule", **changes}
        file = load_checked(self.firm_path)
        return nightly(new_night(file, as_of, **told), self.environ, lambda _step, _result: None)

    def live(self) -> Outcome:
        """Play the first night and sign its opening lists."""
        outcome = self.night()
        self.sign()
        return outcome

    def sign(self) -> None:
        file = load_checked(self.firm_path)
        with snapshot(file) as warehouse, operational_store(file) as store:
            for one in opening_lists(file.firm, warehouse):
                sign(store, one, "controller", FIRST)

    def accept(self) -> None:
        """A second person accepts the firm file as it stands."""
        file = load_checked(self.firm_path)
        with operational_store(file) as store:
            acceptance.accept(store, file, "olga", FIRST)

    def rows(self, sql: str) -> list[Mapping[str, object]]:
        with Warehouse(self.folder / "state" / "snapshot.duckdb", read_only=True) as warehouse:
            return [dict(row) for row in warehouse.rows(sql)]

    def fault(self, kind: str, system: str = "*", **more: Any) -> None:
        add_fault(self.state, Fault(kind, system, **more))

    def heal(self) -> None:
        clear_faults(self.state)

    def writes(self) -> int:
        """How many requests that change something the far sides were sent."""
        return sum(one.is_write for one in self.server.log.requests())

    def edit(self, name: str, doc_id: str, **changes: object) -> None:
        """Change a Harvest record, as a person would there."""
        document = self.state.get("clock", name, doc_id) or {}
        self.state.put("clock", name, doc_id, {**document, **changes}, self.state.clock())

    def leaks(self, *texts: str) -> list[str]:
        """Files of the firm, and texts given, that hold a secret."""
        held = [path for path in self.folder.rglob("*") if path.is_file()]
        ours = [path for path in held if path.relative_to(self.folder).parts[0] != "far"]
        content = {str(path): path.read_bytes() for path in ours}
        content |= {f"text {at}": text.encode() for at, text in enumerate(texts)}
        return [
            name
            for name, data in content.items()
            if any(secret.encode() in data for secret in firm.SECRETS)
        ]

    def invoices(self) -> list[tuple[str, ...]]:
        """What the ERP's books hold: reference, kind of state, each line's quantity and price."""
        found = []
        for company in (firm.UK, firm.IE):
            for name in ("salesInvoices", "salesCreditMemos"):
                for one in self.state.documents("books", collection(company, name)):
                    lines = [
                        (str(line["quantity"]), str(line["unitPrice"]))
                        for line in self.state.documents(
                            "books", collection(company, name[:-1] + "Lines")
                        )
                        if line["documentId"] == one["id"]
                    ]
                    status = "Draft" if one["status"] == "Draft" else "posted"
                    head = (str(one["externalDocumentNumber"]), status)
                    found.append((*head, *(str(line) for line in sorted(lines))))
        return sorted(found)


def seed(state: SandboxState) -> None:
    """Fill the far sides."""
    state.set_clock(firm.MADE)
    state.register_system("psa", "kantata", {"tokens": [firm.KANTATA_TOKEN]})
    state.register_system(
        "clock", "harvest", {"account_id": 77, "tokens": [firm.HARVEST_TOKEN], "me": 5}
    )
    state.register_system(
        "books",
        "business_central",
        {
            "tax_rates": {"STANDARD": 20},
            "clients": {firm.BC_CLIENT: firm.BC_SECRET},
            "max_commit_delay_seconds": 0.3,
        },
    )
    with state.transaction() as put:
        for system, held in (("psa", firm.kantata()), ("clock", firm.harvest())):
            for name, records in held.items():
                for record in records:
                    put.put(system, name, str(record["id"]), record, firm.MADE)
        for company, title in ((firm.UK, "North UK"), (firm.IE, "North IE")):
            put.put("books", "companies", company, {"id": company, "name": title}, firm.MADE)
            for name, records in firm.books(company).items():
                for at, record in enumerate(records):
                    key = f"{sum(map(ord, name)):08x}-0000-4000-8000-{at:012d}"
                    document = {"id": key, **record}
                    put.put("books", collection(company, name), document["id"], document, firm.MADE)


def environment(server: SandboxServer, folder: Path) -> dict[str, str]:
    return {
        "PSA_URL": f"{server.url('psa')}/api/v1",
        "PSA_TOKEN": firm.KANTATA_TOKEN,
        "CLOCK_URL": f"{server.url('clock')}/v2",
        "CLOCK_TOKEN": firm.HARVEST_TOKEN,
        "SHEETS": str(folder / "sheets"),
        "BOOKS_URL": f"{server.url('books')}/v2.0/north/Production",
        "BOOKS_TOKEN_URL": f"{server.url('books')}/oauth2/v2.0/token",
        "BOOKS_ID": firm.BC_CLIENT,
        "BOOKS_SECRET": firm.BC_SECRET,
    }


def found(folder: Path) -> None:
    """Lay the firm's own files into an empty folder."""
    (folder / "sheets").mkdir()
    (folder / "sheets" / "time.csv").write_text(firm.TIME_HEAD + firm.TIME_ROWS, "utf-8")
    (folder / "firm.yaml").write_text(firm.FIRM_FILE, "utf-8")


@contextmanager
def served(folder: Path) -> Iterator[World]:
    """The firm in a folder, its far sides answering; seeded when they are new."""
    path = folder / "far" / "sandbox.sqlite"
    is_new = not path.exists()
    state = SandboxState(path)
    if is_new:
        seed(state)
    with SandboxServer(state) as server:
        yield World(folder, state, server, environment(server, folder))
    state.close()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads are tried twice and wait for nothing; everything else is as in real nights."""
    quick = partial(Policy, tries=2, sleep=lambda _seconds: None)
    monkeypatch.setattr(connect, "Policy", quick)


@pytest.fixture(scope="session")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a firm after its first night, opening lists signed, nothing posted yet."""
    folder = tmp_path_factory.mktemp("first_night")
    found(folder)
    with pytest.MonkeyPatch.context() as patch, served(folder) as world:
        patch.chdir(folder)
        world.live()
    return folder


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The firm of four systems, in an empty folder; nothing has run yet."""
    monkeypatch.chdir(tmp_path)
    found(tmp_path)
    with served(tmp_path) as world:
        yield world


@pytest.fixture
def north(tmp_path: Path, first_night: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The firm of four systems on its second day: signed, and about to post for the first time."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(first_night, tmp_path, dirs_exist_ok=True)
    with served(tmp_path) as world:
        yield world


@pytest.fixture(scope="session")
def undisturbed(
    first_night: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[str, ...]]:
    """What the books hold after a second night that nothing disturbs."""
    folder = tmp_path_factory.mktemp("undisturbed")
    shutil.copytree(first_night, folder, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch, served(folder) as world:
        patch.chdir(folder)
        world.night(SECOND)
        return world.invoices()


Edit = Callable[[str, str], None]


@pytest.fixture
def edit_firm(north: World) -> Edit:
    """Replace one text of the firm file, which must be there."""

    def edit(old: str, new: str) -> None:
        text = north.firm_path.read_text("utf-8")
        assert old in text
        north.firm_path.write_text(text.replace(old, new), "utf-8")

    return edit
