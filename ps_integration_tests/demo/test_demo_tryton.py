"""The firm file and the manifest of the demonstration with Tryton, without a server."""

from pathlib import Path

import yaml

from ps_integration.settings.yaml_source import read_yaml
from ps_integration.workflows import demo_tryton
from ps_integration.workflows.config_check import load_checked
from ps_integration.workflows.demo_manifest import load_manifest

DEMO = Path(__file__).parents[2] / "data" / "demo"
COMPANIES = {"US": "1", "UK": "2", "IN": "3"}


def test_the_firm_file_is_the_demonstration_s_with_tryton_as_its_only_erp(tmp_path):
    made = demo_tryton.firm_of(read_yaml(DEMO / "firm.yaml").data, COMPANIES, tmp_path)
    (tmp_path / "firm.yaml").write_text(yaml.safe_dump(made))
    firm = load_checked(tmp_path / "firm.yaml").firm
    assert [one.id for one in firm.systems if "erp" in one.roles] == ["tryton"]
    assert {one.system for one in firm.routing.erp} == {"tryton"}
    assert {one.rounding for one in firm.legal_entities} == {"half_even"}
    assert "bc" not in {one.system for one in firm.ownership}


def test_the_manifest_leaves_out_what_tryton_cannot_show_and_nothing_else(tmp_path):
    whole = read_yaml(DEMO / "manifest.yaml").data
    told = demo_tryton.manifest_of(whole, COMPANIES, {"copy": "44", "by hand": "7"})
    (tmp_path / "manifest.yaml").write_text(yaml.safe_dump(told))
    faults = load_manifest(tmp_path / "manifest.yaml").faults
    assert len(faults) == len(whole["faults"]) - len(demo_tryton.LEFT_OUT)
    keys = {one.rule: one.record for fault in faults for one in fault.breaks}
    assert keys["TM05"] == "document|PS-US-106-202602-1|44"
    assert keys["TM02"] == "tryton|2|7"
    assert keys["MD03"] == "uk-207|tryton"
    roots = {one.rule: one.consequence_of for fault in faults for one in fault.breaks}
    assert roots["MD05"] == f"MD04 {keys['MD04']}" == f"MD04 {keys['MD05']}"
    assert roots["TM07"] == "IN07 harvest_us|time_entries|2600900035"
