"""What became of a posted document in the ERP since is known in every state."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from ps_integration_tests.regressions.firm import COMPANY, Firm, lay, served
from ps_integration_tests.regressions.xero_books import end, invoices, xero


@pytest.fixture
def harbour(tmp_path: Path) -> Iterator[Firm]:
    """A Xero firm after its first two invoices, 933.88 and 190.00 GBP; next is 2 April 2026."""
    lay("harbour", tmp_path)
    with served(tmp_path) as firm:
        # an older product asked Xero for billing terms that it cannot say, and posted nothing
        firm.edit("firm.yaml", "\napproval:", "\nrules: {MD03: {is_enabled: false}}\n\napproval:")
        firm.night("2026-03-31")
        firm.sign()
        firm.night("2026-04-01")
        yield firm


def rules_open(firm: Firm) -> set[str]:
    """Rules with an open break."""
    return {str(one["rule"]) for one in firm.said("breaks", "list")["breaks"]}


@pytest.mark.case(
    "a voided Xero invoice is seen, and billed again only when policy says so",
    kind="posted and standing are two facts",
    places=(
        "connectors/vendors/xero/documents.py",
        "workflows/reversals.py",
        "reconciliation/rules/bl05_posted_document_changed.sql",
        "reconciliation/rules/tm05_posted_more_than_once.sql",
        "billing/sql/ledger.sql",
        "stores/warehouse/schema.sql",
        "reports/sql/business_three_way.sql",
        "reports/sql/business_accounts.sql",
    ),
)
def test_a_voided_invoice_is_seen_and_policy_decides(harbour: Firm) -> None:
    """Each invoice carries its own project: all are options of one category of Xero's."""
    found = xero(harbour, "GET", "Invoices?page=1&unitdp=4")["Invoices"]
    options = {
        Decimal(str(one["SubTotal"])): {
            tracked["Option"] for line in one["LineItems"] for tracked in line["Tracking"]
        }
        for one in found
    }
    assert options == {Decimal("933.88"): {"NL-1"}, Decimal("190.00"): {"NL-2"}}
    assert "BL05" not in rules_open(harbour)
    end(harbour, "933.88", "VOIDED")
    night = harbour.night("2026-04-02")
    assert "BL05" in rules_open(harbour), night["sentence"]
    assert "1,123.88 GBP of it posted" not in night["sentence"]
    assert invoices(harbour) == [("AUTHORISED", Decimal("190.00")), ("VOIDED", Decimal("933.88"))]

    harbour.edit("firm.yaml", "id: NL, name:", "id: NL, voided: rebill, name:")
    harbour.run("config", "accept", who="olga")
    night = harbour.night("2026-04-03")
    assert [one for one in invoices(harbour) if one[0] == "AUTHORISED"] == [
        ("AUTHORISED", Decimal("190.00")),
        ("AUTHORISED", Decimal("933.88")),
    ], night["sentence"]


def vanish(firm: Firm, collection: str = "salesInvoices") -> None:
    """Delete every document of a kind in Business Central, as if it had never been posted."""
    place = f"{COMPANY}/{collection}"
    for one in list(firm.state.documents("books", place)):
        firm.state.delete("books", place, one["id"], firm.state.clock())


@pytest.mark.case(
    "an invoice deleted in the ERP before it was ever read is missed, and billed again by policy",
    kind="a posted document that vanishes",
    places=(
        "reconciliation/rules/bl06_control_totals_differ.sql",
        "workflows/vanished.py",
        "workflows/mirror.py",
        "workflows/feedback.sql",
    ),
)
def test_a_posted_invoice_that_was_never_read_is_missed(posted: Firm) -> None:
    vanish(posted)
    assert posted.documents() == []
    night = posted.night("2026-04-02")
    assert "BL06" in rules_open(posted), night["sentence"]
    assert posted.documents() == [], "nothing is billed again before policy says so"

    posted.edit("firm.yaml", "id: NL, name:", "id: NL, voided: rebill, name:")
    posted.run("config", "accept", who="olga")
    night = posted.night("2026-04-03")
    assert posted.billed() == Decimal("933.88"), night["sentence"]


@pytest.mark.case(
    "tax of a posted invoice that was changed in the ERP is seen",
    kind="what is read back is compared",
    places=(
        "reconciliation/rules/bl05_posted_document_changed.sql",
        "reconciliation/compared.py",
        "workflows/readback.py",
    ),
)
def test_changed_tax_is_seen(posted: Firm) -> None:
    net = Decimal("933.88")
    [document] = posted.state.documents("books", f"{COMPANY}/salesInvoices")
    tax = Decimal("46.69")
    posted.far(
        "books",
        f"{COMPANY}/salesInvoices",
        document["id"],
        totalTaxAmount=tax,
        totalAmountIncludingTax=net + tax,
    )
    night = posted.night("2026-04-02")
    assert "BL05" in rules_open(posted), night["sentence"]


def two_customers(studio: Firm) -> None:
    """Tunnel is another customer's than Bridge; 933.88 and 570.00 GBP are billed."""
    customers = f"{COMPANY}/customers"
    [first] = studio.state.documents("books", customers)
    second = {**first, "id": "k2", "number": "20000", "displayName": "Harbour Board"}
    studio.state.put("books", customers, "k2", second, studio.state.clock())
    studio.far("books", f"{COMPANY}/projectBillings", "b2", customerNumber="20000")
    tunnel = "NL-2,Tunnel,NL,GBP,active,time_and_materials,"
    studio.edit("drops/projects.csv", f"{tunnel}10000", f"{tunnel}20000")
    studio.night("2026-03-31")
    studio.sign()
    studio.night("2026-04-01")
    assert studio.billed() == Decimal("1503.88")


