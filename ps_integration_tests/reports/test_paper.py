"""The night on paper: what is signed is the value, text stays text, and it is soon drawn."""

from collections import Counter
from dataclasses import replace
from hashlib import sha256

import pypdfium2
import pytest
from pypdfium2 import raw

from ps_integration.reports.night_paper import BREAKS_MAX, REASONS_MAX, laid_out, render_pdf
from ps_integration.reports.numbers import Formats
from ps_integration.reports.value import decode, encode
from ps_integration_tests.reports.hostile import MARKUP, PAYLOADS, poisoned
from ps_integration_tests.reports.printed import made_accessible, squeezed, text_of

EN = Formats("en", "UTC")


@pytest.fixture(scope="module")
def pages(report):
    return text_of(render_pdf(report))


@pytest.fixture(scope="module")
def plain(report):
    return len(text_of(render_pdf(poisoned(report, "plain"))))


def many_of(report, count):
    """So many breaks of their own, the one with the most money first."""
    some = report.exceptions[-1]
    lines = tuple(
        replace(some, break_id=f"b{n}", record_key=f"harvest_us:{n}", at_risk_minor=count - n)
        for n in range(count)
    )
    return replace(report, exceptions=lines)


def part(report, title):
    return next(one for one in laid_out(report)["sections"] if one["title"] == title)


def totals(report, title, column, name="Total"):
    """The sums under a table, by currency, as they are printed."""
    table = part(report, title)
    at, currency = table["heads"].index(column), table["heads"].index("Currency")
    return {row[currency]: row[at] for row in table["totals"] if row[0] == name}


def summed(lines, value):
    """Sums of the value's own lines, by currency, as they read."""
    sums = Counter()
    for line in lines:
        sums[line.currency] += value(line) or 0
    return {currency: EN.amount(minor, currency) for currency, minor in sums.items()}


def test_every_text_is_on_the_paper(report, pages):
    whole, data = squeezed("".join(pages)), laid_out(report)
    texts = [data["title"], data["sentence"], *data["reasons"], *data["alerts"]]
    texts += [text for pair in data["facts"] for text in pair]
    for figure in data["figures"]:
        texts += [figure["name"], figure["amount"], figure["count"]]
    for check in data["checks"]:
        texts += [check["name"], check["said"]]
    for table in data["sections"]:
        texts += [table["title"], table["about"], table["more"]]
        texts += [cell for row in (*table["rows"], *table["totals"]) for cell in row]
    assert [text for text in texts if squeezed(text) not in whole] == []


def test_the_headline_is_the_values_own(report):
    for drawn, figure in zip(laid_out(report)["figures"], report.figures, strict=True):
        exact = EN.amount(figure.reporting_minor, report.reporting_currency)
        assert drawn["amount"] == (f"at least {exact}" if figure.is_partial else exact)
        assert drawn["parts"] == [
            f"{EN.amount(part.minor, part.currency)} {part.currency}" for part in figure.by_currency
        ]


def test_a_sum_without_a_rate_says_that_it_is_not_whole(report):
    figure = replace(report.figure("approved"), is_partial=True)
    drawn = laid_out(replace(report, figures=(figure,)))["figures"]
    assert drawn[0]["amount"].startswith("at least ")


def test_the_totals_of_each_table_are_the_sums_of_the_value(report):
    money, ledger, batches = "Completeness, in money", "Ledger", "Control totals"
    assert totals(report, money, "Approved") == summed(
        report.completeness, lambda x: x.approved_minor
    )
    for at, name in enumerate(("Posted", "Queued", "Settled elsewhere", "Written off")):
        expected = summed(report.completeness, lambda x, at=at: x.by_disposition[at].minor)
        assert totals(report, money, name) == expected
    assert totals(report, ledger, "Target") == summed(report.ledger, lambda x: x.target_minor)
    assert totals(report, ledger, "Confirmed") == summed(report.ledger, lambda x: x.confirmed_minor)
    assert totals(report, batches, "Posted, ERP") == summed(report.batches, lambda x: x.erp_minor)


def test_the_breaks_add_up_to_the_headline(report):
    risk = report.figure("at_risk")
    expected = {one.currency: EN.amount(one.minor, one.currency) for one in risk.by_currency}
    for title in ("Open breaks by rule", "Open breaks with the most money at risk"):
        assert totals(report, title, "At risk") == expected
    counted = totals(report, "Open breaks by rule", "Open").values()
    assert sum(map(int, counted)) == risk.count == len(report.exceptions)


def test_what_does_not_hold_is_marked(report):
    group = replace(report.completeness[0], holds=False, approved_minor=1)
    broken = replace(report, completeness=(group, *report.completeness[1:]))
    table = part(broken, "Completeness, in money")
    marked = {table["heads"][at] for row, at in table["wrong"] if row == 0}
    assert marked == {"Difference", "Holds"}
    checks = {one["name"]: one for one in laid_out(broken)["checks"]}
    found = checks["Completeness, groups that hold"]
    assert (found["said"], found["is_wrong"]) == ("2 of 3", True)


