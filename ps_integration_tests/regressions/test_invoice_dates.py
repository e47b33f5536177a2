"""Invoices are dated as their legal entity says, and revenue keeps its month."""

from pathlib import Path

import pytest

from ps_integration_tests.regressions.firm import Firm, lay
from ps_integration_tests.regressions.product import command

AUCKLAND = "currency: GBP, time_zone: Pacific/Auckland"


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
    northlight.edit("firm.yaml", "currency: GBP, time_zone: Europe/London}", f"{AUCKLAND}}}")
    northlight.offer("firm.yaml", AUCKLAND, f"{AUCKLAND}, invoice_date: day_of_sending")
    northlight.night("2026-03-31")
    northlight.sign()
    night = northlight.night("2026-04-01")
    found = [
        (one["postingDate"], one["invoiceDate"], one["dueDate"])
        for one in northlight.bc("salesInvoices")
    ]
    assert found == [EXPECTED], night["sentence"]

    # an hour less: what takes it back is signed by a person and has a claim of its own
    northlight.edit("drops/hours-2026-03.csv", "Design,7.5,", "Design,6.5,")
    northlight.night("2026-04-02")
    northlight.approve()
    night = northlight.night("2026-04-03")
    [memo] = northlight.bc("salesCreditMemos")
    assert memo["creditMemoDate"] == "2026-04-04", night["sentence"]
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
@pytest.mark.parametrize("place", ["harbour", "hudson"])
@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ("last_work_day", 0),
        ("end_of_period", 0),
        ("day_of_sending", 2),
        ("billing_calendar, billing_day: 5", 2),
    ],
)
def test_one_date_is_the_month_of_revenue(
    tmp_path: Path, place: str, policy: str, code: int
) -> None:
    lay(place, tmp_path)
    firm = tmp_path / "firm.yaml"
    text = firm.read_text("utf-8")
    assert "}\n\nsystems" in text
    dated = text.replace("}\n\nsystems", f", invoice_date: {policy}}}\n\nsystems", 1)
    firm.write_text(dated, "utf-8")
    answer = command(["config", "check"], {"PS_FIRM": str(firm)}, tmp_path)
    assert answer.code == code, answer.text + answer.errors
    said = "legal_entities[0].invoice_date: books ("
    assert (said in answer.text + answer.errors) == (code != 0)
    assert ("set last_work_day or end_of_period" in answer.text + answer.errors) == (code != 0)
