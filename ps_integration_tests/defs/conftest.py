"""A small firm: hours, projects and rates in CSV drops, books in a sandbox Business Central."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from ps_integration.definitions import definitions_of
from ps_integration.sandbox.server import SandboxServer
from ps_integration.sandbox.state import SandboxState
from ps_integration.sandbox.vendors.business_central import collection
from ps_integration.settings.load import FirmFile
from ps_integration.workflows.config_check import load_checked
from ps_integration.workflows.nightly import new_night, nightly, operational_store, snapshot
from ps_integration.workflows.opening import opening_lists, sign
from ps_integration.workflows.outcome import Outcome

FIRST, SECOND = datetime(2026, 3, 9, 22, tzinfo=UTC), datetime(2026, 3, 10, 22, tzinfo=UTC)
COMPANY = "11111111-1111-4111-8111-111111111111"
DIMENSION = "22222222-0000-4000-8000-000000000001"
SECRET = "sandbox-secret"
FIRM = f"""
firm: {{id: small, name: Small Firm, time_zone: Europe/London, reporting_currency: GBP}}
legal_entities:
  - {{id: UK, name: Small Ltd, currency: GBP, time_zone: Europe/London}}
systems:
  - id: sheets
    vendor: files
    roles: [time, psa]
    freshness_hours: 24
    options:
      folder: env:SMALL_FOLDER
      streams:
        - name: time_entries
          table: time_entries
          path: time.csv
          id: [id]
          columns:
            resource_external_id: person
            project_external_id: project
            work_date: day
            seconds: {{column: hours, unit: hours}}
            is_billable: {{const: "true"}}
            approval_state: {{const: approved}}
        - name: projects
          table: projects
          path: projects.csv
          id: [code]
          columns:
            match_key: code
            name: code
            legal_entity: {{const: UK}}
            currency: {{const: GBP}}
            status: {{const: active}}
            billing_type: {{const: time_and_materials}}
            is_billable: {{const: "true"}}
            customer_key: {{const: C100}}
        - name: resources
          table: resources
          path: people.csv
          id: [person]
          columns:
            match_key: person
            name: person
            home_legal_entity: {{const: UK}}
            is_active: {{const: "true"}}
        - name: rates
          table: rates
          path: rates.csv
          id: [project]
          columns:
            scope: {{const: project}}
            project_external_id: project
            currency: {{const: GBP}}
            unit_price: price
            valid_from: {{const: "2026-01-01"}}
  - id: books
    vendor: business_central
    roles: [erp]
    base_url: env:SMALL_BOOKS_URL
    credentials: {{client_id: env:SMALL_BOOKS_ID, client_secret: env:SMALL_BOOKS_SECRET}}
    max_commit_delay_seconds: 0.2
    options:
      tenant: small
      environment: Production
      companies: {{UK: {COMPANY}}}
      revenue_accounts: ["4000"]
      custom_api: {{publisher: psIntegration, group: billing, version: v1.0}}
      token_url: env:SMALL_TOKEN_URL
routing:
  time: [{{legal_entity: UK, system: sheets}}]
  psa: [{{legal_entity: UK, system: sheets}}]
  erp: [{{legal_entity: UK, system: books, company: {COMPANY}}}]
going_live: [{{legal_entity: UK, time_system: sheets, bill_from: 2026-03-01}}]
rates: {{source: sheets}}
posting: {{revenue_account: "4000"}}
rules:
  MD03: {{tolerances: {{requires_purchase_order: 0}}}}
approval:
  automatic:
    max_amount_per_batch: {{GBP: "100000"}}
    max_lines_per_batch: 1000
    max_amount_per_day: {{GBP: "100000"}}
    max_amount_per_month: {{GBP: "100000"}}
