"""A language in which every text of ours stands in brackets, and what is left outside of them."""

import dataclasses
import re

from ps_integration.reports import html, texts
from ps_integration_tests.reports import extraction

OPEN, CLOSE = "⟦", "⟧"
IDENTIFIERS = {
    "currency", "reporting_currency", "time_zone", "run_id", "previous_run_id", "break_id",
    "root_break_id", "document_ref", "batch_id", "rule", "code", "stream",
}  # fmt: skip
"""Fields of the values that are codes or names of records: they are the same in every language."""
_SAME = re.compile(r"\b\d{1,2} [A-Z][a-z]{2} \d{4}\b|\b[0-9a-f]{16,64}\b")
"""Dates, which the locale writes, and hashes."""
_WORD = re.compile(r"[^\W\d_]{2,}")


def wrapped(text):
    return f"{OPEN}{text}{CLOSE}"


def speak(monkeypatch, folder, language="en"):
    """Have the texts that are in the catalogue, and no others, drawn in brackets."""
    made = extraction.template()
    for message in made:
        if isinstance(message.id, tuple):
            message.string = tuple(map(wrapped, message.id))
        elif message.id:
            message.string = wrapped(message.id)
    file = folder / language / "LC_MESSAGES" / "reports.po"
    file.parent.mkdir(parents=True)
    file.write_bytes(extraction.written(made))
    monkeypatch.setattr(texts, "LOCALES", folder)
    forget()


def forget():
    """What was read of the catalogues before is not kept."""
    for cached in (texts.catalogue, texts.language_of, html.environment):
        cached.cache_clear()


def bare(text):
    """A drawing without the brackets."""
    return text.replace(OPEN, "").replace(CLOSE, "")


def outside(text):
    """What is not in brackets; brackets may stand in others."""
    kept, depth = [], 0
    for char in text:
        depth += (char == OPEN) - (char == CLOSE)
        assert depth >= 0, text
        kept.append(" " if depth or char == CLOSE else char)
    assert not depth, text
    return "".join(kept)


def unsaid(drawn, value, *more):
    """Words outside of brackets that are neither dates, hashes nor identifiers of the value."""
    known = sorted({*identifiers(value), *more}, key=len, reverse=True)
    left = set()
    for text in drawn:
        rest = _SAME.sub(" ", outside(text))
        for name in known:
            rest = rest.replace(name, " ")
        left |= set(_WORD.findall(rest))
    return left


def identifiers(value):
    """Every text in a field that names a record or a currency."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            held = getattr(value, field.name)
            if field.name in IDENTIFIERS and held:
                yield held
            else:
                yield from identifiers(held)
    elif isinstance(value, tuple):
        for held in value:
            yield from identifiers(held)
