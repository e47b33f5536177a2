"""The page: nothing from outside becomes markup, nothing is fetched, everything is said."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from ps_integration.reports.html import BREAKS_MAX, render_html
from ps_integration_tests.reports.hostile import PAYLOADS, poisoned

OWN_FILES = ("report.xlsx", "report.pdf", "breaks-0001.html", "business.html")


class Structure(HTMLParser):
    """Elements with the names of their attributes, and the text between them."""

    def __init__(self):
        super().__init__()
        self.elements, self.attributes, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.attributes += attrs

    def handle_endtag(self, tag):
        self.elements.append((f"/{tag}", ()))

    def handle_comment(self, data):
        self.elements.append(("comment", ()))

    def handle_data(self, data):
        self.text.append(data)


def parsed(html):
    structure = Structure()
    structure.feed(html)
    structure.close()
    return structure


@pytest.fixture(scope="session")
def kept(report):
    return report


@pytest.fixture(scope="module")
def benign(kept):
    return parsed(render_html(poisoned(kept, "plain"))).elements


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_a_hostile_text_in_every_field_makes_no_element_and_no_attribute(kept, benign, payload):
    assert parsed(render_html(poisoned(kept, payload))).elements == benign


@pytest.mark.parametrize("field", ["rule", "severity", "break_id"])
def test_a_hostile_text_in_what_the_layout_uses_stays_inside_its_quotes(kept, field):
    def page(text):
        lines = tuple(replace(x, **{field: text}, root_break_id=None) for x in kept.exceptions)
        return parsed(render_html(replace(kept, exceptions=lines)))

    assert page('"><script>alert(1)</script>').elements == page("plain").elements


def test_the_page_asks_for_nothing_from_any_network(kept):
    page = render_html(kept)
    structure = parsed(page)
    links = [v for k, v in structure.attributes if k in ("src", "href", "action", "data")]
    assert all(link.startswith("#") or link in OWN_FILES for link in links)
    assert not re.search(r"url\(|@import|https?://", page)
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in structure.attributes
    assert not any(tag == "script" for tag, _ in structure.elements)


def test_every_fragment_link_has_a_place_to_go(kept):
    structure = parsed(render_html(kept))
    places = {value for name, value in structure.attributes if name == "id"}
    wanted = {v[1:] for n, v in structure.attributes if n == "href" and v.startswith("#")}
    assert wanted <= places


def test_every_chart_has_words(kept):
    svgs = re.findall(r"<svg[^>]*>", render_html(kept))
    assert svgs
    assert all("aria-label=" in svg or 'aria-hidden="true"' in svg for svg in svgs)


def test_the_page_says_the_verdict_first_and_both_sides_of_a_break(kept):
    text = " ".join("".join(parsed(render_html(kept)).text).split())
    assert text.index(kept.verdict.sentence) < text.index("Every approved hour")
    assert "0.98 hkantata · 4711" in text
    assert "1.00 hbc · SI-1/1" in text
    assert "could not run" in text


def test_a_locale_changes_how_numbers_read(kept):
    assert "500,00" in render_html(kept, "de")


def test_many_breaks_show_the_largest_and_point_to_the_workbook(kept):
    line = kept.exceptions[2]
    many = tuple(
        replace(line, break_id=f"{n:024x}", record_key=f"r{n}", reporting_minor=9_000_000 - n)
        for n in range(50_000)
    )
    page = render_html(replace(kept, exceptions=many))
    assert page.count("edited after posting") == BREAKS_MAX
    assert "The first 10 of 50,000." in page
    assert len(page) < 200_000