"""
DROPS = {
    "time.csv": "id,person,project,day,hours\n"
    "1,asha,AP-1,2026-03-02,7.5\n2,asha,AP-1,2026-03-03,6.25\n3,ben,AP-2,2026-03-03,8\n",
    "projects.csv": "code\nAP-1\nAP-2\n",
    "people.csv": "person\nasha\nben\n",
    "rates.csv": "project,price\nAP-1,133.33\nAP-2,90\n",
}
BOOKS = {
    "customers": [
        {"number": "C100", "displayName": "Northwind", "currencyCode": "GBP", "blocked": " "}
    ],
    "accounts": [
        {"number": number, "displayName": number, "directPosting": True, "blocked": False}
        for number in ("1100", "2200", "4000")
    ],
    "currencies": [{"code": "GBP"}],
    "dimensions": [{"id": DIMENSION, "code": "PROJECT"}],
    "dimensionValues": [
        {"code": code, "dimensionId": DIMENSION, "displayName": code} for code in ("AP-1", "AP-2")
    ],
    "accountingPeriods": [
        {"startingDate": f"2026-{month:02d}-01", "name": "M", "closed": False}
        for month in range(1, 7)
    ],
    "generalLedgerSetup": [
        {
            "localCurrencyCode": "GBP",
            "allowPostingFrom": "2026-01-01",
            "allowPostingTo": "2026-12-31",
        }
    ],
    "projects": [{"number": code, "displayName": code} for code in ("AP-1", "AP-2")],
    "projectBillings": [
        {
            "projectNumber": code,
            "customerNumber": "C100",
            "currencyCode": "GBP",
            "status": "Open",
            "revenueAccountNumber": "4000",
            "taxCode": "STANDARD",
            "costCentreCode": "CC1",
            "billingRule": "T&M",
            "purchaseOrderNumber": "PO1",
        }
        for code in ("AP-1", "AP-2")
    ],
}


class World:
    """The firm in one folder, its books answering."""

    def __init__(self, folder: Path, server: SandboxServer) -> None:
        self.folder, self.server = folder, server
        self.environ = {
            "SMALL_FOLDER": str(folder / "drops"),
            "SMALL_BOOKS_URL": f"{server.url('books')}/v2.0/small/Production",
            "SMALL_TOKEN_URL": f"{server.url('books')}/oauth2/v2.0/token",
            "SMALL_BOOKS_ID": "sandbox-client",
            "SMALL_BOOKS_SECRET": SECRET,
        }

    @property
    def file(self) -> FirmFile:
        return load_checked(self.folder / "firm.yaml")

    @property
    def defs(self) -> dg.Definitions:
        return definitions_of(self.folder / "firm.yaml")

    def night(self, as_of: datetime = SECOND, run_id: str | None = None) -> Outcome:
        """One night as the command line plays it."""
        told = new_night(self.file, as_of, trigger="schedule", maker="schedule", run_id=run_id)
        return nightly(told, self.environ, lambda _step, _result: None)

    def go_live(self) -> None:
        """The first night, and the opening lists signed after it."""
        self.night(FIRST)
        with snapshot(self.file) as warehouse, operational_store(self.file) as store:
            for listed in opening_lists(self.file.firm, warehouse):
                sign(store, listed, "controller", FIRST)

    def run(
        self, job: str = "nightly_sync", instance: dg.DagsterInstance | None = None, **tags: str
    ) -> dg.ExecuteInProcessResult:
        """One job as Dagster runs it, at the second night's instant."""
        made = self.defs.resolve_job_def(job)
        told = {"ps/as_of": SECOND.isoformat(), **tags}
        return made.execute_in_process(instance=instance, raise_on_error=False, tags=told)

    def invoices(self) -> list[str]:
        """References of the invoices that the books hold."""
        found = self.server.state.documents("books", collection(COMPANY, "salesInvoices"))
        return sorted(str(one["externalDocumentNumber"]) for one in found)


def lay(folder: Path) -> None:
    """The firm's own files, in an empty folder."""
    (folder / "drops").mkdir(parents=True)
    for name, text in DROPS.items():
        (folder / "drops" / name).write_text(text, "utf-8")
    point(folder)


def point(folder: Path) -> None:
    """The firm file, its state beside it."""
    stores = f"stores: {{folder: '{folder / 'state'}'}}\n"
    (folder / "firm.yaml").write_text(FIRM + stores, "utf-8")


def seed(state: SandboxState) -> None:
    state.set_clock(FIRST)
    settings = {"tax_rates": {"STANDARD": 20}, "max_commit_delay_seconds": 0.2}
    state.register_system("books", "business_central", settings)
    with state.transaction() as put:
        put.put("books", "companies", COMPANY, {"id": COMPANY, "name": "Small"}, FIRST)
        for name, records in BOOKS.items():
            for at, record in enumerate(records):
                key = f"{sum(map(ord, name)):08x}-0000-4000-8000-{at:012d}"
                document = {"id": key, **record}
                put.put("books", collection(COMPANY, name), document["id"], document, FIRST)


@contextmanager
def served(folder: Path) -> Iterator[World]:
    """The firm in a folder, its books answering."""
    path = folder / "sandbox.sqlite"
    is_new = not path.exists()
    state = SandboxState(path)
    if is_new:
        seed(state)
    with SandboxServer(state) as server:
        yield World(folder, server)
    state.close()


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the firm after its first night, opening lists signed."""
    folder = tmp_path_factory.mktemp("lived") / "small"
    lay(folder)
    with served(folder) as made:
        made.go_live()
    return folder


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The firm before its first night; its secrets are in the environment, as at a firm."""
    folder = tmp_path / "small"
    lay(folder)
    yield from entered(folder, monkeypatch)


@pytest.fixture
def live(tmp_path: Path, lived: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The firm about to post for the first time."""
    folder = tmp_path / "live"
    shutil.copytree(lived, folder)
    point(folder)
    yield from entered(folder, monkeypatch)


def entered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with served(folder) as made:
        for name, value in made.environ.items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture(scope="session")
def two_nights(tmp_path_factory: pytest.TempPathFactory, lived: Path) -> Path:
    """The folder after runs `then` and `now`; between them one entry changed, one was added."""
    folder = tmp_path_factory.mktemp("two_nights") / "small"
    shutil.copytree(lived, folder)
    point(folder)
    with served(folder) as made:
        made.night(run_id="then")
        later = DROPS["time.csv"].replace("6.25", "5") + "4,ben,AP-2,2026-03-10,3\n"
        (folder / "drops" / "time.csv").write_text(later, "utf-8")
        made.night(SECOND + timedelta(days=1), run_id="now")
    return folder


@pytest.fixture
def played(tmp_path: Path, two_nights: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The firm after two nights that posted."""
    folder = tmp_path / "played"
    shutil.copytree(two_nights, folder)
    point(folder)
    yield from entered(folder, monkeypatch)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def live_again(tmp_path: Path, lived: Path) -> Iterator[World]:
    """The same firm once more, for a run to compare with."""
    folder = tmp_path / "again"
    shutil.copytree(lived, folder)
    point(folder)
    with served(folder) as made:
        yield made
