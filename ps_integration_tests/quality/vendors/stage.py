"""A firm that is played night by night, and what people do in its systems between two nights."""

import csv
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from json import loads
from pathlib import Path
from random import Random
from typing import Any

from ps_integration.sandbox.addresses import addresses
from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.server import SandboxServer
from ps_integration.sandbox.state import Change, SandboxState
from ps_integration_tests.quality.vendors import records
from ps_integration_tests.quality.vendors.names import Names
from ps_integration_tests.quality.vendors.records import Record
from ps_integration_tests.quality.vendors.site import ZONES, Entity, Entry, Site, Worker
from ps_integration_tests.regressions.firm import Firm, business_central

Row = dict[str, str]
SECRETS = {
    "BC_CLIENT": "me", "BC_SECRET": "not-a-real-secret", "HARVEST_TOKEN": "not-a-real-token",
    "CLOCKIFY_KEY": "not-a-real-key", "KANTATA_TOKEN": "not-a-real-token",
}  # fmt: skip
_SYSTEMS: Mapping[str, tuple[str, dict[str, object]]] = {
    "harvest": ("harvest", {"account_id": "410200", "tokens": [SECRETS["HARVEST_TOKEN"]],
        "rate_limit_requests": 100_000}),
    "clockify": ("clockify", {"api_keys": [SECRETS["CLOCKIFY_KEY"]],
        "me": Worker(1, "", "DE").clockify_id}),
    "kantata": ("kantata", {"tokens": [SECRETS["KANTATA_TOKEN"]]}),
    "bc": ("business_central", {"clients": {"me": SECRETS["BC_SECRET"]},
        "tax_rates": {"STANDARD": 20, "UST19": 19, "REDUCED": 5}}),
}  # fmt: skip
DROPS: Mapping[str, tuple[str, ...]] = {
    "people": ("No", "Email", "Name", "Home", "Since", "Supplier", "Grade", "Zone", "Active",
        "Joined", "Left"),
    "leave": ("No", "Person", "Kind", "From", "To", "Hours", "State"),
    "sales": ("No", "Name", "Customer", "Entity", "Stage", "Won", "Amount", "Currency", "Project"),
    "charges": ("No", "From", "To", "Project", "Period", "Amount", "Currency"),
    "costs": ("No", "Supplier", "Person", "Project", "Period", "Hours", "Amount", "Currency"),
}  # fmt: skip
DAYS = tuple(date(2026, 3, day) for day in (2, 3, 4, 5, 6, 9, 10, 11, 12))


