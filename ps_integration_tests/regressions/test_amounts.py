"""No document asks for no money, and an amount below zero is taken off."""

from decimal import Decimal

import pytest

from ps_integration_tests.regressions.firm import Firm

MILESTONES = """
        - name: milestones
          table: milestones
          path: milestones.csv
          id: [No]
          columns:
            project_external_id: Project
            name: Name
            amount_minor: Amount
            currency: {const: GBP}
            is_reached: {const: true}
            reached_on: On
"""


@pytest.mark.case(
    "work that comes to 0.00 makes no invoice, and a milestone below zero is taken off",
    kind="documents without money",
    places=(
        "billing/sql/gates.sql",
        "billing/sql/milestones.sql",
        "billing/sql/ready_lines.sql",
        "reconciliation/rules/bl02_milestone_not_billed.sql",
        "reconciliation/unposted_entries.sql",
    ),
)
def test_no_document_is_without_money(northlight: Firm) -> None:
    northlight.edit(
        "firm.yaml", "\n        - name: people\n", MILESTONES + "        - name: people\n"
    )
    northlight.path("drops/milestones.csv").write_text(
        "No,Project,Name,Amount,On\nM1,NL-1,Design,2000.00,2026-03-09\n"
        "M2,NL-1,Goodwill,-500.00,2026-03-10\nM3,NL-2,Nothing,0.00,2026-03-10\n"
    )
    northlight.edit("drops/rates.csv", "NL-2;95,00", "NL-2;0,40")
    northlight.edit("drops/hours-2026-03.csv", "Review,24.5,", "Review,0.01,")
    northlight.night("2026-03-31")
    northlight.sign()
    northlight.night("2026-04-01")
    assert [net for _, _, net in northlight.documents()] == [Decimal("2433.88")]
