"""Which break is the consequence of which: the remedy of the root lets both go, money counts once.

What each rule explains and follows is declared in `places`. A consequence keeps its own amount at
risk, which sums leave out: so that no money is lost with it, it hangs only on roots whose amounts
come to at least as much.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from ps_integration.domain.breaks import id_of
from ps_integration.reconciliation.places import PLACES, By, Place
from ps_integration.reconciliation.subjects import Feeds, Found, explained, followed, is_unknown

_Explained = Mapping[tuple[str, By, str], Sequence[Found]]
_NOWHERE: Final = Place("")
_PLACE: Final = {place.rule: place for place in PLACES}
_UP_TO: Final = {place.rule: PLACES[: at + 1] for at, place in enumerate(PLACES)}
_WITHIN_A_RULE: Final = ("twin", "sibling")


def roots_of(found: Sequence[Found], feeds: Feeds = ()) -> dict[str, str]:
    """Break id of each consequence found tonight, and of the break at its root.

    Args:
        found: Rows as in `reconciliation.found`.
        feeds: What each stream becomes.
    """
    known = _explained(found, feeds)
    direct: dict[str, str] = {}
    for row in found:
        root = _root(row, known)
        if root is not None:
            direct[id_of(row)] = id_of(root)
    return {consequence: _top(root, direct) for consequence, root in direct.items()}


def _explained(found: Sequence[Found], feeds: Feeds) -> _Explained:
    """What explains each thing, by rule and respect."""
    known: defaultdict[tuple[str, By, str], list[Found]] = defaultdict(list)
    for row in sorted(found, key=lambda row: (str(row["rule"]), str(row["record_key"]))):
        place = _PLACE.get(str(row["rule"]), _NOWHERE)
        for by in place.explains:
            for thing in explained(row, place, by, feeds):
                known[place.rule, by, thing].append(row)
    return known


def _root(row: Found, known: _Explained) -> Found | None:
    """The first break that the row follows from and whose money covers its own.

    Of what is absent from a source that was not read nobody knows whether it is at risk.
    """
    place = _PLACE.get(str(row["rule"]), _NOWHERE)
    things = [(by, thing) for by in place.follows if (thing := followed(row, place, by))]
    for before in _UP_TO.get(place.rule, ()):
        for by, thing in things:
            roots = known.get((before.rule, by, thing), ())
            is_linked = (before is place) is (by in _WITHIN_A_RULE)
            if (
                is_linked
                and roots
                and roots[0] is not row
                and (_covers(roots, row) or (by == "source" and is_unknown(row, place)))
            ):
                return roots[0]
    return None


def _covers(roots: Sequence[Found], row: Found) -> bool:
    """Whether no money is lost when the roots alone tell it."""
    stated = [root for root in roots if root["at_risk_minor"] is not None]
    if not stated:
        return _minor(row) == 0
    is_comparable = all(root["currency"] == row["currency"] for root in stated)
    return not is_comparable or sum(map(_minor, stated)) >= _minor(row)


def _minor(row: Found) -> int:
    amount = row["at_risk_minor"]
    return abs(amount) if isinstance(amount, int) else 0


def _top(break_id: str, direct: Mapping[str, str]) -> str:
    while break_id in direct:
        break_id = direct[break_id]
    return break_id
