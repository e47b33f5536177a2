"""Text as keys: two spellings a person would call the same give the same key."""

import unicodedata


def match_key(text: str) -> str | None:
    """The key by which an object is recognised in other systems; None when nothing is left.

    Unicode NFC, case folded, invisible and blank characters off the ends, inner runs of white
    space made one blank. Look-alike letters of other scripts stay different on purpose.
    """
    composed = unicodedata.normalize("NFC", text).casefold()
    visible = "".join(c for c in composed if unicodedata.category(c) != "Cf")
    return " ".join(visible.split()) or None
