"""The close pack as PDF and as a page: both are laid out from the same plain texts."""

from collections.abc import Mapping
from typing import Any, Final

from ps_integration.reports.close import ClosePack
from ps_integration.reports.close_said import NOT_CLOSED, WEIGHTS, retold, title_of
from ps_integration.reports.close_sheets import tables
from ps_integration.reports.html import environment
from ps_integration.reports.numbers import Formats
from ps_integration.reports.paper import labels, section, text, typeset
from ps_integration.reports.texts import say
from ps_integration.reports.wording import words

_LAYOUT: Final = "close.typ"


def render_pdf(pack: ClosePack, locale: str = "en") -> bytes:
    """The pack as PDF, the same bytes for the same value."""
    return typeset(_LAYOUT, laid_out(pack, locale))


def render_page(pack: ClosePack, locale: str = "en") -> str:
    """The pack as a self-contained page."""
    template = environment(locale, pack.time_zone).get_template("close.html.j2")
    return template.render(d=laid_out(pack, locale))


def laid_out(pack: ClosePack, locale: str = "en") -> Mapping[str, Any]:
    """Every text of the pack, in order and formatted."""
    formats = Formats(locale, pack.time_zone)
    pack = retold(pack, formats.language)
    night = say("{run}, as of {instant}", run=pack.run_id, instant=formats.instant(pack.as_of))
    signers = (say("Prepared by"), say("Reviewed by"), say("Approved by"))
    return {
        "language": formats.language,
        "labels": labels(formats),
        "title": text(formats.say(title_of(pack))),
        "firm": text(pack.firm),
        "foot": text(formats.say(night)),
        "entity": text(pack.asked.entity_name),
        "answer": formats.say(words(pack.asked.answer)),
        "is_clean": pack.asked.answer == "clean",
        "tone": "good" if pack.asked.answer == "clean" else "wrong",
        "sentence": text(formats.say(pack.asked.sentence)),
        "facts": [
            [formats.say(name), text(formats.say(value))]
            for name, value in (
                (say("Books of the night"), night),
                (say("Asked"), formats.instant(pack.asked.asked_at)),
                (say("Time zone"), pack.time_zone),
                (say("Closed"), pack.asked.standing or NOT_CLOSED),
                (say("Configuration"), pack.config_hash[:16]),
                (say("Ledger sequence"), formats.count(pack.ledger_seq)),
            )
        ],
        "reasons": [
            [formats.say(WEIGHTS.get(weight, weight)), text(said)]
            for weight, said in pack.asked.reasons
        ],
        "sections": [section(sheet, formats) for sheet in tables(pack)],
        "sign": [formats.say(who) for who in signers],
    }
