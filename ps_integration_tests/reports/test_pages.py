"""All open breaks page by page: each once, in order, linked, and text stays text."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from ps_integration.reports.html import render_html
from ps_integration.reports.pages import FIRST, ROWS, pages_of, render_pages
from ps_integration_tests.reports.hostile import PAYLOADS, poisoned

COUNT = 2 * ROWS + 7


@pytest.fixture(scope="module")
def many(report):
    """A report of some pages; every fourth break follows from the one before."""
    some = report.exceptions[-1]
    lines = tuple(
        replace(
            some,
            break_id=f"b{number:05}",
            root_break_id=f"b{number - 1:05}" if number % 4 == 3 else None,
            record_key=f"entry {number}",
        )
        for number in range(COUNT)
    )
    return replace(report, exceptions=lines)


class Links(HTMLParser):
    """Ids and links of a page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.tags, self.names = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            self.names.append(name)
            if name == "id":
                self.ids.append(value)
            if name == "href":
                self.links.append(value)


@pytest.fixture(scope="module")
def drawn(many):
    return {name: Links(text) for name, text in render_pages(many)}


def test_every_break_is_on_one_page_in_the_order_of_the_report(many, drawn):
    shown = [one for page in drawn.values() for one in page.ids if one.startswith("b0")]
    assert shown == [line.break_id for line in many.exceptions]
    assert list(drawn) == ["breaks-0001.html", "breaks-0002.html", "breaks-0003.html"]
    assert next(iter(drawn)) == FIRST


def test_every_link_leads_to_a_page_and_a_place_that_are_there(many, drawn):
    ids = {name: set(page.ids) for name, page in drawn.items()}
    ids["report.html"] = set(Links(render_html(many)).ids)
    for name, page in drawn.items():
        for link in page.links:
            target, _, place = link.partition("#")
            assert target in ("", *ids), link
            assert not place or place in ids[target or name], link


def test_a_page_leads_to_the_one_before_and_the_one_after(drawn):
    assert "breaks-0002.html" in drawn["breaks-0001.html"].links
    assert {"breaks-0001.html", "breaks-0003.html"} <= set(drawn["breaks-0002.html"].links)


def test_a_consequence_leads_to_its_root_even_on_another_page(many):
    moved = replace(many.exceptions[-1], root_break_id="b00000")
    texts = dict(render_pages(replace(many, exceptions=(*many.exceptions[:-1], moved))))
    assert 'href="breaks-0001.html#b00000"' in texts["breaks-0003.html"]


def test_without_breaks_there_are_no_pages_and_no_link_to_one(report):
    none = replace(report, exceptions=())
    assert pages_of(none) == ()
    assert FIRST not in render_html(none)


@pytest.mark.parametrize("text", PAYLOADS)
def test_text_stays_text(report, text):
    plain = [Links(page) for _, page in render_pages(poisoned(report, "plain"))]
    for before, (_, page) in zip(plain, render_pages(poisoned(report, text)), strict=True):
        found = Links(page)
        assert (found.tags, found.names) == (before.tags, before.names)


def test_a_break_says_who_has_it_and_until_when(report):
    line = replace(report.exceptions[0], assigned_to="controller.uk")
    text = dict(render_pages(replace(report, exceptions=(line,))))[FIRST]
    assert "controller.uk" in text
