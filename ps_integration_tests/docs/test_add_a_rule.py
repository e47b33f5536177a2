"""The guide's rule, dropped into a folder, on a small world."""

from pathlib import Path

import pytest

from ps_integration.reconciliation.engine import run_rules
from ps_integration.reconciliation.rule import load_rules, parse_rule
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows.config_check import load_checked
from ps_integration_tests.docs.guides import ROOT, named_files, text
from ps_integration_tests.reconciliation.world import UNPOSTED, fill

GUIDE = "docs/add-a-rule.md"
NAME = "rules/fr01_time_without_note.sql"


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / NAME
    path.parent.mkdir()
    path.write_text(named_files(GUIDE)[NAME])
    return path.parent


def found(folder, note):
    with Warehouse(Path(":memory:")) as warehouse:
        fill(warehouse, {**UNPOSTED, "canonical__time_entries": [{"note": note}]})
        rules = [rule for rule in load_rules(folder) if rule.code == "FR01"]
        runs = run_rules(warehouse, rules)
        assert [run.status for run in runs] != ["could_not_run"], runs
        return warehouse.rows("select * from reconciliation.found where rule = 'FR01'")


def test_the_rule_of_the_guide_fires_and_holds_the_entry(folder):
    [row] = found(folder, None)
    assert row["blocked_kind"] == "entry"
    assert row["blocked_id"] == row["entry_id"] == row["record_key"]


def test_the_rule_of_the_guide_is_quiet_where_there_is_a_note(folder):
    assert found(folder, "Span 2") == []


def test_every_header_key_of_the_guide_s_table_is_known(folder):
    rule = parse_rule(folder / "fr01_time_without_note.sql")
    assert rule.blocks
    for key in ("title", "severity", "owner", "blocks", "needs_period", "cause", "remedy", "needs"):
        assert f"| `{key}` |" in text(GUIDE)


def test_a_firm_may_set_tolerances_of_a_rule_in_its_own_folder(folder):
    firm = (ROOT / "data/demo/firm.yaml").read_text("utf-8")
    changed = folder.parent / "firm.yaml"
    changed.write_text(
        f"{firm}\nrules_folder: {folder}\n"
        "rules: {FR01: {tolerances: {tolerance_note_characters: 10}}}\n"
    )
    assert load_checked(changed).firm.rules["FR01"].tolerances
