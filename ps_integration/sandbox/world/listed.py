"""Entries that are listed one by one: those with a story, beside everyday work."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from typing import Any

from ps_integration.sandbox.world.entries import Entry, closing, moment
from ps_integration.sandbox.world.people import BY_NAME
from ps_integration.sandbox.world.projects import BY_CODE

FIRST_NUMBER = 900_001
CHANGED_NUMBER = 900_033
"""Booked with two hours, set to two and a half after it was invoiced."""
CHANGED_FROM, CHANGED_TO = 120, 150
VANISHED_NUMBER = 900_035
VANISHED_AT = moment(date(2026, 3, 10))
ZEROED_AT = moment(date(2026, 3, 25))
"""The PSA's copy of the vanished entry is set to nothing two weeks after the entry went."""
OLD_CLOCKIFY_PROJECT = "65b0ffffffffffffffffffff"
"""UK-203 as it was before it was made anew in Clockify on 1 March; mapped until then."""
OLD_PROJECT_NUMBERS = frozenset({900_036, 900_037})
WITHOUT_PSA_COPY = frozenset({900_037})

_CAPPED = (
    "02-02 02-03 02-04 02-05 02-06 02-09 02-16 02-17 02-18 02-19 02-20 02-23"
    " 03-02 03-03 03-04 03-05 03-06 03-09 03-10 03-11 03-12 03-13"
)
_STORIES = """
    Brian Bell    | US-106 | 02-05 | 180
    Brian Bell    | US-106 | 02-12 | 150
    Brian Bell    | US-106 | 03-24 | 120
    Carla Cole    | US-110 | 03-10 | 192
    Carla Cole    | US-110 | 03-12 | 105
    Duncan Pryor  | UK-207 | 03-10 | 150
    Duncan Pryor  | UK-207 | 03-11 | 95
    Edith Quinn   | UK-208 | 03-12 | 200
    Elena Ford    | US-105 | 03-05 | 120
    Walter York   | US-103 | 03-03 | 75
    Hugh Tait     | UK-201 | 02-11 | 120
    James Voss    | UK-201 | 02-12 | 100
    Irene Judd    | US-101 | 02-06 | 90
    Maisie Booth  | UK-203 | 02-10 | 60
    Maisie Booth  | UK-203 | 03-04 | 75
    Felix Rowe    | UK-204 | 02-05 | 180
    Felix Rowe    | UK-204 | 02-10 | 120
    Felix Rowe    | UK-204 | 02-19 | 240
    Felix Rowe    | UK-204 | 03-05 | 90
    Felix Rowe    | UK-204 | 03-24 | 160
    Jatin Kale    | IN-305 | 03-10 | 120
    Jatin Kale    | IN-305 | 03-11 | 90
    Kavya Lal     | IN-304 | 02-26 | 105
    Frank Gates   | US-101 | 03-07 | 1200
    Frank Gates   | US-101 | 03-07 | 300
    Gauri Hegde   | US-102 | 03-14 | 1020
    Isla Upton    | UK-201 | 03-08 | 120
    Grace Hale    | US-101 | 03-11 | 90
    Indira Joshi  | IN-301 | 03-19 | 150
    Katie Wren    | UK-201 | 03-29 | 60
    Amy Archer    | US-101 | 03-08 | 120
    Omkar Patil   | UK-201 | 02-28 | 135
    Nandini Oza   | IN-302 | 04-07 | 0
"""
"""Person, project, work date, minutes."""
_STARTS = {900_051: 23 * 60 + 10, 900_052: 30, 900_054: 22 * 60 + 45}
"""Past midnight in Kolkata; over the change of the clocks in London; over the end of a month."""


_SPECIAL: Mapping[int, Mapping[str, Any]] = {
    CHANGED_NUMBER: {"changed_at": moment(date(2026, 3, 10)), "minutes": CHANGED_TO},
    900_034: {
        "own_request": True,
        "state": "withdrawn",
        "changed_at": moment(date(2026, 3, 11)),
        "psa_minutes": 0,
    },
    VANISHED_NUMBER: {"changed_at": ZEROED_AT, "psa_minutes": 0},
    900_045: {
        "own_request": True,
        "created_at": moment(date(2026, 3, 30)),
        "submitted_at": moment(date(2026, 3, 30), 14),
        "approved_at": moment(date(2026, 4, 1)),
    },
    900_049: {"psa_minutes": 90},
    900_050: {"approved_at": None},
    900_055: {"created_at": moment(date(2026, 4, 7), 2), "is_running": True},
}
"""What is special about an entry, besides where and when it was worked."""


@cache
def listed() -> tuple[Entry, ...]:
    """The listed entries as they are in the end."""
    rows = [("Amy Archer", "US-105", day, "240") for day in _CAPPED.split()]
    for line in _STORIES.strip().splitlines():
        name, code, day, minutes = (word.strip() for word in line.split("|"))
        rows.append((name, code, day, minutes))
    found = []
    for number, (name, code, day, minutes) in enumerate(rows, start=FIRST_NUMBER):
        entry = _entry(number, name, code, date.fromisoformat(f"2026-{day}"), int(minutes))
        found.append(replace(entry, **_SPECIAL.get(number, {})))
    return tuple(found)


def _entry(number: int, name: str, code: str, day: date, minutes: int) -> Entry:
    submitted, approved = closing(day) if day <= date(2026, 3, 31) else (None, None)
    return Entry(
        number=number,
        person=BY_NAME[name],
        project=BY_CODE[code],
        task="Build",
        work_date=day,
        minutes=minutes,
        start=_STARTS.get(number, 7 * 60),
        note="",
        created_at=moment(day, 22),
        submitted_at=submitted,
        approved_at=approved,
    )


def as_at(entry: Entry, instant: datetime) -> Entry | None:
    """A listed entry as it was at an instant; None before it was booked."""
    now = entry.at(instant)
    if now is not None and entry.number == CHANGED_NUMBER and now.changed_at is None:
        return replace(now, minutes=CHANGED_FROM)
    return now


def is_gone(entry: Entry, instant: datetime) -> bool:
    """Whether the time system has deleted it, without a word."""
    return entry.number == VANISHED_NUMBER and instant >= VANISHED_AT
