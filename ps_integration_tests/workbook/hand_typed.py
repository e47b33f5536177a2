"""A firm's document typed by hand: a line with two choices, a sure one, and two that split one."""

from datetime import timedelta
from pathlib import Path

from ps_integration.reconciliation.engine import run_rules
from ps_integration.reconciliation.rule import load_rules
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration_tests.reconciliation.test_matching import typed
from ps_integration_tests.reconciliation.world import WORLD, fill

PRICES = {"harvest:1": 15000, "harvest:2": 15000, "harvest:3": 32000, "harvest:4": 50000}
LINES = (15000, 32000, 21000, 29000)
RULES = [rule for rule in load_rules() if rule.code in {"TM01", "TM02"}]


def world():
    changes = typed(*({"amount_minor": minor} for minor in LINES))
    one, priced = WORLD["billing.entries"][0], WORLD["billing.rated_entries"][0]
    changes["billing__entries"] = [
        {**one, "entry_id": key, "external_id": key.split(":")[1],
         "work_date": one["work_date"] + timedelta(days=number)}
        for number, key in enumerate(PRICES)
    ]  # fmt: skip
    changes["billing__rated_entries"] = [
        {**priced, "entry_id": key, "amount_minor": minor} for key, minor in PRICES.items()
    ]
    return changes


def opened():
    """A warehouse of that firm after a night."""
    warehouse = Warehouse(Path(":memory:"))
    fill(warehouse, world())
    run_rules(warehouse, RULES)
    return warehouse


def night(warehouse, *changes):
    """The next night, after these statements."""
    for change in changes:
        warehouse.execute(change)
    run_rules(warehouse, RULES)