def test_what_was_not_read_whole_or_could_not_run_is_named(report):
    rows = part(report, "Streams that were not read whole")["rows"]
    assert {row[0] for row in rows} == {"harvest_us", "bc", "hr"}
    rules = part(report, "Rules that did not run")
    assert {row[0] for row in rules["rows"]} == {"MD03", "TM12"}
    assert rules["about"].startswith("4 of 6 rules ran")


def test_every_page_names_the_run_the_content_and_itself(report, pages):
    digest = sha256(encode(report)).hexdigest()
    for number, page in enumerate(pages, start=1):
        assert f"Run {report.run_id}, content {digest[:16]}" in page
        assert f"Page {number} of {len(pages)}" in page
    assert digest in squeezed(pages[0])
    assert digest in squeezed(pages[-1])


def test_the_last_page_is_to_be_signed_and_names_nobody(report, pages):
    last = pages[-1]
    assert all(text in last for text in ("Sign-off", "Prepared by", "Approved by", "Date"))
    assert report.verdict.sentence in " ".join(last.split())


def test_a_dry_run_says_so(report):
    assert "dry run" in " ".join(text_of(render_pdf(replace(report, is_dry=True))))


@pytest.mark.parametrize("text", [*MARKUP, *(one for one in PAYLOADS if len(one) < 200)])
def test_text_on_paper_stays_text(report, plain, text):
    found = text_of(render_pdf(poisoned(report, text)))
    assert plain <= len(found) <= 3 * plain
    if text in MARKUP or text.startswith("="):
        assert squeezed(text) in squeezed("".join(found))


def test_a_long_word_stays_in_its_column(report):
    word = "clockify_emea:" + "65f0" * 40
    lines = (replace(report.exceptions[0], record_key=word, detail=word),)
    drawn = render_pdf(replace(report, exceptions=lines))
    assert squeezed("".join(text_of(drawn))).count(word) == 2
    for page in pypdfium2.PdfDocument(drawn):
        shown = page.get_textpage()
        right = [shown.get_charbox(at)[2] for at in range(shown.count_chars())]
        assert max(right) <= page.get_width()


def test_the_document_has_a_title_a_language_and_a_structure(report):
    document = pypdfium2.PdfDocument(render_pdf(report))
    about = document.get_metadata_dict()
    assert (about["Title"], about["Author"]) == ("Reconciliation of 6 Mar 2026", report.firm)
    language = (raw.FPDF_WCHAR * 8)()
    length = raw.FPDFCatalog_GetLanguage(document, language, len(language) * 2)
    assert bytes(language)[: length - 2].decode("utf-16-le") == "en"
    assert raw.FPDFCatalog_IsTagged(document)


def test_the_layout_is_accessible_by_the_standard(report, monkeypatch):
    made_accessible(monkeypatch)
    assert render_pdf(report)


def test_the_same_value_is_the_same_bytes(report):
    assert render_pdf(report) == render_pdf(decode(encode(report)))


def test_a_locale_without_a_translation_changes_how_numbers_read_and_not_the_language(report):
    data = laid_out(report, "es")
    assert "563,45" in {row[3] for row in data["sections"][0]["rows"]}
    assert data["language"] == "en"


def test_many_breaks_are_cut_by_money_and_none_is_forgotten_in_the_sums(report):
    many = many_of(report, 50_000)
    pages = text_of(render_pdf(many))
    assert len(pages) < 20
    title = "Open breaks with the most money at risk"
    table = part(many, title)
    assert len(table["rows"]) == BREAKS_MAX
    assert table["more"] == f"{50_000 - BREAKS_MAX:,} more rows are in the workbook."
    shown = sum(range(50_000 - BREAKS_MAX + 1, 50_001))
    assert totals(many, title, "At risk", "Shown") == {"USD": EN.amount(shown, "USD")}
    assert totals(many, title, "At risk", "All") == {"USD": EN.amount(sum(range(50_001)), "USD")}


def test_many_reasons_are_cut_and_the_rest_counted(report):
    blocked = replace(report.verdict, state="blocked", reasons=tuple(f"r{n}" for n in range(30)))
    reasons = laid_out(replace(report, verdict=blocked))["reasons"]
    assert len(reasons) == REASONS_MAX + 1
    assert reasons[-1] == f"{30 - REASONS_MAX} more reasons are on the page."


def test_a_firm_of_which_nothing_is_known_has_a_paper(report):
    names = [
        "figures", "completeness", "record_counts", "ledger", "batches", "exceptions", "sources",
        "rules", "metrics", "fx",
    ]  # fmt: skip
    bare = replace(report, **dict.fromkeys(names, ()))
    assert "none to look at" in "".join(text_of(render_pdf(bare)))
