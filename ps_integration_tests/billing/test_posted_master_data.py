"""Every column of master data is changed after posting: nothing moves, and a release is right.

The columns are those of the contracts, so that a new one is tried by itself.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ps_integration.billing.account import account, broken_groups, broken_ledger, broken_links
from ps_integration.billing.classify import classify
from ps_integration.billing.plan import plan
from ps_integration.billing.rate import rate
from ps_integration.contracts.customers import Customers
from ps_integration.contracts.projects import Projects
from ps_integration.contracts.resources import Resources
from ps_integration.contracts.tasks import Tasks
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows.statements import sql_text
from ps_integration_tests.regressions.firm import lay, served

TABLES = {
    "canonical.projects": Projects,
    "canonical.resources": Resources,
    "canonical.tasks": Tasks,
    "canonical.customers": Customers,
}
IDENTITY = {"system", "stream", "record_id", "raw_seq", "external_id"}
"""Which record it is; changing these is another record."""
ROUTING = (
    "delete from config.routing where role = 'time' and legal_entity = 'NL'",
    "update config.routing set system = 'zeit' where role = 'time' and legal_entity = 'NL'",
    "update config.routing set valid_from = date '2026-06-01' where role = 'time'",
    "delete from config.routing where role = 'erp'",
)
WORDS = {
    "billing_type": ("fixed_fee", "milestone", "internal"),
    "status": ("closed", "on_hold"),
    "currency": ("EUR",),
    "legal_entity": ("DE",),
    "home_legal_entity": ("DE",),
    "role": ("Principal",),
}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Two entities, 1,500.00 GBP posted; the warehouse as the last night left it."""
    folder: Path = tmp_path_factory.mktemp("posted_master_data")
    lay("halves", folder)
    with served(folder) as firm:
        firm.night("2026-03-31")
        firm.sign()
        firm.night("2026-04-01")
    [path] = folder.rglob("warehouse.duckdb")
    with Warehouse(path) as opened:
        yield opened


def changes(warehouse: Warehouse) -> Iterator[tuple[str, str, str]]:
    """Table, what was changed, and the statement."""
    for table, contract in TABLES.items():
        types = {
            str(row["column_name"]): str(row["data_type"])
            for row in warehouse.rows(
                "select column_name, data_type from information_schema.columns "
                "where table_schema || '.' || table_name = $table",
                {"table": table},
            )
        }
        for column in sorted(set(contract.to_schema().columns) - IDENTITY):
            for value in values(column, types[column]):
                yield table, f"{column} = {value}", f"update {table} set {column} = {value}"
    for statement in ROUTING:
        yield "config.routing", statement, statement


def values(column: str, kind: str) -> list[str]:
    if column in WORDS:
        return [f"'{word}'" for word in WORDS[column]] + ["null"]
    if kind == "BOOLEAN":
        return ["true", "false", "null"]
    if kind == "VARCHAR":
        return ["'changed'", "null"]
    if kind == "DATE":
        return ["date '2026-03-01'", "date '2026-09-30'", "null"]
    if kind.startswith("TIMESTAMP"):
        return ["timestamptz '2026-03-31 12:00:00+00'"]
    return ["1", "null"]


def play(warehouse: Warehouse) -> None:
    with warehouse.transaction():
        for name in ("projects", "resources", "entries", "as_posted"):
            warehouse.execute(sql_text(name))
    rate(warehouse)
    classify(warehouse)
    account(warehouse)


def balance(warehouse: Warehouse) -> list[Any]:
    return [
        *broken_groups(warehouse),
        *broken_ledger(warehouse),
        *broken_links(warehouse, "completeness"),
        *broken_links(warehouse, "ledger"),
    ]


def released(warehouse: Warehouse) -> str:
    """Release everything that waits; what is wrong about the corrections that follow."""
    before = warehouse.rows("from billing.posted_changes")
    warehouse.execute(
        "insert into ops.correction_decisions (decision_id, decision, object_kind, object_id, "
        "content_sha256) select row_number() over (), 'released', object_kind, object_id, "
        "content_sha256 from billing.posted_changes"
    )
    play(warehouse)
    lines = warehouse.rows(
        "select object_id, currency, sum(amount_minor)::bigint as minor "
        "from billing.correction_lines group by all"
    )
    net = {(row["object_id"], row["currency"]): row["minor"] for row in lines}
    for row in before:
        if row["today_minor"] is None or None in (
            row["today_project_id"], row["today_customer_key"], row["today_legal_entity"],
            row["today_currency"],
        ):  # fmt: skip
            wanted: dict[object, int] = {}
        else:
            wanted = {row["currency"]: -int(str(row["billed_minor"]))}
            now = row["today_currency"]
            wanted[now] = wanted.get(now, 0) + int(str(row["today_minor"]))
        for currency in {key[1] for key in net if key[0] == row["object_id"]}:
            found = net[(row["object_id"], currency)]
            if found != wanted.get(currency, 0):
                return f"{row['object_id']}: {found} {currency} planned, wanted {wanted}"
    return f"does not balance: {balance(warehouse)}" if balance(warehouse) else ""


def test_no_column_of_master_data_moves_what_was_posted(warehouse: Warehouse) -> None:
    play(warehouse)
    assert balance(warehouse) == []
    assert warehouse.rows("from billing.posted_changes") == []
    wrong, seen, moved = [], 0, 0
    tables = [*TABLES, "config.routing"]
    for table in tables:
        warehouse.execute(
            f"create or replace temp table kept_{table.replace('.', '_')} as from {table}"
        )
    for table, what, statement in list(changes(warehouse)):
        warehouse.execute(statement)
        play(warehouse)
        seen += 1
        corrections = warehouse.rows("select object_id, amount_minor from billing.correction_lines")
        documents = [line for batch in plan(warehouse) for line in batch.documents]
        if corrections or documents or balance(warehouse):
            wrong.append((table, what, corrections, balance(warehouse)))
        elif warehouse.rows("from billing.posted_changes"):
            moved += 1
            if told := released(warehouse):
                wrong.append((table, what, told))
            warehouse.execute("delete from ops.correction_decisions")
        warehouse.execute(f"create or replace table {table} as from kept_{table.replace('.', '_')}")
    print(f"{seen} changes tried, {moved} of them would move money")  # noqa: T201 - the count
    assert wrong == []
    assert seen > 60
    assert moved > 8
