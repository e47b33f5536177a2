"""Which break is the consequence of which: the remedy of the root lets both go, money counts once.

A consequence keeps its own amount at risk, which sums leave out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ps_integration.domain.breaks import id_of

Found = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Link:
    """A break of `rule` is a consequence of a break of `root` on the same thing.

    `project`: the root holds the whole project. `entry`: both name the same entry. `document`:
    both name the same ERP document (the first part of their record keys). `record`: both have
    the same record key. `named`: its right side is the record key of the root.
    """

    rule: str
    root: str
    by: Literal["project", "entry", "document", "record", "named"]


_HOLDS_PROJECT: Final = ("MD01", "MD03", "MD04", "BL08")
_HOLDS_ENTRY: Final = ("MD10", "MD08", "MD09", "TM11", "TM08", "TM10")
_HOLDS_MORE: Final = ("BL06", "IN02", "IN03", "IN06", "TM02")
_ON_PROJECT: Final = (*_HOLDS_ENTRY, "TM01", "TM15", "BL02", "MD02")
_ON_ENTRY: Final = ("TM09", "TM14", "TM16", "TM17")

LINKS: Final = (
    *(
        Link(rule, root, "project")
        for at, rule in enumerate(_HOLDS_PROJECT)
        for root in _HOLDS_PROJECT[:at]
    ),
    Link("MD04", "MD04", "project"),
    *(Link(rule, root, "project") for rule in _ON_PROJECT for root in _HOLDS_PROJECT),
    *(
        Link(rule, root, "entry")
        for at, rule in enumerate(_HOLDS_ENTRY)
        for root in _HOLDS_ENTRY[:at]
    ),
    *(Link(rule, root, "project") for rule in _ON_ENTRY for root in _HOLDS_PROJECT),
    *(Link(rule, root, "entry") for rule in _ON_ENTRY for root in _HOLDS_ENTRY),
    *(Link("IN07", root, "project") for root in _HOLDS_PROJECT),
    *(Link("IN07", root, "entry") for root in _HOLDS_ENTRY),
    Link("TM07", "IN07", "entry"),
    Link("MD05", "MD04", "record"),
    *(Link("BL01", root, "named") for root in (*_HOLDS_PROJECT, *_HOLDS_ENTRY, *_HOLDS_MORE)),
    Link("BL06", "TM03", "document"),
    Link("BL06", "TM04", "document"),
    Link("BL05", "TM03", "document"),
    Link("BL05", "TM04", "document"),
    Link("BL05", "BL06", "document"),
)
"""In order of precedence: of several roots a break hangs on the first that was found."""


def roots_of(found: Sequence[Found]) -> dict[str, str]:
    """Break id of each consequence found tonight, and of the break at its root."""
    first: dict[tuple[str, str, str], Found] = {}
    for row in sorted(found, key=lambda row: (str(row["rule"]), str(row["record_key"]))):
        for by in ("project", "entry", "document", "record", "named"):
            subject = _subject(row, by, is_root=True)
            if subject is not None:
                first.setdefault((str(row["rule"]), by, subject), row)
    links: dict[str, list[Link]] = {}
    for link in LINKS:
        links.setdefault(link.rule, []).append(link)
    direct = {}
    for row in found:
        root = _root(row, links.get(str(row["rule"]), ()), first)
        if root is not None:
            direct[id_of(row)] = id_of(root)
    return {consequence: _top(root, direct) for consequence, root in direct.items()}


def _root(
    row: Found, links: Sequence[Link], first: Mapping[tuple[str, str, str], Found]
) -> Found | None:
    for link in links:
        subject = _subject(row, link.by, is_root=False)
        root = first.get((link.root, link.by, subject)) if subject is not None else None
        if root is not None and root is not row:
            return root
    return None


def _subject(row: Found, by: str, *, is_root: bool) -> str | None:
    """What a break is about, in one respect; as a root only when it explains others in it."""
    if by == "record" or (by == "named" and is_root):
        return str(row["record_key"])
    if by == "named":
        return None if row["right_id"] is None else str(row["right_id"])
    if by == "document":
        return str(row["record_key"]).split("|", 1)[0]
    if by == "project" and is_root and row["blocked_kind"] != "project":
        return None
    if by == "entry" and is_root and row["blocked_kind"] is None and row["rule"] != "IN07":
        return None
    value = row["project_id"] if by == "project" else row["entry_id"]
    return None if value is None else str(value)


def _top(break_id: str, direct: Mapping[str, str]) -> str:
    while break_id in direct:
        break_id = direct[break_id]
    return break_id
