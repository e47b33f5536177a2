"""An ERP that takes files and answers nothing is billed month after month."""

import csv
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from ps_integration_tests.regressions.firm import Firm, lay, served

EXPORT = """        - name: documents
          table: erp_documents
          path: invoices-*.csv
          id: [Id]
          take: newest
          columns:
            company: {const: HB}
            kind: Kind
            number: Number
            reference: Reference
            status: Status
            is_posted: {const: true}
            customer_key: Customer
            currency: {const: GBP}
            invoice_date: Date
            posting_date: Date
            amount_minor: Net
        - name: lines
          table: erp_lines
          path: lines-*.csv
          id: [Id, Line]
          take: newest
          columns:
            company: {const: HB}
            document_external_id: Id
            line_no: Line
            line_type: {const: account}
            object_number: {const: "4000"}
            project_key: Project
            quantity: Hours
            unit_price: Price
            amount_minor: Net
            currency: {const: GBP}
"""
INVOICES = """Id,Kind,Number,Reference,Status,Customer,Date,Net
901,invoice,SI-1,PS-HB-1-202603-1,open,C100,2026-03-02,570.00
902,invoice,SI-2,PS-HB-2-202603-1,open,C100,2026-03-03,241.00
"""
LINES = """Id,Line,Project,Hours,Price,Net
901,1,HB-1,3.00000,190.00,570.00
902,1,HB-2,2.41000,100.00,241.00
"""


@pytest.fixture
def quayside(tmp_path: Path) -> Iterator[Firm]:
    """A firm whose ERP imports files: 570.00 and 241.00 GBP are to be billed."""
    lay("quayside", tmp_path)
    with served(tmp_path) as firm:
        yield firm


def dropped(firm: Firm) -> dict[str, Decimal]:
    """Net of each file put in the ERP's folder."""
    return {
        path.stem: sum(
            (
                Decimal(row["amount"])
                for row in csv.DictReader(path.read_text("utf-8").splitlines())
            ),
            Decimal(0),
        )
        for path in sorted(firm.path("imports").glob("*.csv"))
    }


@pytest.mark.case(
    "an ERP behind a folder takes a second posting after its first",
    kind="what nobody can be asked is read as zero",
    places=(
        "workflows/readback.py",
        "workflows/exports.py",
        "billing/sql/ledger.sql",
        "reconciliation/needs.py",
        "reconciliation/rules/bl06_control_totals_differ.sql",
        "connectors/vendors/files/options.py",
    ),
)
def test_what_was_dropped_counts_until_an_export_says_otherwise(quayside: Firm) -> None:
    quayside.night("2026-03-31")
    quayside.sign()
    first = quayside.night("2026-04-01")
    assert dropped(quayside) == {
        "PS-HB-1-202603-1": Decimal("570.00"), "PS-HB-2-202603-1": Decimal("241.00"),
    }  # fmt: skip
    assert first["failed_checks"] == []
    assert first["verdict"] == "clear"

    text = quayside.path("firm.yaml").read_text("utf-8")
    listed = text[text.index("        - name: periods") : text.index("routing:")]
    quayside.edit("firm.yaml", f"      streams:\n{listed}", "\n")
    quayside.run("config", "accept", who="olga")
    hours = quayside.path("drops/hours.csv")
    hours.write_text(hours.read_text("utf-8") + "3,P-1,HB-1,Design,2,approved,2026-04-01\n")
    second = quayside.night("2026-04-02")
    assert dropped(quayside)["PS-HB-1-202604-1"] == Decimal("380.00")
    assert second["failed_checks"] == []

    (exports := quayside.path("exports")).mkdir(exist_ok=True)
    (exports / "invoices-1.csv").write_text(INVOICES, "utf-8")
    (exports / "lines-1.csv").write_text(LINES, "utf-8")
    for path in exports.iterdir():  # an export of before the second drop
        os.utime(path, (1_600_000_000, 1_600_000_000))
    quayside.edit("firm.yaml", "\n\nrouting:", f"\n      streams:\n{EXPORT}\nrouting:")
    older = quayside.night("2026-04-03")
    assert older["failed_checks"] == []
    assert not older["breaks"]["open"].keys() & {"BL05", "BL06", "IN01", "TM05"}
    for path in exports.iterdir():
        os.utime(path)
    newer = quayside.night("2026-04-04")
    assert newer["breaks"]["open"].get("BL06") == 1
    told = quayside.said("breaks", "list")["breaks"]
    assert "PS-HB-1-202604-1" in {one["record_key"] for one in told}
