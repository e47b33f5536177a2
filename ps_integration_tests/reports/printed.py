"""Reads back what is on paper."""

import re
from functools import partial

import pypdfium2
import typst


def text_of(pdf):
    """The text of each page."""
    document = pypdfium2.PdfDocument(pdf)
    return [page.get_textpage().get_text_range() for page in document]


def made_accessible(monkeypatch):
    """Have what is drawn from now on refused where it is not accessible (PDF/UA-1)."""
    strict = partial(typst.compile, pdf_standards=["ua-1"])
    monkeypatch.setattr(typst, "compile", strict)


def squeezed(text):
    """Without white space: where a line is broken says nothing."""
    return re.sub(r"\s+", "", text)
