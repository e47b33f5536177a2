"""The business report as page and workbook."""

import re
from io import BytesIO
from zipfile import ZipFile

from python_calamine import CalamineWorkbook

from ps_integration.reports.business.page import laid_out, render_page
from ps_integration.reports.numbers import NOTHING, Formats
from ps_integration.reports.xlsx import render_business
from ps_integration_tests.reports import pseudo
from ps_integration_tests.reports.business_firm import ENTITIES, firm, reported
from ps_integration_tests.reports.hostile import poisoned
from ps_integration_tests.reports.test_texts import Visible, cells

EN = Formats("en", "UTC")
HOSTILE = "<script>alert(1)</script>"


def hostile():
    tables = firm(3)
    for one in tables["billing.projects"]:
        one |= {"name": "=HYPERLINK(1)", "customer_key": HOSTILE}
    for one in tables["billing.resources"]:
        one["name"] = HOSTILE
    for one in tables["billing.dispositions"]:
        one["evidence"] = HOSTILE
    return reported(tables)


def test_text_that_looks_like_html_or_a_formula_stays_text():
    report = hostile()
    page = render_page(report)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 5
    data = render_business(report)
    book = CalamineWorkbook.from_filelike(BytesIO(data))
    rows = [row for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python()]
    cells = [cell for row in rows for cell in row]
    assert cells.count("=HYPERLINK(1)") > 4
    with ZipFile(BytesIO(data)) as archive:
        formulas = [re.findall(rb"<f>([^<]*)</f>", archive.read(n)) for n in archive.namelist()]
    assert all(one.startswith(b"SUBTOTAL(109,") for found in formulas for one in found)


def test_the_page_asks_nothing_of_the_network_and_every_link_has_its_place():
    page = render_page(reported(firm(2)))
    assert "default-src 'none'" in page
    places = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= places
    assert set(re.findall(r'href="([^"#]+)"', page)) == {"business.xlsx", "report.html"}


def test_amounts_of_a_currency_sum_to_the_same_on_the_page_and_in_the_lines():
    report = reported(firm(4))
    data = laid_out(report, EN)
    for name, lines in (("wip", report.unbilled_lines), ("margin-lines", report.margins)):
        part = next(one for one in data["sections"] if one["id"] == name)
        at = part["heads"].index("Currency")
        column = part["heads"].index("Amount" if name == "wip" else "Margin")
        said = {row[at]: row[column] for row in part["totals"]}
        for currency in ENTITIES.values():
            value = "minor" if name == "wip" else "margin_minor"
            total = sum(getattr(x, value) or 0 for x in lines if x.currency == currency)
            nothing = {NOTHING} if total == 0 else set()
            assert said.get(currency, NOTHING) in {EN.amount(total, currency), *nothing}


def test_every_text_of_ours_can_be_translated(monkeypatch, tmp_path):
    report = poisoned(reported(firm(3)), "¤")
    pseudo.speak(monkeypatch, tmp_path)
    page, book = Visible(render_page(report)).whole, cells(render_business(report))
    monkeypatch.undo()
    pseudo.forget()
    ids = {"PR", "com"}
    assert pseudo.unsaid(page, report, "business.xlsx") <= ids
    assert pseudo.unsaid(book, report) <= ids


def test_the_german_page_is_german():
    page = render_page(reported(firm(3)), "de")
    assert '<html lang="de">' in page
    assert "Unfertige Leistungen" in page
    assert "Work in progress" not in page


def test_a_firm_of_which_nothing_is_known_has_a_page_and_a_workbook():
    bare = reported({"config.run": firm(1)["config.run"]})
    assert "None." in render_page(bare)
    assert render_business(bare)
