"""Raw records made of several exact slices: what one record needs from its side-loads."""

import json
from collections.abc import Mapping, Sequence


def compose(parts: Mapping[str, str | Sequence[str] | None]) -> str:
    """Join exact slices of one answer into one JSON object, in the order of the names.

    Args:
        parts: Name to a slice (JSON text, kept as it is), to several slices (a list), or to
            None (null).
    """
    members = (f"{json.dumps(name)}:{_text(part)}" for name, part in parts.items())
    return "{" + ",".join(members) + "}"


def _text(part: str | Sequence[str] | None) -> str:
    if part is None:
        return "null"
    return part if isinstance(part, str) else "[" + ",".join(part) + "]"
