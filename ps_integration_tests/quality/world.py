"""A world: every table of the warehouse that rules read, as rows that can be found and changed."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from ps_integration.billing import rate
from ps_integration.domain.ports import Row
from ps_integration.reconciliation.engine import found_rows, run_rules
from ps_integration.reconciliation.rule import load_rules
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows import configure, resolve
from ps_integration.workflows.statements import sql_text
from ps_integration_tests.quality.firm import AS_OF, BEFORE, night

Key = object
TABLES = (
    "raw.calls", "raw.reads", "raw.shapes", "raw.missing", "raw.records", "config.public_holidays",
    "canonical.customers", "canonical.projects", "canonical.tasks", "canonical.resources",
    "canonical.assignments", "canonical.rates", "canonical.time_entries", "canonical.milestones",
    "canonical.expenses", "canonical.intercompany_charges", "canonical.subcontractor_costs",
    "canonical.erp_documents", "canonical.erp_lines", "canonical.accounting_periods",
    "canonical.fx_rates", "canonical.invoice_statuses", "canonical.opportunities",
    "canonical.absences", "canonical.crosswalk", "ops.documents", "ops.posting_lines",
    "reconciliation.field_history", "ops.feedback", "ops.openings", "ops.erp_reversals",
)  # fmt: skip
VOIDED: Row = {"status": "cancelled", "is_standing": False}
_LINKED = """
delete from ops.record_links;
insert into ops.record_links by name
select
    row_number() over (order by object_kind, system, external_id) as link_id,
    *,
    match_key as canonical_id,
    'match_key' as how
from canonical.known_records
where match_key is not null
"""
IDENTITY = frozenset({"system", "stream", "record_id", "raw_seq", "external_id"})


@dataclass
class World:
    """Tables by name, rows by key; the key of a canonical row is (system, external id)."""

    rng: random.Random
    tables: dict[str, dict[Key, Row]] = field(default_factory=lambda: {name: {} for name in TABLES})
    never_seen: set[str] = field(default_factory=set)
    """Entries of the clean world that no earlier night has read either."""

    def copy(self) -> "World":
        """The same world again, to be changed."""
        rows = {
            name: {key: dict(row) for key, row in made.items()}
            for name, made in self.tables.items()
        }
        return World(random.Random(self.rng.random()), rows, set(self.never_seen))

    def __getitem__(self, table: str) -> dict[Key, Row]:
        """One table; `canonical.` may be left out."""
        return self.tables[table if "." in table else f"canonical.{table}"]

    def put(self, table: str, system: str, external_id: str, **values: object) -> Row:
        """A canonical row."""
        row: Row = {
            "system": system, "stream": table, "record_id": external_id, "raw_seq": 1,
            "external_id": external_id, **values,
        }  # fmt: skip
        self[table][system, external_id] = row
        return row

    def put_like(
        self, table: str, system: str, external_id: str, model: Row, **values: object
    ) -> Row:
        """The same record once more, under another id or in another system."""
        same = {name: value for name, value in model.items() if name not in IDENTITY}
        return self.put(table, system, external_id, **same | values)

    def rows(self, table: str, **match: object) -> list[Row]:
        """Rows with these values."""
        wanted = match.items()
        return [row for row in self[table].values() if wanted <= row.items()]

    def one(self, table: str, **match: object) -> Row:
        """The one row with these values."""
        [row] = self.rows(table, **match)
        return row

    def drop(self, table: str, wanted: Callable[[Row], bool]) -> None:
        """Take rows away."""
        kept = {key: row for key, row in self[table].items() if not wanted(row)}
        self[table].clear()
        self[table].update(kept)

    def unused(self, system: str, kind: str) -> str:
        """An external id that nothing has."""
        return f"{kind}-{system}-{self.rng.getrandbits(48):x}"


class Theatre:
    """A warehouse in which worlds are played: what was posted is known, then a night is run."""

    def __init__(self, warehouse: Warehouse, clean: World) -> None:
        """Let the clean world be seen in the night before, and link its lines to what was seen."""
        self._warehouse, self._rules = warehouse, load_rules()
        configure.configure(night(), warehouse)
        self._load(clean)
        self._versions(BEFORE)
        warehouse.execute(
            "create or replace table seen as from canonical.entry_versions"
            " where coalesce(approved_at, $before) <= $before", {"before": BEFORE}
        )  # fmt: skip
        seen = warehouse.rows("select entry_id, version_sha256 from seen")
        self._seen = {row["entry_id"]: row["version_sha256"] for row in seen}

    def play(self, world: World) -> list[Row]:
        """What the rules find in a world tonight."""
        for line in world["ops.posting_lines"].values():
            line.setdefault("version_sha256", self._seen.get(line["object_id"], "none"))
        self._warehouse.execute("delete from canonical.entry_versions")
        self._warehouse.execute(
            "insert into canonical.entry_versions from seen where entry_id not in"
            " (select unnest($never_seen::varchar[]))",
            {"never_seen": sorted(world.never_seen)},
        )
        self._load(world)
        self._versions(AS_OF)
        resolve.resolve(night(), self._warehouse)
        rate.rate(self._warehouse)
        runs = run_rules(self._warehouse, self._rules)
        lame = [f"{run.rule.code}: {run.message}" for run in runs if run.status == "could_not_run"]
        if lame:
            raise SystemExit("; ".join(lame))
        return found_rows(self._warehouse)

    def _load(self, world: World) -> None:
        with self._warehouse.transaction():
            for table, rows in world.tables.items():
                self._warehouse.execute(f"delete from {table}")
                names = {name: None for row in rows.values() for name in row}
                self._warehouse.insert(table, [{**names, **row} for row in rows.values()])
            self._warehouse.execute(_LINKED)
            self._warehouse.execute(sql_text("crosswalk"))

    def _versions(self, as_of: object) -> None:
        params = {"as_of": as_of, "run_id": night().run_id}
        self._warehouse.execute(sql_text("entry_versions"), params)
