"""The reports' own texts, said in the language of a locale.

A text of ours is written in English where it is used, marked by `say` or `say_n`, and looked up in
the catalogue of a language only when it is drawn. Texts from systems are never looked up.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from typing import Final, Self

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ENGLISH: Final = "en"
LOCALES: Final = files("ps_integration.reports").joinpath("locales")
"""A folder per language; the catalogues are read as text, so that none has to be compiled."""
_CATALOGUE: Final = ("LC_MESSAGES", "reports.po")
_PLACE: Final = re.compile(r"\{(\w+)\}")


class Said(str):
    """A text of ours: English as it stands, and what is needed to say it in another language.

    It is equal to its English text, so that a table finds its columns whatever language it is
    drawn in.

    Attributes:
        one: The text as the catalogue knows it, with `{names}` where figures and words stand.
        many: The same for a number other than one; empty where there is no number.
        number: What chooses between them.
        figures: What stands at the names: words, numbers, money, or other texts of ours.
    """

    __slots__ = ("figures", "many", "number", "one")
    one: str
    many: str
    number: int
    figures: Mapping[str, object]

    def __new__(
        cls, one: str, many: str = "", number: int = 1, figures: Mapping[str, object] | None = None
    ) -> Self:
        """Keep what the English text was made of."""
        given = figures or {}
        text = super().__new__(
            cls, filled(many if many and number != 1 else one, given, _in_english)
        )
        text.one, text.many, text.number, text.figures = one, many, number, given
        return text


@dataclass(frozen=True, slots=True)
class Clauses:
    """Parts of one sentence, which begins with the first of them."""

    parts: Sequence[str]

    def joined(self, said: Callable[[str], str]) -> str:
        """The parts in a row, the first letter large."""
        row = ", ".join(map(said, self.parts))
        return row[:1].upper() + row[1:]

    def __str__(self) -> str:
        return self.joined(str)


def say(text: str, /, **figures: object) -> Said:
    """Mark a text of ours; `{names}` in it are filled with the figures."""
    return Said(text, figures=figures)


def ours(text: str) -> Said:
    """A text of ours that is marked or is known to be one."""
    return text if isinstance(text, Said) else say(text)


def say_n(one: str, many: str, number: int, /, **figures: object) -> Said:
    """Mark a text that depends on a number, which stands at `{n}`."""
    return Said(one, many, number, {"n": number, **figures})


def filled(text: str, figures: Mapping[str, object], said: Callable[[object], str]) -> str:
    """A text with its figures; a name that has none stays as it is written."""
    if not figures:
        return text
    return _PLACE.sub(lambda m: said(figures[m[1]]) if m[1] in figures else m[0], text)


def _in_english(figure: object) -> str:
    return f"{figure:,}" if isinstance(figure, int) else str(figure)


def translated(text: Said, language: str) -> str:
    """The text in a language, its names not yet filled; English where it has no translation."""
    known = catalogue(language)
    if text.many:
        return known.ngettext(text.one, text.many, text.number)
    return known.gettext(text.one) if text.one else ""


@cache
def language_of(locale: str) -> str:
    """The language that texts are in: the locale's own where there is a catalogue, else English."""
    names = (locale, Locale.parse(locale).language)
    return next((name for name in names if _catalogue(name).is_file()), ENGLISH)


@cache
def catalogue(language: str) -> NullTranslations:
    """The translations of a language; empty for one that has none."""
    file = _catalogue(language)
    if not file.is_file():
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(file.read_bytes()), locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)


def has_catalogue(language: str) -> bool:
    """Whether a catalogue of the language is loaded; without one, looking a text up is in vain."""
    return isinstance(catalogue(language), GNUTranslations)


def _catalogue(language: str) -> Traversable:
    return LOCALES.joinpath(language, *_CATALOGUE)


@cache
def pattern(text: str) -> re.Pattern[str]:
    """What finds the words and figures in an English text that was kept filled in."""
    parts = _PLACE.split(text)
    return re.compile(
        "".join(f"(?P<{one}>.*?)" if at % 2 else re.escape(one) for at, one in enumerate(parts)),
        re.DOTALL,
    )


def said_again(kept: str, *texts: Said) -> str:
    """A kept English text as the text of ours that it was made of; itself where it is none."""
    for text in texts:
        if found := pattern(text.one).fullmatch(kept):
            return Said(text.one, figures=found.groupdict())
    return kept
