"""A firm file as `init` writes it, its CHANGE marks filled in, posts and ends its month clean."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ps_integration.settings.yaml_source import read_yaml
from ps_integration_tests.regressions.firm import COMPANY, PLACES, Firm, served

ANYWHERE = "00000000-0000-0000-0000-000000000000"
BOOKS = {
    "business_central": (
        (ANYWHERE, COMPANY),
        ('    #   token_url: ""', "      token_url: env:ADDRESS"),
    ),
    "netsuite": (('{"USD": "1"}', '{"GBP": "1"}'),),
    "xero": ((ANYWHERE, COMPANY), ('    #   token_url: ""', "      token_url: env:ADDRESS")),
}
"""What an engineer writes into the ERP's part of the file; the token's address is the sandbox's."""
PLAN = """    legal_entities: [MAIN]
    options:
      custom_fields: {code: Project code, legal_entity: Legal entity, billing_type: Billing type}
      customer_fields: {number: Customer number}
      billing_type_values: {Time and materials: time_and_materials}
"""
SAME = '\ncrosswalk:\n  - {object: customer, id: "10000", system: harvest, external_id: "3301"}\n'


def _far_sides(folder: Path, erp: str) -> None:
    told: dict[str, Any] = {"systems": {}, "environment": {}}
    for name in ("work", erp):
        part = read_yaml(PLACES / "starters" / f"{name}.yaml").data
        told = {
            **told,
            **part,
            **{key: told[key] | part[key] for key in ("systems", "environment")},
        }
    (folder / "books.yaml").write_text(yaml.safe_dump(told), "utf-8")


def _fill_in(firm: Firm, erp: str) -> None:
    text = firm.path("firm.yaml").read_text("utf-8")
    head, *systems = text.split("  - id: ")
    names = [part.split("\n", 1)[0] for part in systems]
    at = {
        name: part.replace('base_url: ""', f"base_url: env:{name.upper()}_URL", 1)
        for name, part in zip(names, systems, strict=True)
    }
    at["harvest"] = at["harvest"].replace('"CHANGE"', '"410200"', 1)
    at["kantata"] = at["kantata"].replace("    legal_entities: [MAIN]\n    # options:\n", PLAN, 1)
    for old, new in BOOKS[erp]:
        assert old in at[erp], old
        at[erp] = at[erp].replace(old, new.replace("ADDRESS", f"{erp.upper()}_TOKEN_URL"), 1)
    firm.path("firm.yaml").write_text("  - id: ".join((head, *at.values())), "utf-8")


@pytest.mark.case(
    "a firm file as init writes it, filled in, bills its month and ends clean",
    kind="a hold that no break names",
    places=(
        "workflows/starter.py",
        "settings/firm.py",
        "workflows/config_check.py",
        "reconciliation/rules/bl01_work_unbilled_too_long.sql",
        "reconciliation/rules/md01_project_missing_in_erp.sql",
        "connectors/vendors/xero/masters.py",
    ),
)
@pytest.mark.parametrize("erp", sorted(BOOKS))
def test_a_filled_in_starter_ends_its_month_clean(erp: str, tmp_path: Path) -> None:
    """14.85 hours at 124.50 GBP: 933.75 + 778.13 (778.125) + 136.95 = 1,848.83."""
    _far_sides(tmp_path, erp)
    with served(tmp_path) as firm:
        assert firm.run("init", "kantata", "harvest", erp).code == 0
        _fill_in(firm, erp)
        answer = firm.run("config", "check")
        assert answer.code == 0, answer.text + answer.errors
        first = firm.night("2026-03-31")
        assert first["breaks"]["open"] == {"MD06": 1}  # Harvest's clients have no number
        assert first["failed_checks"] == []
        firm.edit("firm.yaml", "\n# How the price", f"{SAME}\n# How the price")
        firm.sign()
        second = firm.night("2026-04-01")
        assert second["breaks"]["open"] == {}, firm.run("breaks", "list").text
        firm.approve()
        third = firm.night("2026-04-02")
        assert third["verdict"] == "clear", third["breaks"]
        assert "1,848.83 GBP of it posted" in third["sentence"]
        month = firm.said("period", "status", "--period", "2026-03", "--entity", "MAIN")
        assert month["answer"] == "clean", month
        assert first["rules"]["could_not_run"] == []


@pytest.mark.case(
    "work held for want of a revenue account is a break on the first morning",
    kind="a hold that no break names",
    places=("reconciliation/rules/bl01_work_unbilled_too_long.sql",),
)
def test_work_without_a_revenue_account_is_named_at_once(harbour: Firm) -> None:
    harbour.edit("firm.yaml", '            revenue_account: {const: "4000"}\n', "")
    night = harbour.night("2026-03-31")
    assert night["breaks"]["open"] == {"BL01": 2}, night["breaks"]
    told = [one for one in harbour.said("breaks", "list")["breaks"] if one["rule"] == "BL01"]
    assert sorted(one["at_risk_minor"] for one in told) == [19_000, 93_388]
    shown = harbour.run("breaks", "show", told[0]["break_id"]).text
    assert "neither the ERP nor the firm file (posting.revenue_account) says its account" in shown


@pytest.mark.case(
    "a route names one of the companies that its ERP is set up for",
    kind="a firm file that can never post passes its check",
    places=("workflows/config_check.py", "settings/firm.py"),
)
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (f", company: {COMPANY}}}]", ", company: somewhere}]", "has no company 'somewhere'"),
        (f"companies: {{NL: {COMPANY}}}", f"companies: {{XX: {COMPANY}}}", "no company for NL"),
    ],
)
def test_a_route_to_no_company_is_refused(harbour: Firm, old: str, new: str, said: str) -> None:
    if "no company for" in said:
        harbour.edit("firm.yaml", f", company: {COMPANY}}}]", "}]")
    harbour.edit("firm.yaml", old, new)
    answer = harbour.run("config", "check")
    assert answer.code == 2, answer.text
    assert said in answer.text + answer.errors
