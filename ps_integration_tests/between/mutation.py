"""Single changes of a firm's stores, each of one row, generated from the tables that are there."""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

SCHEMAS: Final = ("raw", "canonical", "quarantine")
"""Schemas of the warehouse whose rows outlive a night."""
_ROW_IDS: Final = (
    *("seq", "link_id", "decision_id", "approval_id", "line_id", "change_id", "proposal_id"),
    "only",
)
"""Keys that are the row ids of their tables in SQLite."""
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
_DAY: Final = re.compile(r"(\d{4}-\d\d-)(\d\d)(.*)", re.DOTALL)
_OTHER: Final = {
    "BOOLEAN": "not coalesce({c}, false)",
    "DATE": "coalesce({c} + 1, date '2026-03-09')",
    "TIMESTAMP WITH TIME ZONE": "coalesce({c} + interval 1 hour, timestamptz '2026-03-09')",
    "VARCHAR": "coalesce({c}, '') || '~'",
}


@dataclass(frozen=True, order=True)
class Mutation:
    """One row deleted, doubled, or changed in one column.

    Attributes:
        store: `warehouse` or `operational`.
        table: Its name, in the warehouse with its schema.
        row: Its row id.
        what: `deleted`, `doubled`, or the column that is changed.
    """

    store: str
    table: str
    row: int
    what: str

    @property
    def is_alone(self) -> bool:
        """Whether the row cannot be found by its id afterwards, or is there twice."""
        return self.what in {"deleted", "doubled", *_ROW_IDS}

    def __str__(self) -> str:
        return f"{self.table} row {self.row}: {self.what}"


def generated(folder: Path, rows: int) -> list[Mutation]:
    """Every mutation of up to so many rows of every table, in an order that mixes tables."""
    found = [
        *_of_warehouse(folder / "warehouse.duckdb", rows),
        *_of_store(folder / "operational.sqlite", rows),
    ]
    return sorted(found, key=lambda one: (one.store, hash_of(one)))


def grouped(mutations: Sequence[Mutation], together: int) -> list[list[Mutation]]:
    """Groups that can share a night: nothing else happens to a row that is lost, doubled, moved."""
    groups: list[list[Mutation]] = []
    taken: list[dict[tuple[str, int], bool]] = []
    for one in mutations:
        row = (one.table, one.row)
        for group, rows in zip(groups, taken, strict=True):
            if len(group) < together and not (row in rows and (one.is_alone or rows[row])):
                group.append(one)
                rows[row] = one.is_alone
                break
        else:
            groups.append([one])
            taken.append({row: one.is_alone})
    return groups


def hash_of(one: Mutation) -> int:
    """A number that mixes mutations the same way on every machine."""
    number = 0
    for letter in str(one):
        number = (number * 131 + ord(letter)) % 1_000_003
    return number


def _of_warehouse(path: Path, rows: int) -> Iterator[Mutation]:
    with duckdb.connect(path, read_only=True) as warehouse:
        tables = warehouse.execute(
            "select schema_name || '.' || table_name from duckdb_tables()"
            " where database_name = current_database()"
            f" and schema_name in {SCHEMAS} order by 1"
        ).fetchall()
        for (table,) in tables:
            columns = [name for name, *_ in warehouse.execute(f"describe {table}").fetchall()]
            ids = warehouse.execute(
                f"select rowid from {table} order by hash(rowid) limit {rows}"
            ).fetchall()
            for (row,) in ids:
                for what in ("deleted", "doubled", *columns):
                    yield Mutation("warehouse", table, row, what)


def _of_store(path: Path, rows: int) -> Iterator[Mutation]:
    with sqlite3.connect(path) as store:
        tables = store.execute(
            "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
            " order by name"
        ).fetchall()
        for (table,) in tables:
            columns = [row[1] for row in store.execute(f"pragma table_info({table})")]
            ids = store.execute(f"select rowid from {table} order by rowid desc limit {rows}")
            for (row,) in ids.fetchall():
                for what in ("deleted", "doubled", *columns):
                    yield Mutation("operational", table, row, what)
    store.close()


def apply(folder: Path, mutations: list[Mutation]) -> list[Mutation]:
    """Make them; what the store itself refuses (a key that is there already) comes back."""
    refused = [*_in_store(folder / "operational.sqlite", mutations)]
    with duckdb.connect(folder / "warehouse.duckdb") as warehouse:
        for one in mutations:
            if one.store == "warehouse":
                warehouse.execute(_statement(warehouse, one))
    return refused


def _statement(warehouse: duckdb.DuckDBPyConnection, one: Mutation) -> str:
    if one.what == "deleted":
        return f"delete from {one.table} where rowid = {one.row}"
    if one.what == "doubled":
        return f"insert into {one.table} select * from {one.table} where rowid = {one.row}"
    described = warehouse.execute(f"describe {one.table}").fetchall()
    kind = next(type_ for name, type_, *_ in described if name == one.what)
    name = f'"{one.what}"'
    other = _OTHER.get(kind, "coalesce({c}, 0) + 1").format(c=name)
    return f"update {one.table} set {name} = {other} where rowid = {one.row}"


def _in_store(path: Path, mutations: list[Mutation]) -> Iterator[Mutation]:
    mine = [one for one in mutations if one.store == "operational"]
    if not mine:
        return
    with sqlite3.connect(path) as store:
        without_triggers(store)
        for one in mine:
            try:
                in_table(store, one)
            except sqlite3.IntegrityError:
                yield one
    store.close()


def without_triggers(store: sqlite3.Connection) -> None:
    """Drop what keeps rows append-only, as whoever has the file could."""
    triggers = store.execute("select name from sqlite_master where type = 'trigger'")
    for (name,) in triggers.fetchall():
        store.execute(f"drop trigger {name}")


def in_table(store: sqlite3.Connection, one: Mutation) -> None:
    """Make one mutation of the operational store."""
    if one.what == "deleted":
        store.execute(f"delete from {one.table} where rowid = ?", (one.row,))
    elif one.what == "doubled":
        store.execute(
            f"insert into {one.table} select * from {one.table} where rowid = ?", (one.row,)
        )
    else:
        name = f'"{one.what}"'
        [old] = store.execute(
            f"select {name} from {one.table} where rowid = ?", (one.row,)
        ).fetchone()
        new = other(old) if old is not None else _other_of_none(store, one)
        store.execute(f"update {one.table} set {name} = ? where rowid = ?", (new, one.row))


def _other_of_none(store: sqlite3.Connection, one: Mutation) -> object:
    kinds = {row[1]: row[2] for row in store.execute(f"pragma table_info({one.table})")}
    kind = str(kinds[one.what]).upper()
    if "INT" in kind or kind == "BOOLEAN":
        return 1
    if kind == "JSON":
        return '{"n": 1}'
    day = "2026-03-09"
    return day if kind == "DATE" else f"{day} 10:00:00.000000" if "TIME" in kind else "~"


def other(old: object) -> object:
    """Another value of the same form, so that it is read as one."""
    if isinstance(old, int | float):
        return 1 - old if old in {0, 1} else old + 1
    text = str(old)
    day = _DAY.fullmatch(text)
    if day:
        return f"{day[1]}{'02' if day[2] == '01' else '01'}{day[3]}"
    if text[:1] in {"{", "["}:
        return _NUMBER.sub(lambda found: str(int(float(found[0])) + 1), text, count=1)
    if _NUMBER.fullmatch(text):
        return str(int(float(text)) + 1)
    return f"{text}~"
