"""The workbook, read back: every cell is what the value says, and no formula is a stranger's."""

import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.reports.columns import FIRST_ROW, HEADER_ROW
from ps_integration.reports.numbers import Formats
from ps_integration.reports.text import CELL_CHARS_MAX, fitting
from ps_integration.reports.xlsx import render_xlsx, tables
from ps_integration_tests.reports.hostile import PAYLOADS, poisoned

SHEETS = [
    "Summary", "Completeness", "Ledger", "Posted by month", "Corrections owed", "Records",
    "Batches", "Documents",
    "Exceptions", "Blocked projects", "Quarantine", "Dispositions", "Changes", "Sources", "Rules",
    "Metrics",
    "Nights",
]  # fmt: skip


@pytest.fixture(scope="session")
def kept(report):
    return report


@pytest.fixture(scope="module")
def plain(kept):
    return members(render_xlsx(poisoned(kept, "plain")))


def opened(data):
    return CalamineWorkbook.from_filelike(BytesIO(data))


def members(data):
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name).decode("utf-8") for name in archive.namelist()}


def cells(book, name):
    return book.get_sheet_by_name(name).to_python(skip_empty_area=False)


def expected(column, line, formats):
    """What a cell must read back as, worked out apart from the writer."""
    value = column.value(line)
    if column.computed is not None:
        return pytest.approx(column.computed.value(line))
    if isinstance(value, datetime):
        return formats.local(value).replace(tzinfo=None, microsecond=0)
    if value is None or isinstance(value, date):
        return "" if value is None else value
    if column.kind == "money":
        digits = MINOR_UNITS[column.currency(line)]
        return float(Decimal(value).scaleb(-digits))
    if column.kind == "hours":
        return pytest.approx(value / 3600)
    return float(value) if isinstance(value, int) else fitting(str(value))


def test_every_cell_equals_the_value(kept):
    book, formats = opened(render_xlsx(kept)), Formats("en", kept.time_zone)
    assert book.sheet_names == SHEETS
    for sheet in tables(kept):
        grid = cells(book, sheet.name)
        assert grid[HEADER_ROW][: len(sheet.columns)] == [c.title for c in sheet.columns]
        assert len(grid) == FIRST_ROW + len(sheet.lines)
        for line, row in zip(sheet.lines, grid[FIRST_ROW:], strict=True):
            for column, cell in zip(sheet.columns, row, strict=False):
                assert cell == expected(column, line, formats), (sheet.name, column.title)


def test_the_summary_ties_over_the_sheets(kept):
    rows = cells(opened(render_xlsx(kept)), "Summary")
    start = next(i for i, row in enumerate(rows) if row[0] == "Totals by currency") + 1
    ties = []
    for row in rows[start:]:
        if not row[1]:
            break
        ties.append(row[:5])
    assert ["Approved time", "GBP", 620.0, 620.0, 0.0] in ties
    assert ["At risk, counted once", "GBP", 500.0, 500.0, 0.0] in ties
    assert all(row[4] == 0 for row in ties)


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_text_that_looks_like_a_formula_or_link_stays_text(kept, plain, payload):
    data = render_xlsx(poisoned(kept, payload))
    hostile = members(data)
    assert hostile.keys() == plain.keys()
    for name in plain:
        for mark in ("<f>", "<hyperlink ", "<row ", "TargetMode"):
            assert hostile[name].count(mark) == plain[name].count(mark), (name, mark)
    details = [row[12] for row in cells(opened(data), "Exceptions")[FIRST_ROW:]]
    wanted = fitting(payload)
    assert {text.replace("\r\n", "\n") for text in details} == {wanted.replace("\r\n", "\n")}


def test_all_links_lead_inside_the_workbook(kept):
    for name, text in members(render_xlsx(kept)).items():
        assert "TargetMode" not in text
        for link in re.findall(r"<hyperlink [^>]*>", text):
            target = re.search(r"location=\"'([^']+)'!A\d+\"", link.replace("&apos;", "'"))
            assert target, (name, link)
            assert target[1] in SHEETS


def test_the_file_says_nothing_about_people_or_machines(kept):
    core = members(render_xlsx(kept))["docProps/core.xml"]
    assert "<dc:creator></dc:creator>" in core
    assert "<cp:lastModifiedBy></cp:lastModifiedBy>" in core


def test_the_same_value_gives_the_same_bytes(kept):
    assert render_xlsx(kept) == render_xlsx(kept)


def test_headers_are_frozen_and_filtered_on_every_table(kept):
    text = members(render_xlsx(kept))
    for number in range(2, len(SHEETS) + 1):
        sheet = text[f"xl/worksheets/sheet{number}.xml"]
        assert 'state="frozen"' in sheet
        assert "<autoFilter " in sheet


def test_an_amount_too_long_for_a_number_is_exact_text(kept):
    line = replace(kept.exceptions[0], at_risk_minor=10**15 + 1)
    book = opened(render_xlsx(replace(kept, exceptions=(line,))))
    assert cells(book, "Exceptions")[FIRST_ROW][4] == "10000000000000.01"


@pytest.mark.parametrize(("currency", "cell"), [("JPY", 50000.0), ("KWD", 50.0), ("GBP", 500.0)])
def test_amounts_follow_the_minor_units_of_their_currency(kept, currency, cell):
    line = replace(kept.exceptions[0], currency=currency)
    book = opened(render_xlsx(replace(kept, exceptions=(line,))))
    assert cells(book, "Exceptions")[FIRST_ROW][4] == cell


def test_text_longer_than_a_cell_is_cut_and_says_so():
    cut = fitting("\U0001f4b8" * 40_000)
    assert len(cut.encode("utf-16-le")) // 2 <= CELL_CHARS_MAX
    assert "the whole text is in value.json" in cut


@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs libreoffice-calc-nogui")
def test_formulas_computed_anew_come_to_the_same(kept, tmp_path):
    source, target = tmp_path / "report.xlsx", tmp_path / "out"
    source.write_bytes(_without_cached(render_xlsx(kept)))
    subprocess.run(
        [
            "soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile",
            "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(target), str(source),
        ],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    before, after = opened(render_xlsx(kept)), opened((target / "report.xlsx").read_bytes())
    for name in SHEETS:
        for row, again in zip(cells(before, name), cells(after, name), strict=False):
            for cell, anew in zip(row, again, strict=False):
                if isinstance(cell, float):
                    assert anew == pytest.approx(cell, abs=1e-9), (name, row)


def _without_cached(data):
    """The workbook without the values kept beside formulas, so that only computing helps."""
    source, target = zipfile.ZipFile(BytesIO(data)), BytesIO()
    with source, zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            text = source.read(name)
            if name.startswith("xl/worksheets/"):
                text = re.sub(rb"</f><v>[^<]*</v>", b"</f>", text)
            archive.writestr(name, text)
    return target.getvalue()


def test_breaks_without_a_currency_have_no_total(kept):
    bare = [replace(line, currency=None) for line in kept.exceptions]
    book = opened(render_xlsx(replace(kept, exceptions=tuple(bare))))
    assert len(cells(book, "Exceptions")) == FIRST_ROW + len(bare)
