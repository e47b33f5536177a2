"""The close pack: what belongs to the period, on paper, on the page and in the workbook."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import msgspec
import pytest

from ps_integration.reports.close import Asked, close_pack
from ps_integration.reports.close_paper import laid_out, render_page, render_pdf
from ps_integration.reports.close_sheets import tables
from ps_integration.reports.paper import ROWS_MAX
from ps_integration.reports.xlsx import render_close
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows.close_pack import drawings
from ps_integration_tests.reports import world
from ps_integration_tests.reports.hostile import MARKUP, PAYLOADS, poisoned
from ps_integration_tests.reports.printed import made_accessible, squeezed, text_of
from ps_integration_tests.reports.test_pages import Links

ASKED = Asked(
    legal_entity="US",
    entity_name="Halden US Inc",
    period="2026-02",
    answer="not clean",
    sentence="US 2026-02 is not clean",
    reasons=(("wrong", "1 document planned, 5,200.00 USD"), ("note", "2 parts deferred")),
    standing="",
    asked_at=datetime(2026, 3, 8, 9, tzinfo=UTC),
)
APPROVAL = {
    "batch_id": "b-posted",
    "decision": "approved",
    "maker": "schedule",
    "decided_by": "olga",
    "decided_at": datetime(2026, 3, 1, 9, tzinfo=UTC),
    "content_sha256": "ab" * 32,
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    with Warehouse(tmp_path_factory.mktemp("close") / "w.duckdb") as made:
        world.fill(made)
        made.insert("ops.approvals", [APPROVAL])
        yield made


@pytest.fixture(scope="module")
def pack(filled):
    report = world.make_report(filled)
    return close_pack(filled, report, ASKED, {"night-2/report.html": "cd" * 32})


def test_the_pack_holds_the_entity_and_the_period_and_nothing_else(pack):
    for name in ("completeness", "ledger", "corrections", "batches", "documents"):
        lines = getattr(pack, name)
        assert lines, name
        assert {(line.legal_entity, line.period) for line in lines} == {("US", "2026-02")}
    assert {line.batch_id for line in pack.batches} == {"b-posted", "b-waits"}
    assert all(line.legal_entity in ("US", None) for line in pack.exceptions)
    assert [line.decided_by for line in pack.approvals] == ["olga"]


def test_an_old_batch_is_in_the_pack_though_the_report_only_counts_it(filled):
    report = world.make_report(filled)
    assert "b-old" not in {line.batch_id for line in report.batches}
    asked = replace(ASKED, legal_entity="UK")
    assert [line.batch_id for line in close_pack(filled, report, asked, {}).batches] == ["b-old"]


CROSSING = [
    # disposition, period, posting period, approved on
    ("posted", "2026-02", "2026-02", date(2026, 2, 20)),
    ("posted", "2026-02", "2026-03", date(2026, 2, 28)),
    ("posted", "2026-01", "2026-02", date(2026, 1, 5)),
    ("posted", "2026-02", "2026-02", date(2026, 3, 1)),
    ("queued", "2026-02", None, date(2026, 3, 2)),
    ("excepted", "2026-02", None, date(2026, 2, 28)),
    ("excepted", "2026-03", None, date(2026, 3, 2)),
    ("covered", "2026-02", None, None),
]  # approvals are given at 02:00 UTC, still the evening before in New York


def test_the_cut_off_says_what_crosses_the_end_of_the_period():
    with Warehouse(Path(":memory:")) as made:
        for number, (disposition, period, posting, approved) in enumerate(CROSSING):
            entry = {"entry_id": f"x{number}", "version_no": 1}
            made.insert(
                "billing.dispositions",
                [{**entry, "legal_entity": "US", "currency": "USD", "period": period,
                  "posting_period": posting, "disposition": disposition, "seconds": 3600,
                  "reason": "x", "amount_minor": 10 ** number}],
            )  # fmt: skip
            at = approved and datetime(approved.year, approved.month, approved.day, 2, tzinfo=UTC)
            made.insert("canonical.entry_versions", [{**entry, "approved_at": at}])
        zone = {"legal_entity": "US", "time_zone": "America/New_York"}
        world.fill(made, {"config.run": [world.RUN], "config.legal_entities": [zone]})
        found = close_pack(made, world.make_report(made), ASKED, {}).cut_off
    assert {line.what: (line.count, line.minor) for line in found} == {
        "work of the period, queued": (1, 10**4),
        "work of the period, excepted": (1, 10**5),
        "work of the period, billed in another": (1, 10**1),
        "work of another period, billed in this one": (1, 10**2),
        "work of the period, approved after its end": (1, 10**4),
    }


def test_the_paper_shows_every_cell_and_ends_with_a_page_to_sign(pack):
    pages = text_of(render_pdf(pack))
    whole = squeezed("".join(pages))
    data = laid_out(pack)
    cells = [cell for section in data["sections"] for row in section["rows"] for cell in row]
    assert [cell for cell in cells if squeezed(cell) not in whole] == []
    assert "Sign-off" in pages[-1]
    assert all(who in pages[-1] for who in data["sign"])


def test_the_layout_is_accessible_by_the_standard(pack, monkeypatch):
    made_accessible(monkeypatch)
    assert render_pdf(pack)


def test_the_same_value_draws_the_same_bytes(pack):
    assert drawings(pack) == drawings(
        msgspec.json.decode(msgspec.json.encode(pack), type=type(pack))
    )


@pytest.mark.parametrize("text", [*MARKUP, *(one for one in PAYLOADS if len(one) < 200)])
def test_text_on_paper_stays_text(pack, text):
    plain = text_of(render_pdf(poisoned(pack, "plain")))
    found = text_of(render_pdf(poisoned(pack, text)))
    assert len(plain) <= len(found) <= 3 * len(plain)
    if text in MARKUP:
        assert squeezed(text) in squeezed("".join(found))


@pytest.mark.parametrize("text", PAYLOADS)
def test_text_on_the_page_stays_text(pack, text):
    plain, found = (Links(render_page(poisoned(pack, one))) for one in ("plain", text))
    assert (found.tags, found.names, found.links) == (plain.tags, plain.names, plain.links)


def test_text_in_the_workbook_never_becomes_a_formula(pack):
    with ZipFile(BytesIO(render_close(poisoned(pack, "=1+1")))) as book:
        for name in book.namelist():
            if name.startswith("xl/worksheets/"):
                formulas = re.findall(r"<f>(.*?)</f>", book.read(name).decode())
                assert all(one.startswith("SUBTOTAL(") for one in formulas)


def test_a_long_table_is_cut_on_paper_and_whole_in_the_workbook(pack):
    many = replace(pack, documents=pack.documents * (ROWS_MAX + 1))
    section = next(one for one in laid_out(many)["sections"] if one["title"] == "Documents")
    assert len(section["rows"]) == ROWS_MAX
    assert "more rows are in the workbook" in section["more"]
    sheet = next(one for one in tables(many) if one.name == "Documents")
    assert len(sheet.shown) == len(many.documents)
