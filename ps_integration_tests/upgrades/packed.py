"""Stores that an older release left behind, packed small: a firm's folder as one `tar.xz`.

The warehouse is packed as the release's own schema and its tables as text, without what a night
makes anew and without two columns of hashes that follow from their rows; the published copy is the
same file again, as it is after a night. `python -m ps_integration_tests.upgrades` packs a folder.
"""

import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from pathlib import Path

import duckdb

STORES = Path(__file__).parent / "stores"
WAREHOUSE = "warehouse.duckdb"
_MADE_ANEW = ("billing", "config", "ops", "reconciliation")
_KEPT = "reconciliation.field_history"
_FOLLOWS = {
    "raw.records": ("payload_sha256", "sha256(payload)"),
    "canonical.entry_versions": (
        "version_sha256",
        """
        sha256(concat_ws(
            chr(31), coalesce(resource_external_id, chr(30)),
            coalesce(project_external_id, chr(30)), coalesce(task_external_id, chr(30)),
            coalesce(role, chr(30)), cast(work_date as varchar), cast(seconds as varchar),
            coalesce(cast(is_billable as varchar), chr(30)), approval_state,
            cast(is_deleted as varchar)
        ))
        """,
    ),
}
_TABLES = """
select schema_name || '.' || table_name from duckdb_tables()
where database_name = current_database() order by 1
"""
_LEFT_OUT = {"reports", "pages", "snapshot.duckdb", "warehouse.duckdb.wal", "metrics.prom"}


def unpack(name: str, folder: Path) -> None:
    """Lay a packed firm into an empty folder: everything it had after the release's last night."""
    with tarfile.open(STORES / f"{name}.tar.xz") as packed:
        packed.extractall(folder, filter="data")
    for tables in folder.rglob("warehouse.tables"):
        made = tables.with_name(WAREHOUSE)
        _made(tables, made)
        shutil.rmtree(tables)
        shutil.copyfile(made, tables.with_name("snapshot.duckdb"))
        tables.parent.chmod(0o700)


def pack(folder: Path, schema: Path, name: str) -> Path:
    """Pack a firm's folder, with the schema of the release that made its warehouse.

    What is left out is checked to come back as it was.
    """
    with tempfile.TemporaryDirectory() as place:
        copied = Path(place) / name
        shutil.copytree(folder, copied, ignore=lambda _, names: _LEFT_OUT & set(names))
        for path in copied.rglob("*.sqlite"):
            _vacuumed(path)
        for warehouse in copied.rglob(WAREHOUSE):
            _told(warehouse, schema)
        packed = STORES / f"{name}.tar"
        subprocess.run(
            ["tar", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "-cf", packed, "."],
            cwd=copied,
            check=True,
        )
    small = packed.with_suffix(".tar.xz")
    with small.open("wb") as out:
        filters = f"--lzma2=preset={os.environ.get('PS_PRESET', '6')},dict=128MiB"
        subprocess.run(["xz", filters, "-c", packed], stdout=out, check=True)
    packed.unlink()
    return small


def _vacuumed(path: Path) -> None:
    compact = path.with_suffix(".compact")
    with sqlite3.connect(path) as store:
        store.execute("vacuum into ?", (str(compact),))
    store.close()
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    compact.replace(path)


def _told(warehouse: Path, schema: Path) -> None:
    tables = warehouse.with_name("warehouse.tables")
    tables.mkdir()
    shutil.copyfile(schema, tables / "schema.sql")
    with duckdb.connect(warehouse, read_only=True) as source:
        for table in _kept(source):
            left_out = _FOLLOWS.get(table)
            columns = f"* exclude ({left_out[0]})" if left_out else "*"
            source.execute(
                f"copy (select {columns} from {table}) to '{tables / table}.csv'"
                " (header, delimiter '\t')"
            )
    again = warehouse.with_name("again.duckdb")
    _made(tables, again)
    with duckdb.connect(warehouse, read_only=True) as source:
        source.execute(f"attach '{again}' as again (read_only)")
        for table in _kept(source):
            lost = source.execute(
                f"select count(*) from (from {table} except all from again.{table})"
            ).fetchone()
            assert lost == (0,), f"{table}: {lost} rows come back otherwise"
    warehouse.unlink()
    again.unlink()


def _kept(source: duckdb.DuckDBPyConnection) -> list[str]:
    found = [str(row[0]) for row in source.execute(_TABLES).fetchall()]
    return [one for one in found if one == _KEPT or not one.startswith(_MADE_ANEW)]


def _made(tables: Path, target: Path) -> None:
    with duckdb.connect(target) as warehouse:
        warehouse.execute("set timezone = 'UTC'")
        warehouse.execute((tables / "schema.sql").read_text("utf-8"))
        for path in sorted(tables.glob("*.csv")):
            table = path.stem
            rows = (
                f"read_csv('{path}', header = true, delim = '\t', all_varchar = true,"
                " allow_quoted_nulls = false, quote = '\"', escape = '\"',"
                " max_line_size = 16000000, strict_mode = false)"
            )
            follows = _FOLLOWS.get(table)
            if not follows:
                warehouse.execute(f"insert into {table} by name select * from {rows}")
                continue
            warehouse.execute(f"insert into {table} by name select * from {rows}")
            warehouse.execute(f"update {table} set {follows[0]} = {follows[1]}")
        warehouse.execute("checkpoint")
