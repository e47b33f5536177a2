"""Invoices are dated as their legal entity says, and revenue keeps its month."""

from pathlib import Path

import pytest

from ps_integration_tests.regressions.firm import Firm, lay


@pytest.mark.case(
    "an invoice sent in April for work in March is dated, and due from, the day of sending",
    kind="the date on the paper",
    places=(
        "domain/invoice_dates.py",
        "workflows/erp_document.py",
        "workflows/sending.py",
        "stores/operational/models/documents.py",
        "connectors/vendors/business_central/writer.py",
    ),
)
def test_the_day_of_sending_is_on_the_paper_and_revenue_stays_in_march(northlight: Firm) -> None:
    """In Auckland it is 2 April already; the last hours of NL-1 were worked on 3 March."""
    northlight.edit(
        "firm.yaml",
        "currency: GBP, time_zone: Europe/London}",
        "currency: GBP, time_zone: Pacific/Auckland, invoice_date: day_of_sending}",
    )
    northlight.night("2026-03-31")
    northlight.sign()
    night = northlight.night("2026-04-01")
    found = [
        (one["postingDate"], one["invoiceDate"], one["dueDate"])
        for one in northlight.bc("salesInvoices")
    ]
    assert found == [EXPECTED], night["sentence"]

    # an hour less: the reversal and the re-bill have a claim of their own, a night later
    northlight.edit("drops/hours-2026-03.csv", "Design,7.5,", "Design,6.5,")
    night = northlight.night("2026-04-02")
    [memo] = northlight.bc("salesCreditMemos")
    assert memo["creditMemoDate"] == "2026-04-03", night["sentence"]
    assert memo["postingDate"].startswith("2026-03"), night["sentence"]
    assert EXPECTED in [
        (one["postingDate"], one["invoiceDate"], one["dueDate"])
        for one in northlight.bc("salesInvoices")
    ], "what was sent once keeps its date"


EXPECTED = ("2026-03-03", "2026-04-02", "2026-05-02")
"""Posted on the last billable day, dated when sent, due 30 days later."""


@pytest.mark.case(
    "config check refuses a date that would move revenue to another month in an ERP with one date",
    kind="the date on the paper",
    places=(
        "workflows/config_check.py",
        "connectors/vendors/xero/__init__.py",
        "connectors/vendors/netsuite/__init__.py",
    ),
)
@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ("last_work_day", 0),
        ("end_of_period", 0),
        ("day_of_sending", 2),
        ("billing_calendar, billing_day: 5", 2),
    ],
)
def test_one_date_is_the_month_of_revenue(tmp_path: Path, policy: str, code: int) -> None:
    lay("harbour", tmp_path)
    firm = Firm.__new__(Firm)
    object.__setattr__(firm, "folder", tmp_path)
    object.__setattr__(firm, "environ", {"PS_FIRM": str(tmp_path / "firm.yaml")})
    firm.edit("firm.yaml", "id: NL, name:", f"id: NL, invoice_date: {policy}, name:")
    answer = firm.run("config", "check")
    assert answer.code == code, answer.text + answer.errors
    said = (answer.text + answer.errors).replace("\n", " ")
    assert ("set last_work_day or end_of_period" in " ".join(said.split())) == (code != 0)
