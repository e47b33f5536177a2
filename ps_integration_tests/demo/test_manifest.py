"""The manifest itself, and how it is held against what was found."""

from datetime import date
from pathlib import Path

import pytest

from ps_integration.errors import FixConfigError
from ps_integration.reconciliation.rule import load_rules
from ps_integration.workflows.demo_manifest import load_manifest

DEMO = Path(__file__).parents[2] / "data" / "demo"


PLANTED = (
    "BL02 BL03 BL05 BL06 BL08 IN02 IN03 IN07 MD01 MD03 MD04 MD08 MD09 MD10 "
    "TM01 TM02 TM03 TM04 TM05 TM06 TM07 TM08 TM10 TM11 TM12 TM13 TM15"
)


def test_every_rule_that_the_demonstration_is_about_has_a_planted_instance():
    manifest = load_manifest(DEMO / "manifest.yaml")
    planted = {one.rule for fault in manifest.faults for one in fault.breaks}
    assert set(PLANTED.split()) <= planted <= {rule.code for rule in load_rules()}


def test_every_consequence_names_a_break_of_the_manifest():
    every = [one for fault in load_manifest(DEMO / "manifest.yaml").faults for one in fault.breaks]
    records = {f"{one.rule} {one.record}" for one in every}
    assert {one.consequence_of for one in every if one.consequence_of} <= records


def test_no_product_code_knows_the_demonstrations_ids():
    package = DEMO.parents[1] / "ps_integration"
    for path in package.rglob("*"):
        inside = path.relative_to(package).parts
        if path.suffix not in (".py", ".sql") or inside[:2] == ("sandbox", "world"):
            continue
        text = path.read_text("utf-8").lower()
        for word in ("us-110", "uk-207", "26009000", "dbbc"):
            assert word not in text, path


def test_a_mistake_in_a_manifest_is_named(tmp_path):
    path = tmp_path / "manifest.yaml"
    path.write_text("nights: [2026-02-18]\nfaults: [{fault: x, breaks: [{rule: TM01}]}]\n")
    with pytest.raises(FixConfigError, match="record"):
        load_manifest(path)


def test_the_manifests_nights_are_the_demonstrations():
    nights = load_manifest(DEMO / "manifest.yaml").nights
    assert nights[0] == date(2026, 2, 18)
    assert len(nights) == 6
