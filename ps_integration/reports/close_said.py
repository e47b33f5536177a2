"""The texts of a close pack as texts of ours, shared by paper, page and workbook."""

from dataclasses import replace
from typing import Final

from ps_integration.reports.close import ClosePack
from ps_integration.reports.retold import told_exceptions
from ps_integration.reports.texts import Said, has_catalogue, said_again, say

WEIGHTS: Final = {
    "wrong": say("Wrong"),
    "unknown": say("Could not look"),
    "note": say("Note"),
}
NOT_CLOSED: Final = say("not closed here")
_SENTENCES: Final = (
    say("{period} is not clean"),
    say("{period} is clean"),
    say("{period}: could not say whether it is clean"),
)


def title_of(pack: ClosePack) -> Said:
    """What the pack is called."""
    asked = pack.asked
    return say("Period close {entity} {period}", entity=asked.legal_entity, period=asked.period)


def retold(pack: ClosePack, language: str) -> ClosePack:
    """The same pack, equal in every text; those of ours know how to be said in the language.

    The reasons of the answer stay as `period status` gives them.
    """
    if not has_catalogue(language):
        return pack
    return replace(
        pack,
        asked=replace(pack.asked, sentence=said_again(pack.asked.sentence, *_SENTENCES)),
        exceptions=told_exceptions(pack.exceptions),
    )
