"""Whatever part of a report fails, it says so in its place, and the rest is drawn."""

from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

from ps_integration.errors import StatementRefusedError
from ps_integration.metrics import compute as compute_module
from ps_integration.metrics import metric
from ps_integration.metrics.compute import Window
from ps_integration.reports import html, night_paper, read, xlsx
from ps_integration.reports.business.page import render_page
from ps_integration.reports.value import decode, encode
from ps_integration.reports.xlsx import render_business
from ps_integration.workflows import report as step
from ps_integration_tests.reports import business_firm
from ps_integration_tests.reports.world import fill, make_report

AS_OF = datetime(2026, 4, 7, 22, tzinfo=UTC)
QUERIES = sorted(
    path.name.removesuffix(".sql")
    for path in files("ps_integration.reports").joinpath("sql").iterdir()
    if path.name.endswith(".sql")
)
NIGHTLY = [name for name in QUERIES if not name.startswith(("business_", "close_"))]
BUSINESS = [name for name in QUERIES if name.startswith("business_")]
ESSENTIAL = {"rule_runs", "failed_parts", "metrics"}
"""What the night itself writes, and no outside data can break; metrics fail one by one."""


@pytest.fixture
def refused(monkeypatch):
    """Let one query of the reports be refused."""

    def refuse(name):
        asked = read.rows

        def rows(queries, wanted, params=None):
            if wanted == name:
                raise StatementRefusedError(f"{name}: no such column")
            return asked(queries, wanted, params)

        monkeypatch.setattr(read, "rows", rows)

    return refuse


@pytest.mark.parametrize("name", sorted(set(NIGHTLY) - ESSENTIAL))
def test_a_table_that_cannot_be_read_is_named_and_the_others_are_drawn(refused, warehouse, name):
    fill(warehouse)
    refused(name)
    report = make_report(warehouse)
    [failed] = report.failed_parts
    assert "no such column" in failed.why
    assert report.verdict.state != "clear"
    page = html.render_html(report)
    assert page.count("no such column") >= 1
    assert night_paper.render_pdf(report).startswith(b"%PDF")
    assert CalamineWorkbook.from_filelike(BytesIO(xlsx.render_xlsx(report))).sheet_names
    assert decode(encode(report)) == report


def test_a_workbook_says_in_the_sheet_that_it_is_empty_because_it_failed(refused, warehouse):
    fill(warehouse)
    refused("quarantine")
    book = CalamineWorkbook.from_filelike(BytesIO(xlsx.render_xlsx(make_report(warehouse))))
    texts = str(book.get_sheet_by_name("Quarantine").to_python())
    assert "could not be made and is empty" in texts


@pytest.mark.parametrize("name", BUSINESS)
def test_a_business_table_that_cannot_be_read_says_so_in_its_place(refused, name):
    refused(name)
    report = business_firm.reported(business_firm.firm(1))
    [failed] = report.failed_parts
    sheets = list(CalamineWorkbook.from_filelike(BytesIO(render_business(report))).sheet_names)
    assert failed.name in sheets
    page = render_page(report)
    on_page = failed.name != "Unbilled lines"  # a sheet of the workbook only
    assert ("could not be made and is empty" in page) == on_page


@pytest.mark.parametrize("drawn", ["xlsx", "pdf", "pages", "html"])
def test_a_drawing_that_fails_is_left_out_and_named(monkeypatch, tmp_path, report, drawn):
    def fails(*_words):
        raise RuntimeError("no ink")

    where, name = {
        "xlsx": (xlsx, "render_xlsx"), "pdf": (night_paper, "render_pdf"),
        "pages": (step.pages, "render_pages"), "html": (html, "render_html"),
    }[drawn]  # fmt: skip
    monkeypatch.setattr(where, name, fails)
    kept = step._file(tmp_path, report, "en", {})
    page = (tmp_path / "report.html").read_text()
    assert "no ink" in page
    if drawn == "html":
        assert report.verdict.sentence[:40] in page
    else:
        assert [part.why for part in kept.failed_parts] == ["RuntimeError: no ink"]
    assert (tmp_path / "report.xlsx").exists() == (drawn != "xlsx")
    assert (tmp_path / "manifest.json").exists()


def test_a_metric_that_fails_is_named_and_the_others_are_computed(warehouse, monkeypatch):
    first, *others = metric.all_metrics()
    broken = replace(first, sql="select nothing")
    monkeypatch.setattr(compute_module, "all_metrics", lambda: (broken, *others))
    failed = {}
    rows = compute_module.compute(warehouse, "run", Window(as_of=AS_OF), failed)
    assert list(failed) == [first.title]
    assert rows
    assert first.name not in {row["metric"] for row in rows}
