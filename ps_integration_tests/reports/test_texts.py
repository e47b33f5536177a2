"""Our own texts: all of them can be translated, and English is drawn as it is written."""

from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from ps_integration.reports.html import render_html
from ps_integration.reports.measures import MetricLine
from ps_integration.reports.pages import render_pages
from ps_integration_tests.reports import extraction, pseudo
from ps_integration_tests.reports.hostile import poisoned

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


def test_the_template_is_that_of_the_sources():
    assert extraction.TEMPLATE.read_bytes() == extraction.written(extraction.template())


def test_every_text_of_the_page_can_be_translated(pseudo_language, wordless):
    drawn = Visible(render_html(wordless)).whole
    assert pseudo.unsaid(drawn, wordless) == set()


def test_every_text_of_the_pages_of_breaks_can_be_translated(pseudo_language, wordless):
    for _, page in render_pages(wordless):
        assert pseudo.unsaid(Visible(page).whole, wordless) == set()


def test_english_is_drawn_as_it_is_written(report, monkeypatch, tmp_path):
    english = render_html(report)
    pseudo.speak(monkeypatch, tmp_path)
    said = render_html(report)
    monkeypatch.undo()
    pseudo.forget()
    assert said != english
    assert pseudo.bare(said) == english
