"""What a vendor cannot say is not applicable: it guards nothing, and periods end clean."""

from pathlib import Path

import pytest

from ps_integration_tests.regressions.firm import Firm, lay
from ps_integration_tests.regressions.product import command

PAYABLES = """  - id: payables
    vendor: files
    roles: [erp]
    legal_entities: [NL]
    options:
      folder: env:NORTHLIGHT_DROPS
      streams:
        - name: costs
          table: subcontractor_costs
          path: costs.csv
          id: [Bill]
          columns:
            company: {const: 11111111-1111-1111-1111-111111111111}
            resource_key: Person
            project_key: Project
            period: Month
            is_posted: {const: true}
            amount_minor: Net
            currency: {const: GBP}

routing:
"""
COSTS = "Bill,Person,Project,Month,Net\nB-1,P-17,NL-1,2026-03,400.00\n"


@pytest.mark.case(
    "a Xero firm with a drop of payables posts its first night and its month ends clean",
    kind="a rule asks of a vendor what it cannot say",
    places=(
        "reconciliation/needs.py",
        "reconciliation/engine.py",
        "reconciliation/rules/md03_project_not_billable_in_erp.sql",
        "reconciliation/rules/md09_rate_missing_or_different.sql",
        "connectors/setup.py",
        "workflows/connect.py",
    ),
)
def test_a_xero_firm_with_a_drop_of_payables_ends_clean(harbour: Firm) -> None:
    first = harbour.night("2026-03-31")
    assert "MD03" not in first["breaks"]["open"]
    assert first["failed_checks"] == []
    assert first["rules"]["could_not_run"] == []
    assert "MD03" in first["rules"]["not_applicable"]
    harbour.edit("firm.yaml", "\n\nrouting:\n", f"\n\n{PAYABLES}")
    harbour.path("drops/costs.csv").write_text(COSTS, "utf-8")
    answer = harbour.run("config", "check")
    assert answer.code == 0, answer.text + answer.errors
    harbour.run("config", "accept", who="olga")
    harbour.sign()
    second = harbour.night("2026-04-01")
    assert second["verdict"] == "clear", second["sentence"]
    assert "1,123.88 GBP of it posted" in second["sentence"]
    page = next(harbour.path("data").glob(f"**/{second['run_id']}/report.html")).read_text("utf-8")
    assert "not applicable</span>" in page
    month = harbour.said("period", "status", "--period", "2026-03", "--entity", "NL")
    assert month["answer"] == "clean", month


@pytest.mark.case(
    "a system that is posted to names its drop folder and rounds as the firm does",
    kind="a firm file that can never post passes its check",
    places=("workflows/config_check.py", "connectors/setup.py", "workflows/connect.py"),
)
@pytest.mark.parametrize(
    ("place", "old", "new", "said"),
    [
        (
            "quayside",
            "      drop_folder: env:QUAYSIDE_IMPORTS\n",
            "",
            "options.drop_folder: is missing, and HB posts to books (routing.erp)",
        ),
        (
            "northlight",
            "currency: GBP, time_zone: Europe/London}\n\nsystems",
            "currency: GBP, time_zone: Europe/London, rounding: half_even}\n\nsystems",
            "legal_entities[0].rounding: books (business_central) rounds half_up",
        ),
        (
            "harbour",
            "currency: GBP, time_zone: Europe/London}\n\nsystems",
            "currency: GBP, time_zone: Europe/London, rounding: half_even}\n\nsystems",
            "legal_entities[0].rounding: books (xero) rounds half_up",
        ),
        (
            "hudson",
            "currency: USD, time_zone: America/New_York}\n\nsystems",
            "currency: USD, time_zone: America/New_York, rounding: half_even}\n\nsystems",
            "legal_entities[0].rounding: books (netsuite) rounds half_up",
        ),
    ],
)
def test_what_could_never_be_posted_is_refused_by_name(
    tmp_path: Path, place: str, old: str, new: str, said: str
) -> None:
    lay(place, tmp_path)
    firm = tmp_path / "firm.yaml"
    assert old in firm.read_text("utf-8")
    firm.write_text(firm.read_text("utf-8").replace(old, new, 1), "utf-8")
    for words in (["config", "check"], ["nightly", "--as-of", "2026-03-31"]):
        answer = command(words, {"PS_FIRM": str(firm)}, tmp_path)
        assert answer.code == 2
        assert said in answer.text + answer.errors
