"""Text from outside, made fit for XML and for the limits of a cell; never changed otherwise."""

import re
from typing import Final

CELL_CHARS_MAX: Final = 32_767
_PLANE: Final = 0xFFFF
_CUT: Final = " \N{HORIZONTAL ELLIPSIS} (cut; the whole text is in value.json)"
_ILLEGAL: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]"
)


def legible(text: str) -> str:
    """Characters that no XML document may hold become U+FFFD, visibly."""
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)


def shortened(text: str, chars_max: int) -> str:
    """Legible text of a length a page can bear, with an ellipsis where it is cut."""
    clean = legible(text)
    return clean if len(clean) <= chars_max else clean[:chars_max] + "\N{HORIZONTAL ELLIPSIS}"


def fitting(text: str, chars_max: int = CELL_CHARS_MAX) -> str:
    """Text cut to a length that counts as spreadsheet programs do (UTF-16), saying so."""
    clean = legible(text)
    if 2 * len(clean) <= chars_max or _units(clean) <= chars_max:
        return clean
    room = max(0, chars_max - len(_CUT))
    kept = clean[:room]
    while _units(kept) > room:
        kept = kept[: len(kept) - max(1, (_units(kept) - room) // 2)]
    return kept + _CUT


def _units(text: str) -> int:
    return len(text) + sum(ord(char) > _PLANE for char in text)
