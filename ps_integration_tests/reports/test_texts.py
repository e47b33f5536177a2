"""Our own texts: all of them can be translated, and English is drawn as it is written."""

from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

from ps_integration.reports import close_paper, close_said, texts, verdict
from ps_integration.reports import retold as retelling
from ps_integration.reports.close import close_pack
from ps_integration.reports.html import render_html
from ps_integration.reports.measures import MetricLine
from ps_integration.reports.night_paper import laid_out, render_pdf
from ps_integration.reports.pages import render_pages
from ps_integration.reports.retold import retold
from ps_integration.reports.texts import Said
from ps_integration.reports.xlsx import render_close, render_xlsx
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration_tests.reports import extraction, pseudo, world
from ps_integration_tests.reports.hostile import poisoned
from ps_integration_tests.reports.printed import text_of
from ps_integration_tests.reports.test_close import APPROVAL, ASKED

EVIDENCE = "night-2/report.html"
METRICS = tuple(
    MetricLine(
        metric="freshness", title="Freshness", definition="Since the last read.", statistic="age",
        unit=unit, labels=labels, value=Decimal(7200), sample=1, trend=(Decimal(1), Decimal(7200)),
    )
    for unit, labels in (("seconds", {}), ("days", {}), ("count", {"¤": "¤"}))
)  # fmt: skip


class Visible(HTMLParser):
    """What a reader sees or hears: texts, labels and titles."""

    def __init__(self, page):
        super().__init__()
        self.texts, self._open = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "br", "rect", "line", "polyline"):
            self._open.append(tag)
        self.texts += [value for name, value in attrs if name in ("aria-label", "title", "alt")]

    def handle_endtag(self, tag):
        if tag in self._open:
            del self._open[len(self._open) - 1 - self._open[::-1].index(tag) :]

    def handle_data(self, data):
        if "style" not in self._open:
            self.texts.append(data)

    @property
    def whole(self):
        """One text: a sentence of ours may go on in a link."""
        return ["\n".join(self.texts)]


UNSEEN = {"language", "tone", "page"}
"""What a layout reads and does not print; the number of the page is put in by it."""


@pytest.fixture
def pseudo_language(monkeypatch, tmp_path):
    pseudo.speak(monkeypatch, tmp_path)
    yield
    monkeypatch.undo()
    pseudo.forget()


@pytest.fixture(scope="module")
def wordless(report):
    """The report with every text from outside, and every kept sentence, without a letter."""
    lines = tuple(replace(line, name="¤") for line in report.blocked_projects)
    shown = replace(report, is_dry=True, older_batches=2, blocked_projects=lines, metrics=METRICS)
    return poisoned(shown, "¤")


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    with Warehouse(tmp_path_factory.mktemp("close") / "w.duckdb") as filled:
        world.fill(filled)
        filled.insert("ops.approvals", [APPROVAL])
        made = world.make_report(filled)
        return close_pack(filled, made, ASKED, {EVIDENCE: "cd" * 32})


@pytest.fixture(scope="module")
def wordless_pack(pack):
    reasons = (("wrong", "¤"), ("note", "¤"), ("unknown", "¤"))
    asked = replace(poisoned(pack.asked, "¤"), answer="not clean", reasons=reasons)
    decided = tuple(replace(poisoned(line, "¤"), decision="approved") for line in pack.approvals)
    crossing = tuple(replace(poisoned(line, "¤"), what=line.what) for line in pack.cut_off)
    return replace(poisoned(pack, "¤"), asked=asked, approvals=decided, cut_off=crossing)


def test_the_template_is_that_of_the_sources():
    assert extraction.TEMPLATE.read_bytes() == extraction.written(extraction.template())


def test_every_text_of_the_page_can_be_translated(pseudo_language, wordless):
    drawn = Visible(render_html(wordless)).whole
    assert pseudo.unsaid(drawn, wordless) == set()


def test_every_text_of_the_pages_of_breaks_can_be_translated(pseudo_language, wordless):
    for _, page in render_pages(wordless):
        assert pseudo.unsaid(Visible(page).whole, wordless) == set()


def test_every_text_of_the_workbook_can_be_translated(pseudo_language, wordless):
    assert pseudo.unsaid(cells(render_xlsx(wordless)), wordless) == set()


def test_every_text_of_the_paper_can_be_translated(pseudo_language, wordless):
    assert pseudo.unsaid(printed(laid_out(wordless)), wordless) == set()
    assert pseudo.unsaid(whole(render_pdf(wordless)), wordless) == set()


