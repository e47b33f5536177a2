"""Single changes of a warehouse, each of one row, and what the equations say of each."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ps_integration.billing import account as accounting
from ps_integration.domain.ports import Row
from ps_integration.stores.warehouse.warehouse import Warehouse

WHEN = "when it was seen, not what: no figure comes of it"
EXPLAINS = "explains in words what other columns say"
RULES = "of the ERP's own making; compared by rules"
TRAIL = "no sum comes of it; witnessed by the audit trail of the store that this is a copy of"
READ_BACK = "a document that is not read any more counts as it was read back after posting"
FREE = {
    "raw.records": {
        "source_updated_at": WHEN, "fetched_at": WHEN, "source_day": WHEN,
        "source_place": EXPLAINS, "flaw": "why a record is refused, read when it is conformed",
    },
    "canonical.time_entries": {
        "approved_at": WHEN, "submitted_at": WHEN, "updated_at": WHEN, "started_at": WHEN,
        "ended_at": WHEN, "time_zone": WHEN, "approver": EXPLAINS, "note": EXPLAINS,
        "is_locked": EXPLAINS, "is_running": EXPLAINS,
        "unit_price": "read only where entries carry the price; then the price check has it",
        "currency": "as the price",
    },
    "canonical.entry_versions": {
        "approved_at": WHEN, "is_approved_at_observed": WHEN, "first_seen_at": WHEN,
        "run_id": WHEN,
    },
    "quarantine.records": {
        "contract_version": EXPLAINS, "remedy": EXPLAINS, "rule": EXPLAINS, "field": EXPLAINS,
        "value": EXPLAINS, "first_seen_at": WHEN, "last_seen_at": WHEN, "run_id": WHEN,
        "object": "names the contract that the record broke",
    },
    "billing.entries": {
        "approved_at": WHEN,
        "resource_matches": "counted from the crosswalk; a wrong one holds time, never bills it",
        "project_matches": "as resource_matches",
        "period_state": "only where the ERP names no period; periods are read themselves",
    },
    "billing.rated_entries": {
        "rate_candidates": EXPLAINS, "fx_valid_on": EXPLAINS, "fx_source": EXPLAINS,
        "derivation": EXPLAINS,
    },
    "billing.dispositions": {"evidence": EXPLAINS},
    "ops.posting_lines": dict.fromkeys(
        (
            "line_no", "project_id", "quantity", "unit_price", "correction",
            "corrects_document_ref", "corrects_line_key", "corrects_reason", "seconds",
            "version_sha256",
        ),
        TRAIL,
    ),
    "ops.documents": dict.fromkeys(
        (
            "batch_id", "kind", "company", "project_id", "customer_key", "posting_date", "erp_id",
            "erp_number", "sent_at", "confirmed_at", "hold_reason", "content_sha256", "content",
            "unknown_until", "period", "readback", "sent_clock_at", "invoice_date",
        ),
        TRAIL,
    ) | {"readback_minor": "only where the ERP's documents were not read; else they count"},
    "canonical.erp_documents": {
        "deleted": READ_BACK, "kind": READ_BACK, "status": READ_BACK, "is_posted": READ_BACK,
        "is_standing": READ_BACK,
    } | dict.fromkeys(
        (
            "stream", "record_id", "raw_seq", "external_id", "company", "number", "reference",
            "customer_key",
            "currency", "invoice_date", "posting_date", "tax_minor", "total_minor",
            "remaining_minor", "credited_minor", "applies_to", "updated_at",
        ),
        RULES,
    ),
}  # fmt: skip
"""Tables on the way from raw to ledger; columns of theirs from which no figure comes, and why."""
ROWS = """
select rowid from {table} order by hash(rowid, $seed) limit $rows
"""
OTHER = {
    "VARCHAR": "coalesce({c}, '') || '~'",
    "BOOLEAN": "not coalesce({c}, {c_is_usual})",
    "DATE": "coalesce({c} + 1, date '2026-03-09')",
    "TIMESTAMP WITH TIME ZONE": "coalesce({c} + interval 1 hour, timestamptz '2026-03-09')",
}
NUMBER = "coalesce({c}, 0) + 1"
KEYS = ("raw_seq", "record_id", "external_id", "entry_id", "object_id", "document_ref", "reference")
FOUND = """
select concat_ws(' ', legal_entity, currency, period) as place
from billing.completeness where not holds
union all
select concat_ws(' ', legal_entity, currency, period) as place
from billing.ledger_equation where not holds
union all
select system as place from billing.record_counts where not holds
union all
select concat_ws(' ', table_name, record_key, problem) as place from billing.broken_links
"""


@dataclass(frozen=True)
class Mutation:
    """One row deleted, doubled, or changed in one column."""

    table: str
    row: int
    what: str

    def __str__(self) -> str:
        return f"{self.table} row {self.row}: {self.what}"

    def statement(self, kinds: dict[str, str]) -> str:
        """The SQL that does it."""
        if self.what == "deleted":
            return f"delete from {self.table} where rowid = {self.row}"
        if self.what == "doubled":
            return f"insert into {self.table} select * from {self.table} where rowid = {self.row}"
        is_usual = "billable" in self.what  # of such a one, none means yes
        other = OTHER.get(kinds[self.what], NUMBER).format(c=self.what, c_is_usual=is_usual)
        return f"update {self.table} set {self.what} = {other} where rowid = {self.row}"


def columns(warehouse: Warehouse, table: str) -> dict[str, str]:
    """Columns of a table and their types."""
    schema, name = table.split(".")
    rows = warehouse.rows(
        "select column_name, data_type from duckdb_columns()"
        " where schema_name = $schema and table_name = $name and not internal",
        {"schema": schema, "name": name},
    )
    return {str(row["column_name"]): str(row["data_type"]) for row in rows}


def mutations(warehouse: Warehouse, rows: int, seed: int) -> Iterator[Mutation]:
    """Every kind of mutation of so many rows of every table."""
    for table, free in FREE.items():
        with _restored(warehouse, table):
            """Row ids count from 0 without a gap from now on."""
        known = ("deleted", "doubled", *columns(warehouse, table))
        whats = [what for what in known if what not in free]
        found = warehouse.rows(ROWS.format(table=table), {"seed": seed, "rows": rows})
        for row in found:
            yield from (Mutation(table, int(str(row["rowid"])), what) for what in whats)


@dataclass(frozen=True)
class Verdict:
    """What the equations said of one mutation."""

    mutation: Mutation
    places: tuple[str, ...]
    is_named: bool


def judge(warehouse: Warehouse, mutation: Mutation) -> Verdict:
    """Do it, balance, look, and undo it."""
    kinds = columns(warehouse, mutation.table)
    with _restored(warehouse, mutation.table):
        [row] = warehouse.rows(f"select * from {mutation.table} where rowid = {mutation.row}")
        names = set(_names(warehouse, row))
        warehouse.execute(mutation.statement(kinds))
        places = look(warehouse)
    return Verdict(mutation, places, any(_is_in(name, place) for name in names for place in places))


def _names(warehouse: Warehouse, row: Row) -> Iterator[str]:
    """What a row may be named by: an id, its group, its read, its lines."""
    yield from (str(row[key]) for key in KEYS if row.get(key) is not None)
    yield " ".join(str(row.get(key)) for key in ("legal_entity", "currency", "period"))
    yield f"{row.get('run_id')} {row.get('system')} {row.get('stream')}"
    of_document = "select object_id, line_key from ops.posting_lines where document_ref = $ref"
    for line in warehouse.rows(of_document, {"ref": row.get("document_ref")}):
        yield from (str(line["object_id"]), str(line["line_key"]))
    if "line_key" in row:
        yield str(row["line_key"])


def look(warehouse: Warehouse) -> tuple[str, ...]:
    """Balance both equations; every place that is named."""
    accounting.account(warehouse)
    return tuple(str(row["place"]) for row in warehouse.rows(FOUND))


def _is_in(name: str, place: str) -> bool:
    place = place.replace("~", "")
    return f" {name} " in f" {place} " or f":{name} " in f"{place} "


@contextmanager
def _restored(warehouse: Warehouse, table: str) -> Iterator[None]:
    # Rows must keep their row ids, so that a later mutation of the same row is of the same row.
    warehouse.execute(f"create or replace temp table kept as select * from {table} order by rowid")
    try:
        yield
    finally:
        warehouse.execute(f"create or replace table {table} as select * from temp.main.kept")
