"""Every metric equals a recomputation by loops, on random histories of events."""

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest

from ps_integration.metrics.compute import Window, compute
from ps_integration.metrics.metric import all_metrics
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration_tests.metrics.history import AS_OF, history
from ps_integration_tests.metrics.oracle import METRICS, expected

TWO_QUOTAS_USED_ALIKE = 484
HISTORIES = int(os.environ.get("PS_METRIC_HISTORIES", "60"))


@pytest.fixture(scope="module")
def warehouse():
    with Warehouse(Path(":memory:")) as made:
        yield made


def fill(warehouse, tables):
    with warehouse.transaction():
        for table, rows in tables.items():
            warehouse.execute(f"delete from {table}")
            if rows:
                names = list(dict.fromkeys(name for row in rows for name in row))
                warehouse.insert(table, [{name: row.get(name) for name in names} for row in rows])


def computed(warehouse, run_id="night"):
    found = {}
    for row in compute(warehouse, run_id, Window(as_of=AS_OF)):
        labels = tuple(sorted(json.loads(row["labels"]).items()))
        figures = found.setdefault((row["metric"], labels), {"sample": row["sample"]})
        figures[row["statistic"]] = row["value"]
    return found


def numbers(figures):
    return {name: None if value is None else Decimal(str(value)) for name, value in figures.items()}


@pytest.mark.parametrize("seed", sorted({*range(HISTORIES), TWO_QUOTAS_USED_ALIKE}))
def test_every_metric_equals_its_recomputation(warehouse, seed):
    tables = history(seed)
    fill(warehouse, tables)
    found = {key: numbers(figures) for key, figures in computed(warehouse).items()}
    truth = {key: numbers(figures) for key, figures in expected(tables).items()}
    assert found == truth


def test_the_oracle_knows_every_metric_and_the_histories_reach_every_figure(warehouse):
    assert sorted(METRICS) == [one.name for one in all_metrics()]
    reached = set()
    for seed in range(40):
        for (metric, _), figures in expected(history(seed)).items():
            reached |= {(metric, name) for name, value in figures.items() if value}
    wanted = {(one.name, name) for one in all_metrics() for name in one.statistics}
    assert wanted <= reached


def test_a_repeated_run_replaces_its_figures_and_another_adds_to_the_series(warehouse):
    warehouse.execute("delete from metrics.series")
    fill(warehouse, history(3))
    first = len(compute(warehouse, "one", Window(as_of=AS_OF)))
    compute(warehouse, "one", Window(as_of=AS_OF))
    assert warehouse.value("select count(*) from metrics.series") == first
    compute(warehouse, "two", Window(as_of=AS_OF))
    assert warehouse.value("select count(*) from metrics.series") == 2 * first