@dataclass
class Stage:
    """The far sides and drops of a firm, for edits as people make them there."""

    firm: Firm
    rng: Random
    names: Names
    sites: list[Site] = field(default_factory=list)
    drops: dict[str, dict[str, Row]] = field(default_factory=lambda: {name: {} for name in DROPS})
    erased: set[str] = field(default_factory=set)
    _entries: int = 0
    _workers: int = 0
    _columns: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def state(self) -> SandboxState:
        """What the far sides hold."""
        return self.firm.state

    def draw(self, entity: Entity | None = None, **made: Any) -> Site:
        """A new project of a customer and a person of its own; nothing is written yet."""
        entity = entity or self.rng.choice(("GB", "DE"))
        number = 101 + len(self.sites)
        made.setdefault("price", Decimal(self.rng.randrange(8_000, 20_000, 25)) / 100)
        site = Site(number, entity, self.names.two(), self.names.two(), self.worker(entity), **made)
        self.sites.append(site)
        days = self.rng.sample(DAYS, 4)
        for at, day in enumerate(sorted(days)):
            minutes = self.rng.randrange(60, 481, 15)
            if site.kind == "tm" or at < 1:
                self.entry(site, day=day, minutes=minutes)
        return site

    def worker(self, entity: Entity) -> Worker:
        """A new person; nothing is written yet."""
        self._workers += 1
        return Worker(1000 + self._workers, self.names.person(), entity)

    def employ(self, one: Worker) -> None:
        """HR enters a person."""
        self.put_drop("people", one.email, Email=one.email, Name=one.name, Home=one.entity,
            Grade=one.role, Zone=ZONES[one.entity], Active="yes", Joined="2024-01-08")  # fmt: skip

    def entry(self, site: Site, *, day: date, minutes: int, **made: Any) -> Entry:
        """A new entry of a site; nothing is written yet."""
        self._entries += 1
        made.setdefault("worker", site.worker)
        made.setdefault("note", f"{self.names.word()} with {self.names.word()}")
        one = Entry(100_000 + self._entries, day=day, minutes=minutes, **made)
        site.entries.append(one)
        return one

    def write(self, *found: Iterable[Record]) -> None:
        """Enter or replace records in the far sides, now."""
        at = self.state.clock()
        with self.state.transaction() as transaction:
            for every in found:
                for system, collection, key, document in every:
                    transaction.put(system, collection, key, document, at)

    def build(self, site: Site) -> None:
        """Enter a site with all its entries."""
        self.employ(site.worker)
        self.put_drop("leave", f"H{site.number}", Person=site.worker.email, Kind="holiday",
            From="2025-07-07", To="2025-07-11", State="approved")  # fmt: skip
        self.write(records.of_site(site))
        for one in site.entries:
            self.book(site, one)

    def book(self, site: Site, *entries: Entry) -> None:
        """Enter or replace entries, with approval and copy."""
        for one in entries:
            self.write(records.of_entry(site, one))

    def erase(self, system: str, collection: str, key: str) -> None:
        """Delete a record in a far side."""
        self.erased.add(key)
        assert self.state.delete(system, collection, key, self.state.clock()), (collection, key)

    def change(self, system: str, collection: str, key: str, **fields: object) -> Document:
        """Change fields of a record in a far side; what they were before."""
        found = self.state.get(system, collection, key)
        assert found is not None, (system, collection, key)
        change = Change("merge", system, collection, key, fields, self.state.clock())
        with self.state.transaction() as transaction:
            transaction.apply(change)
        return {name: found.get(name) for name in fields}

    def change_record(self, record: Record, **fields: object) -> Document:
        """Change fields of a record that is named by how it was made."""
        system, collection, key, _ = record
        return self.change(system, collection, key, **fields)

    def put_drop(self, name: str, key: str, **row: object) -> None:
        """Add or change a row of a drop."""
        self.drops[name][key] = {**self.drops[name].get(key, {"No": key}),
            **{column: str(value) for column, value in row.items()}}  # fmt: skip

    def rename_column(self, name: str, old: str, new: str) -> None:
        """The export calls a column something else from now on."""
        self._columns.setdefault(name, {})[old] = new

    def drop(self) -> None:
        """Write all drops, as their exports would."""
        folder = self.firm.path("drops")
        folder.mkdir(exist_ok=True)
        for name, columns in DROPS.items():
            renamed = self._columns.get(name, {})
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow([renamed.get(column, column) for column in columns])
                for row in self.drops[name].values():
                    writer.writerow([row.get(column, "") for column in columns])

    def invoice(self, site: Site, kind: str = "salesInvoices") -> Document:
        """The document that bills a site: our newest one, or what stands for it in the ERP."""
        found = [
            one for one in self.state.documents("bc", f"{site.company}/{kind}")
            if str(one.get("externalDocumentNumber", "")).startswith(f"PS-{site.code}-")
        ]  # fmt: skip
        assert found, f"nothing bills {site.code}"
        site.tokens |= {part for one in found for part in (str(one["id"]).rsplit("-", 1)[1],
            str(one["number"]).rsplit("-", 1)[-1].lower())}  # fmt: skip
        return found[-1]

    def lines(self, site: Site, document: Document) -> list[Document]:
        """The lines of an invoice."""
        every = self.state.documents("bc", f"{site.company}/salesInvoiceLines")
        return sorted(
            (one for one in every if one["documentId"] == document["id"]),
            key=lambda one: int(one["sequence"]),
        )

    def cancel(self, site: Site, document: Document) -> None:
        """Cancel an invoice in Business Central, as a person does there."""
        self.bc(site, "POST", f"salesInvoices({document['id']})/Microsoft.NAV.cancel")

    def bc(self, site: Site, method: str, path: str, body: object = None) -> Any:
        """Do in Business Central what a person does there."""
        return business_central(self.firm.environ, "BC", site.company, method, path, body)

    def night(self, day: date) -> dict[str, Any]:
        """Write the drops and play the night of a day."""
        self.drop()
        return self.firm.night(day.isoformat())

    def noon(self, day: date) -> None:
        """It is noon: what people change now, the night of that day sees."""
        self.state.set_clock(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))

    def breaks(self) -> list[dict[str, Any]]:
        """Every break that is open, with its facts."""
        [path] = self.firm.folder.glob("data/*/operational.sqlite")
        with sqlite3.connect(path) as connection:
            connection.row_factory = sqlite3.Row
            rows = [dict(row) for row in connection.execute(
                "select * from breaks where state = 'open' order by rule, record_key")]  # fmt: skip
        return [{**row, "facts": loads(row["facts"])} for row in rows]


@contextmanager
def staged(folder: Path, seed: int) -> Iterator[Stage]:
    """An empty firm of a seed in a folder, its far sides answering."""
    (folder / "firm.yaml").write_bytes((Path(__file__).parent / "firm.yaml").read_bytes())
    state = SandboxState(folder / "far" / "sandbox.sqlite")
    state.set_clock(datetime(2026, 3, 13, 12, tzinfo=UTC))
    for name, (vendor, settings) in _SYSTEMS.items():
        state.register_system(name, vendor, settings)
    rng = Random(seed)
    with SandboxServer(state) as server:
        environ = {
            **addresses(server),
            **SECRETS,
            "QUALITY_DROPS": str(folder / "drops"),
            "PS_FIRM": str(folder / "firm.yaml"),
        }
        stage = Stage(Firm(folder, state, server, environ), rng, Names(rng))
        stage.write(records.of_firm())
        yield stage
    state.close()


Plant = Callable[[Stage, Site], Iterator[None]]