@pytest.mark.case(
    "a price that a clerk changed in a posted line holds that customer alone",
    kind="one odd thing stops more than itself",
    places=("billing/sql/ledger.sql", "billing/sql/link_lines.sql"),
)
def test_a_line_edited_in_the_erp_holds_its_customer_alone(studio: Firm) -> None:
    """7.5 hours at 131.50 for 120.50 are 82.50 more. An hour of Tunnel, 95.00, goes out."""
    two_customers(studio)
    [line] = [
        one
        for one in studio.state.documents("books", f"{COMPANY}/salesInvoiceLines")
        if Decimal(str(one["netAmount"])) == Decimal("903.75")
    ]
    [header] = [
        one
        for one in studio.state.documents("books", f"{COMPANY}/salesInvoices")
        if one["id"] == line["documentId"]
    ]
    net, tax = Decimal("986.25"), Decimal("197.25")
    changed = {"amountExcludingTax": net, "netAmount": net, "totalTaxAmount": tax,
        "netTaxAmount": tax, "amountIncludingTax": net + tax}  # fmt: skip
    studio.far("books", f"{COMPANY}/salesInvoiceLines", line["id"],
        unitPrice=Decimal("131.50"), **changed)  # fmt: skip
    more = {"totalAmountExcludingTax": Decimal("82.50"), "totalTaxAmount": Decimal("16.50"),
        "totalAmountIncludingTax": Decimal(99), "remainingAmount": Decimal(99)}  # fmt: skip
    totals = {name: Decimal(str(header[name])) + amount for name, amount in more.items()}
    studio.far("books", f"{COMPANY}/salesInvoices", header["id"], **totals)
    hours = studio.path("drops/hours.csv")
    hours.write_text(
        hours.read_text()
        + "1005,P-17,NL-1,2026-03-05,1.0,Y,RELEASED\n1006,P-22,NL-2,2026-03-05,1.0,Y,RELEASED\n"
    )
    night = studio.night("2026-04-02")
    assert studio.billed() == Decimal("1503.88") + Decimal("82.50") + Decimal("95.00"), night
    assert night["failed_checks"] == []
    assert "TM04" in night["breaks"]["open"]
    assert "120.50 GBP of approved work is held" in night["sentence"]


@pytest.mark.case(
    "a posted invoice that lost a line in the ERP holds its customer's further work",
    kind="every hold stops a claim",
    places=(
        "stores/operational/blocks.py",
        "stores/operational/makers.py",
        "billing/sql/gates.sql",
        "billing/sql/milestones.sql",
        "billing/sql/correction_states.sql",
        "reconciliation/rules/bl06_control_totals_differ.sql",
    ),
)
def test_what_differs_in_the_erp_holds_its_customer(posted: Firm) -> None:
    lines = f"{COMPANY}/salesInvoiceLines"
    lost = max(posted.state.documents("books", lines), key=lambda line: line["sequence"])
    posted.state.delete("books", lines, lost["id"], posted.state.clock())
    posted.edit("drops/hours-2026-03.csv", "Review,6.0,Y,OPEN", "Review,6.0,Y,RELEASED")
    night = posted.night("2026-04-02")
    assert "BL06" in rules_open(posted), night["sentence"]
    assert [net for _, _, net in posted.documents()] == [Decimal("933.88")], night["sentence"]


@pytest.mark.case(
    "a copy of our invoice under our reference stops its own customer only",
    kind="a hold is as small as its evidence",
    places=(
        "billing/sql/ledger.sql",
        "reconciliation/rules/tm05_posted_more_than_once.sql",
    ),
)
def test_a_copied_invoice_stops_its_own_customer_only(tmp_path: Path) -> None:
    lay("northlight", tmp_path)
    docks = '{id: k2, number: "20000", displayName: Docks, type: Company, currencyCode: GBP}'
    swap(tmp_path / "books.yaml", "        - {id: k1,", f"        - {docks}\n        - {{id: k1,")
    swap(tmp_path / "books.yaml", 'NL-2, customerNumber: "10000"', 'NL-2, customerNumber: "20000"')
    keys = '{column: Project, values: {NL-1: "10000", NL-2: "20000"}}'
    swap(tmp_path / "firm.yaml", 'customer_key: {const: "10000"}', f"customer_key: {keys}")
    with served(tmp_path) as firm:
        firm.night("2026-03-31")
        firm.sign()
        firm.night("2026-04-01")
        place = f"{COMPANY}/salesInvoices"
        [ours] = firm.state.documents("books", place)
        copy = {**ours, "id": "99999999-0000-4000-8000-000000000001", "number": "COPY-1"}
        firm.state.put("books", place, copy["id"], copy, firm.state.clock())
        firm.edit("drops/hours-2026-03.csv", "Review,6.0,Y,OPEN", "Review,6.0,Y,RELEASED")
        night = firm.night("2026-04-02")
        assert "TM05" in rules_open(firm), night["sentence"]
        posted = ("salesInvoices", "Open", Decimal("570.00"))
        assert posted in firm.documents(), night["sentence"]


def swap(path: Path, old: str, new: str) -> None:
    """Replace one text of a file, which must be there."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
