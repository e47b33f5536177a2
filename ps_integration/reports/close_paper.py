"""The close pack as PDF and as a page: both are laid out from the same plain texts."""

from collections.abc import Mapping
from typing import Any, Final

from ps_integration.reports.close import ClosePack
from ps_integration.reports.close_sheets import tables
from ps_integration.reports.html import environment
from ps_integration.reports.numbers import Formats
from ps_integration.reports.paper import LANGUAGE, section, text, typeset

_LAYOUT: Final = "close.typ"
_WEIGHTS: Final = {"wrong": "Wrong", "unknown": "Could not look", "note": "Note"}


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
    night = f"{pack.run_id}, as of {formats.instant(pack.as_of)}"
    return {
        "language": LANGUAGE,
        "title": text(f"Period close {pack.asked.legal_entity} {pack.asked.period}"),
        "firm": text(pack.firm),
        "foot": text(night),
        "entity": text(pack.asked.entity_name),
        "answer": pack.asked.answer,
        "tone": "good" if pack.asked.answer == "clean" else "wrong",
        "sentence": text(pack.asked.sentence),
        "facts": [
            [name, text(value)]
            for name, value in (
                ("Books of the night", night),
                ("Asked", formats.instant(pack.asked.asked_at)),
                ("Time zone", pack.time_zone),
                ("Closed", pack.asked.standing or "not closed here"),
                ("Configuration", pack.config_hash[:16]),
                ("Ledger sequence", formats.count(pack.ledger_seq)),
            )
        ],
        "reasons": [
            [_WEIGHTS.get(weight, weight), text(said)] for weight, said in pack.asked.reasons
        ],
        "sections": [section(sheet, formats) for sheet in tables(pack)],
        "sign": ["Prepared by", "Reviewed by", "Approved by"],
    }
