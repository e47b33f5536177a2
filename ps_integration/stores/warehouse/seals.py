"""What the warehouse's tables were like when a night left them: a count and a sum of row hashes.

A table that a night cannot make again (`KEPT`) is sealed when the run closes, everything that
follows from raw by system and stream when it has been conformed. Who changes a row in between
changes the sum; one that only adds rows, as an interrupted run does, does not change it for the
rows that were there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ps_integration.domain.ports import Queries

KEPT: Final = (
    "raw.",
    "metrics.",
    "reconciliation.field_history",
    "canonical.entry_versions",
    "canonical.kept_days",
    "canonical.kept_milestone_days",
)
"""Tables, or schemas of them, that hold what raw does not say again."""
GROWING: Final = {"raw.records": "raw_seq"}
"""Of these only what is new is read when they are sealed again; the column counts up."""
_TABLES: Final = """
select
    schema_name || '.' || table_name as name,
    (
        select string_agg(dc.column_name, ' ' order by dc.column_index)
        from duckdb_columns() as dc
        where
            dc.database_name = current_database()
            and dc.schema_name = dt.schema_name
            and dc.table_name = dt.table_name
    ) as columns
from duckdb_tables() as dt
where database_name = current_database() and not temporary
order by name
"""


@dataclass(frozen=True, slots=True)
class Seal:
    """One table, or one stream's rows of it, at one moment.

    Attributes:
        rows: How many.
        digest: Sum of the hashes of all rows, as text: a whole number beyond 64 bits.
        columns: The table's columns; after an upgrade they are others, and the seal says nothing.
        top: The last number of a growing table, else None.
    """

    rows: int
    digest: str
    columns: str
    top: int | None = None


Place = tuple[str, str, str]
"""Table, system and stream; both are empty for a whole table."""


def tables(queries: Queries) -> dict[str, str]:
    """Every table of the warehouse and its columns."""
    return {str(row["name"]): str(row["columns"]) for row in queries.rows(_TABLES)}


def is_kept(table: str) -> bool:
    """Whether a table holds what no later night can make again."""
    return any(table == one or (one[-1] == "." and table.startswith(one)) for one in KEPT)


def derived(queries: Queries) -> dict[str, str]:
    """The tables that follow from raw, stream by stream, and their columns."""
    return {
        name: columns
        for name, columns in tables(queries).items()
        if name.startswith(("canonical.", "quarantine."))
        and not is_kept(name)
        and {"system", "stream"} <= set(columns.split())
    }


def of_kept(queries: Queries, before: Mapping[Place, Seal] | None = None) -> dict[Place, Seal]:
    """Seal every kept table as it is now.

    Args:
        queries: The warehouse.
        before: Seals that are known to hold: what they cover of a growing table is not read again.
    """
    found: dict[Place, Seal] = {}
    for name, columns in tables(queries).items():
        if is_kept(name):
            old = (before or {}).get((name, "", ""))
            known = old if old and old.columns == columns else None
            found[name, "", ""] = of_table(queries, name, columns, known)
    return found


def of_table(
    queries: Queries, table: str, columns: str, known: Seal | None = None, up_to: int | None = None
) -> Seal:
    """Seal one table.

    Args:
        queries: The warehouse.
        table: Its name.
        columns: Its columns.
        known: A seal that holds for the rows up to its top.
        up_to: Only the rows of a growing table up to this number.
    """
    number = GROWING.get(table)
    top = f"max({number})" if number else "null"
    start = known.top or 0 if known and number else 0
    limits = [f"{number} > {start}"] if start else []
    limits += [f"{number} <= {up_to}"] if number and up_to is not None else []
    where = f" where {' and '.join(limits)}" if limits else ""
    [row] = queries.rows(
        f"select count(*) as rows, coalesce(sum(hash(tt)::hugeint), 0)::varchar as digest,"
        f" {top} as top from {table} as tt{where}"
    )
    rows, digest = int(str(row["rows"])), int(str(row["digest"]))
    last = None if row["top"] is None else int(str(row["top"]))
    if known and start:
        rows, digest, last = rows + known.rows, digest + int(known.digest), last or known.top
    return Seal(rows, str(digest), columns, last)


def of_streams(queries: Queries) -> dict[Place, Seal]:
    """Seal what follows from raw, by table, system and stream."""
    found: dict[Place, Seal] = {}
    for name, columns in derived(queries).items():
        for row in queries.rows(
            f"select coalesce(system, '') as system, coalesce(stream, '') as stream,"
            f" count(*) as rows, sum(hash(tt)::hugeint)::varchar as digest"
            f" from {name} as tt group by all"
        ):
            place = (name, str(row["system"]), str(row["stream"]))
            found[place] = Seal(int(str(row["rows"])), str(row["digest"]), columns)
    return found


def read(queries: Queries, *, kept: bool, catalog: str = "") -> dict[Place, Seal]:
    """The seals that a night left, of kept tables or of what follows from raw.

    Args:
        queries: The warehouse.
        kept: Which.
        catalog: Name of an attached warehouse, with a dot; this one by default.
    """
    rows = queries.rows(f"select * from {catalog}config.seals where (system = '') = {kept}")
    return {
        (str(row["table_name"]), str(row["system"]), str(row["stream"])): Seal(
            int(str(row["row_count"])),
            str(row["digest"]),
            str(row["columns"]),
            None if row["top"] is None else int(str(row["top"])),
        )
        for row in rows
    }


def write(queries: Queries, run_id: str, seals: Mapping[Place, Seal], *, kept: bool) -> None:
    """Replace the seals of kept tables, or of what follows from raw."""
    queries.execute(f"delete from config.seals where (system = '') = {kept}")
    queries.insert("config.seals", list(_rows(run_id, seals)))


def _rows(run_id: str, seals: Mapping[Place, Seal]) -> Iterator[dict[str, object]]:
    for (table, system, stream), seal in sorted(seals.items()):
        yield {
            "run_id": run_id,
            "table_name": table,
            "system": system,
            "stream": stream,
            "row_count": seal.rows,
            "digest": seal.digest,
            "columns": seal.columns,
            "top": seal.top,
        }
