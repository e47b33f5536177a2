"""The alert rules and the dashboard know only figures that are exported."""

import json
import re
from pathlib import Path

import pytest
import yaml

from ps_integration.metrics.metric import all_metrics
from ps_integration.metrics.prometheus import gauge_name
from ps_integration_tests.docs.dashboard import PLACE, dashboard

FOLDER = Path(__file__).parents[2] / "docs/monitoring"
EXPORTED = {
    gauge_name(one, name): {"firm", *one.labels} for one in all_metrics() for name in one.statistics
} | {"ps_integration_night_as_of_timestamp_seconds": {"firm"}}


def rules():
    groups = yaml.safe_load((FOLDER / "alerts.yaml").read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions():
    charts = [(p["title"], t["expr"]) for p in dashboard()["panels"] for t in p["targets"]]
    return [*((rule["alert"], rule["expr"]) for rule in rules()), *charts]


@pytest.mark.parametrize(("name", "expression"), expressions())
def test_an_expression_asks_for_what_is_exported_by_labels_it_has(name, expression):
    asked = re.findall(r"(ps_integration_\w+)(?:\{([^}]*)\})?", expression)
    assert asked
    for figure, labels in asked:
        assert figure in EXPORTED
        assert set(re.findall(r"(\w+)[=!]~?=?\"", labels or "")) <= EXPORTED[figure]


def test_every_metric_is_on_the_dashboard():
    text = json.dumps(dashboard())
    assert [one.name for one in all_metrics() if f"ps_integration_{one.name}_" not in text] == []


def test_the_dashboard_that_is_kept_is_the_one_that_is_written():
    assert json.loads(PLACE.read_text("utf-8")) == dashboard()


def test_every_alert_says_what_is_wrong_and_what_to_do():
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "high", "medium")
        assert set(rule["annotations"]) == {"summary", "remedy"}
        used = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        figure = re.search(r"ps_integration_\w+", rule["expr"]).group(0)
        assert used <= EXPORTED[figure]
