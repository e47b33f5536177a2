"""The close pack as PDF and as a page: both are laid out from the same plain texts."""

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

import typst

from ps_integration.reports.close import ClosePack
from ps_integration.reports.close_sheets import tables
from ps_integration.reports.columns import Column, Sheet
from ps_integration.reports.html import environment
from ps_integration.reports.numbers import NOTHING, Formats
from ps_integration.reports.text import shortened

ROWS_MAX: Final = 150
"""Rows of one table on paper and page; the workbook has all."""
_TEXT_MAX: Final = 300
_NUMBERS: Final = ("integer", "hours", "money", "rate")
_WEIGHTS: Final = {"wrong": "Wrong", "unknown": "Could not look", "note": "Note"}


def render_pdf(pack: ClosePack, locale: str = "en") -> bytes:
    """The pack as PDF, the same bytes for the same value.

    Texts reach the page as data, never as markup: the layout reads them from JSON.
    """
    layout = files("ps_integration.reports").joinpath("templates", "close.typ").read_bytes()
    data = json.dumps(laid_out(pack, locale))
    return typst.compile(layout, sys_inputs={"data": data})


def render_page(pack: ClosePack, locale: str = "en") -> str:
    """The pack as a self-contained page."""
    template = environment(locale, pack.time_zone).get_template("close.html.j2")
    return template.render(d=laid_out(pack, locale))


def laid_out(pack: ClosePack, locale: str = "en") -> Mapping[str, Any]:
    """Every text of the pack, in order and formatted."""
    formats = Formats(locale, pack.time_zone)
    return {
        "title": _text(f"Period close {pack.asked.legal_entity} {pack.asked.period}"),
        "firm": _text(pack.firm),
        "entity": _text(pack.asked.entity_name),
        "answer": pack.asked.answer,
        "sentence": _text(pack.asked.sentence),
        "facts": [
            [name, _text(value)]
            for name, value in (
                ("Books of the night", f"{pack.run_id}, as of {formats.instant(pack.as_of)}"),
                ("Asked", formats.instant(pack.asked.asked_at)),
                ("Time zone", pack.time_zone),
                ("Closed", pack.asked.standing or "not closed here"),
                ("Configuration", pack.config_hash[:16]),
                ("Ledger sequence", formats.count(pack.ledger_seq)),
            )
        ],
        "reasons": [
            [_WEIGHTS.get(weight, weight), _text(said)] for weight, said in pack.asked.reasons
        ],
        "sections": [_section(sheet, formats) for sheet in tables(pack)],
        "sign": ["Prepared by", "Reviewed by", "Approved by"],
    }


def _section(sheet: Sheet[Any], formats: Formats) -> Mapping[str, Any]:
    lines = sheet.lines[:ROWS_MAX]
    left_out = len(sheet.lines) - len(lines)
    return {
        "title": sheet.name,
        "about": sheet.about,
        "heads": [column.title for column in sheet.columns],
        "numeric": [column.kind in _NUMBERS for column in sheet.columns],
        "rows": [list(_cells(sheet.columns, line, formats)) for line in lines],
        "more": f"{formats.count(left_out)} more rows are in the workbook." if left_out else "",
    }


def _cells(columns: Sequence[Column[Any]], line: object, formats: Formats) -> Iterator[str]:
    for column in columns:
        value = column.value(line)
        yield NOTHING if value is None else _text(_formatted(column, line, value, formats))


def _formatted(column: Column[Any], line: object, value: Any, formats: Formats) -> str:  # noqa: ANN401 - by kind
    match column.kind:
        case "money":
            return formats.amount(value, column.currency(line) if column.currency else None)
        case "hours":
            return formats.hours(value)
        case "day":
            return formats.day(value)
        case "instant":
            return formats.instant(value)
        case "integer":
            return formats.count(value)
        case _:
            return str(value)


def _text(value: str) -> str:
    return shortened(value, _TEXT_MAX)