def test_every_text_of_the_close_pack_can_be_translated(pseudo_language, wordless_pack):
    assert pseudo.unsaid(cells(render_close(wordless_pack)), wordless_pack, EVIDENCE) == set()
    assert (
        pseudo.unsaid(printed(close_paper.laid_out(wordless_pack)), wordless_pack, EVIDENCE)
        == set()
    )
    assert (
        pseudo.unsaid(whole(close_paper.render_pdf(wordless_pack)), wordless_pack, EVIDENCE)
        == set()
    )
    page = Visible(close_paper.render_page(wordless_pack)).whole
    assert pseudo.unsaid(page, wordless_pack, EVIDENCE, "close.pdf") == set()


def test_the_sentences_that_a_value_keeps_are_said_again(pseudo_language, report):
    told = retold(report, "en")
    assert told == report
    again = [told.verdict.sentence, *told.alerts, told.changes.note]
    again += [line.message for line in told.sources if line.message]
    again += [text for line in told.exceptions for text in (line.title, line.remedy)]
    assert [text for text in again if text and not isinstance(text, Said)] == []


@pytest.mark.parametrize("part", ["completeness", "record_counts", "ledger"])
def test_the_reasons_of_a_stopped_night_are_said_again(pseudo_language, report, part):
    lines = tuple(replace(line, holds=False) for line in getattr(report, part))
    broken = replace(report, **{part: lines})
    reasons = tuple(
        map(
            str,
            (
                *verdict.of_equations(broken.completeness, broken.record_counts),
                *verdict.of_ledger(broken.ledger),
            ),
        )
    )
    state, sentence = verdict.told(broken, broken.figures, reasons, broken.reporting_currency)
    kept = replace(broken.verdict, state=state, sentence=str(sentence), reasons=reasons)
    told = retold(replace(broken, verdict=kept), "en").verdict
    assert all(isinstance(text, Said) for text in (told.sentence, *told.reasons))


@pytest.mark.parametrize(("locale", "is_looked_up"), [("en", False), ("fr", False), ("de", True)])
def test_kept_texts_are_looked_up_only_where_a_catalogue_has_them(report, locale, is_looked_up):
    before = looked_up()
    render_html(report, locale)
    render_xlsx(report, locale)
    laid_out(report, locale)
    assert (looked_up() > before) is is_looked_up


def test_a_close_pack_is_drawn_as_kept_where_no_catalogue_has_its_texts(pack):
    assert close_said.retold(pack, "en") is pack
    assert isinstance(close_said.retold(pack, "de").asked.sentence, Said)


def test_the_figures_of_the_verdict_read_as_the_locale_writes_them_without_a_catalogue(report):
    many = tuple(replace(one, count=1234) for one in report.figures)
    _, sentence = verdict.told(report, many, (), report.reporting_currency)
    kept = replace(report.verdict, sentence=str(sentence), reasons=())
    big = replace(report, figures=many, verdict=kept)
    assert "1,234 open breaks put" in render_html(big, "en")
    assert "1.234 open breaks put" in render_html(big, "es_AR")


def looked_up():
    """How often a kept text was held against a text of ours, or marked as one."""
    counts = [cached.cache_info() for cached in (texts.pattern, retelling._ours)]
    return sum(one.hits + one.misses for one in counts)


def test_english_is_drawn_as_it_is_written(report, pack, monkeypatch, tmp_path):
    english = list(drawings(report, pack))
    pseudo.speak(monkeypatch, tmp_path)
    said = list(drawings(report, pack))
    monkeypatch.undo()
    pseudo.forget()
    for plain, bracketed in zip(english, said, strict=True):
        assert bracketed != plain
        assert pseudo.bare(bracketed) == plain


def drawings(report, pack):
    """Everything that is drawn, as text."""
    yield from (render_html(report), close_paper.render_page(pack))
    yield from (page for _, page in render_pages(report))
    yield from ("\n".join(cells(data)) for data in (render_xlsx(report), render_close(pack)))
    yield from ("\n".join(printed(data)) for data in (laid_out(report), close_paper.laid_out(pack)))


def cells(workbook):
    """Every text of a workbook, the names of its sheets among them."""
    book = CalamineWorkbook.from_filelike(BytesIO(workbook))
    texts = list(book.sheet_names)
    for name in book.sheet_names:
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        texts += [cell for row in rows for cell in row if isinstance(cell, str)]
    return texts


def printed(data):
    """Every text that reaches a layout."""
    if isinstance(data, str):
        return [data]
    if isinstance(data, dict):
        return [text for name, held in data.items() if name not in UNSEEN for text in printed(held)]
    return [text for held in data for text in printed(held)] if isinstance(data, list) else []


def whole(pdf):
    """What is on paper; a text may be broken where a line or a page ends."""
    return ["\n".join(text_of(pdf))]
