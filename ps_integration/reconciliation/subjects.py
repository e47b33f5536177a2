"""What a break is about, in each respect in which breaks are linked (`places`)."""

from collections.abc import Callable, Collection, Mapping
from typing import Final

from ps_integration.reconciliation.places import By, Place

Found = Mapping[str, object]
Feeds = Collection[tuple[str, str, str]]
"""System, stream and canonical table: what each stream becomes."""
_ALL: Final = "*"


def explained(row: Found, place: Place, by: By, feeds: Feeds) -> list[str]:
    """What a break is at the root of, in one respect."""
    if by == "source":
        system, stream = row["left_system"], _lacking_stream(row)
        told = [fed for fed in feeds if fed[0] == system and stream in (fed[1], _ALL)]
        return [f"{system}|{table}" for _, _, table in told]
    if not _IS_ROOT.get(by, _always)(row):
        return []
    if by in ("named", "sibling"):
        return [str(row["record_key"])]
    return [thing for thing in [_thing(row, place, by)] if thing]


def followed(row: Found, place: Place, by: By) -> str:
    """What a break may be a consequence of, in one respect; nothing where it cannot."""
    if by == "source":
        return _what_lacks(row, place)
    if by in _OF_CONSEQUENCE:
        return _text(row[_OF_CONSEQUENCE[by]])
    if not _IS_CONSEQUENCE.get(by, _always)(row, place):
        return ""
    return _thing(row, place, by)


def is_unknown(row: Found, place: Place) -> bool:
    """Whether it says no more than that something is not there."""
    return place.lacks[1] != "" and _what_lacks(row, place) != ""


def _always(*_: object) -> bool:
    return True


def _holds(*kinds: str) -> Callable[[Found], bool]:
    return lambda row: row["blocked_kind"] in kinds


_IS_ROOT: Final[Mapping[By, Callable[[Found], bool]]] = {
    "project": _holds("project"),
    "entry": _holds("entry"),
    "milestone": _holds("milestone"),
}
_OF_CONSEQUENCE: Final[Mapping[By, str]] = {
    "named": "right_id",
    "sibling": "right_id",
    "milestone": "record_key",
}
_IS_CONSEQUENCE: Final[Mapping[By, Callable[[Found, Place], bool]]] = {
    "changed": lambda row, _: row["cause"] == "edited_after_posting",
    # a rule about entries may say something else of a project, which has its own remedy
    "project": lambda row, place: "entry" not in place.explains or row["entry_id"] is not None,
}


def _what_lacks(row: Found, place: Place) -> str:
    """The system and table that has too little; nothing where it says no such thing."""
    table, word = place.lacks
    seconds = row["difference_seconds"]
    side = "left" if isinstance(seconds, int) and seconds < 0 else "right"
    is_said = table != "" and word in ("", row[f"{side}_value"])
    return f"{row[f'{side}_system']}|{table}" if is_said else ""


def _lacking_stream(row: Found) -> str:
    """The stream of which records lack, or `*` for all; nothing where none lack.

    The key of a break about a stream begins with system and stream.
    """
    _, stream, said = [*str(row["record_key"]).split("|", 2), "", ""][:3]
    is_lack = {
        "IN03": row["blocked_kind"] == "system",
        "IN04": said == "fewer",
        "IN07": said == _ALL,
    }
    return stream if is_lack.get(str(row["rule"]), True) else ""


def _thing(row: Found, place: Place, by: By) -> str:
    """What a break is about, where root and consequence say it alike."""
    if by in ("document", "number"):
        return _document(row, place, by)
    if by == "stream":
        return _joined(row["left_system"], _lacking_stream(row))
    if by == "pair":
        return _joined(*sorted((_text(row["left_id"]), _text(row["right_id"]))))
    return _text(row[_COLUMN[by]])


_COLUMN: Final[Mapping[By, str]] = {
    "record": "record_key",
    "project": "project_id",
    "twin": "project_id",
    "unmapped": "project_id",
    "entry": "entry_id",
    "vanished": "entry_id",
    "changed": "entry_id",
    "milestone": "blocked_id",
}


def _document(row: Found, place: Place, by: By) -> str:
    if by == "number":
        side = place.number_on
        return _joined(row[f"{side}_system"], row["legal_entity"], row[f"{side}_id"])
    at = place.reference
    return _text(row[at]) if isinstance(at, str) else str(row["record_key"]).split("|")[at]


def _joined(*parts: object) -> str:
    """The parts together; nothing where one of them is not said."""
    texts = [_text(part) for part in parts]
    return "|".join(texts) if all(texts) else ""


def _text(value: object) -> str:
    return "" if value is None else str(value)
