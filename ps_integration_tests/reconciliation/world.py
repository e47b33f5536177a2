"""A small clean world: one project, one person, one hour worked, posted and agreed by the ERP.

Every table has template rows; a test names only what it changes. `breaks_of` runs one rule of the
product's catalogue the way the night does, after those that it reads from.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from ps_integration.domain.ports import Row
from ps_integration.reconciliation.engine import RuleRun, found_rows, run_rules
from ps_integration.reconciliation.rule import Rule, load_rules
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration_tests.reconciliation.world_facts import FACTS
from ps_integration_tests.reconciliation.world_master import AS_OF, MASTER, at

__all__ = ["AS_OF", "UNPOSTED", "WORLD", "at", "breaks_of", "fill", "ran", "runs_of"]
RULES = {rule.code: rule for rule in load_rules()}
WORLD: dict[str, list[Row]] = MASTER | FACTS

UNPOSTED: dict[str, list[Row]] = {
    "ops__documents": [],
    "ops__posting_lines": [],
    "ops__feedback": [],
    "canonical__erp_documents": [],
    "canonical__erp_lines": [],
    "canonical__invoice_statuses": [],
}
"""Changes that make the world's one entry not posted yet."""


def rows_of(table: str, changes: dict[str, list[Row]]) -> list[Row]:
    """The table's rows; where the test names it, its rows, each over the template of its place."""
    templates = WORLD[table]
    given = changes.get(table.replace(".", "__"))
    if given is None:
        return templates
    last = templates[-1] if templates else {}
    below = [templates[i] if i < len(templates) else last for i in range(len(given))]
    return [{**template, **row} for template, row in zip(below, given, strict=True)]


def fill(warehouse: Warehouse, changes: dict[str, list[Row]]) -> None:
    """Insert the changed world into an empty warehouse."""
    for table in WORLD:
        _insert(warehouse, table, rows_of(table, changes))


def _insert(warehouse: Warehouse, table: str, rows: list[Row]) -> None:
    names = {name: None for row in rows for name in row}
    warehouse.insert(table, [{**names, **row} for row in rows])


@functools.cache
def _clean_world() -> Warehouse:
    warehouse = Warehouse(Path(":memory:"))
    fill(warehouse, {})
    return warehouse


@dataclass(frozen=True, slots=True)
class Ran(RuleRun):
    """How a rule ran, with all that it found."""

    found: tuple[Row, ...] = ()


def ran(warehouse: Warehouse, rules: Sequence[Rule]) -> dict[str, Ran]:
    """Run rules over a warehouse, by code."""
    runs = run_rules(warehouse, rules)
    found = found_rows(warehouse)
    kinds = {rule.code: {None, *rule.holds} for rule in rules}
    strange = [row for row in found if row["blocked_kind"] not in kinds[str(row["rule"])]]
    assert not strange, "its header names the kinds of things that a rule holds"
    return {
        run.rule.code: Ran(
            **{item.name: getattr(run, item.name) for item in fields(run)},
            found=tuple(row for row in found if row["rule"] == run.rule.code),
        )
        for run in runs
    }


def runs_of(changes: dict[str, list[Row]], codes: set[str] | None = None) -> dict[str, Ran]:
    """Run the rules over the changed world, which is clean again afterwards."""
    warehouse = _clean_world()
    tables = [table for table in WORLD if table.replace(".", "__") in changes]
    assert len(tables) == len(changes), "the world has no such table"
    try:
        for table in tables:
            warehouse.execute(f"delete from {table}")
            _insert(warehouse, table, rows_of(table, changes))
        rules = [rule for code, rule in RULES.items() if codes is None or code in codes]
        return ran(warehouse, rules)
    finally:
        for table in tables:
            warehouse.execute(f"delete from {table}")
            _insert(warehouse, table, WORLD[table])


def breaks_of(rule: str, *, beside: tuple[str, ...] = (), **changes: list[Row]) -> list[Row]:
    """What one rule finds in the changed world; `beside` runs others whose findings it reads."""
    run = runs_of(changes, {rule, *beside})[rule]
    assert run.status != "could_not_run" or run.found, run.message
    return list(run.found)
