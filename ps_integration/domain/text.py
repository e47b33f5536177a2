"""Text as keys: two spellings a person would call the same give the same key."""

import unicodedata


def key_text(text: str) -> str:
    """A key or id as every system is held to write it: Unicode NFC, nothing blank at its ends.

    Blank is also what cannot be seen: no-break spaces, joiners, byte order marks. Upper and lower
    case stay apart, and so do look-alike letters.
    """
    if text.isascii() and text[:1].strip() and text[-1:].strip():
        return text
    composed = unicodedata.normalize("NFC", text)
    seen = [at for at, char in enumerate(composed) if not _is_blank(char)]
    return composed[seen[0] : seen[-1] + 1] if seen else ""


def _is_blank(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) == "Cf"


def match_key(text: str) -> str | None:
    """The key by which an object is recognised in other systems; None when nothing is left.

    Unicode NFC, case folded, invisible and blank characters off the ends, inner runs of white
    space made one blank. Look-alike letters of other scripts stay different on purpose.
    """
    composed = unicodedata.normalize("NFC", text).casefold()
    visible = "".join(c for c in composed if unicodedata.category(c) != "Cf")
    return " ".join(visible.split()) or None
