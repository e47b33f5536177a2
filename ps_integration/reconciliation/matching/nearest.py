"""Why a line matches nothing: its nearest entry, the first test that failed, and by how much."""

from collections.abc import Sequence
from dataclasses import dataclass

from ps_integration.domain.money import Money
from ps_integration.domain.money import hours as hours_text
from ps_integration.reconciliation.matching.candidates import DAYS, SECONDS, is_near
from ps_integration.reconciliation.matching.items import Entry, Line


@dataclass(frozen=True, slots=True)
class Nearest:
    """The entry that comes nearest to a line.

    Attributes:
        entry: Its key.
        failed_test: `project`, `date`, `hours` or `amount`.
        gap: By how much it failed, in words.
        cause: The probable cause, as breaks name it.
    """

    entry: str
    failed_test: str
    gap: str
    cause: str


def nearest(line: Line, entries: Sequence[Entry]) -> Nearest | None:
    """The entry that fails latest, and there by least; None where none is worth naming."""
    of_block = [entry for entry in entries if entry.block == line.block]
    if not of_block:
        return _elsewhere(line, entries)
    in_time = [entry for entry in of_block if is_near(line, entry)]
    if not in_time:
        entry = min(of_block, key=lambda entry: (abs(line.day - entry.day), entry))
        return Nearest(entry.key, "date", _date_gap(line, entry), "wrong_date")
    if line.seconds is None:
        entry = min(in_time, key=lambda entry: (_money_gap(line, entry), entry))
        return _of_amount(line, entry)
    hours = line.seconds
    entry = min(
        in_time,
        key=lambda entry: (abs(hours - entry.seconds), _money_gap(line, entry), entry),
    )
    gap = abs(hours - entry.seconds)
    if gap > SECONDS:
        return Nearest(entry.key, "hours", f"by {hours_text(gap, 2)} h", "unauthorised_posting")
    return _of_amount(line, entry)


def _of_amount(line: Line, entry: Entry) -> Nearest:
    currency = line.block.rpartition("|")[2]
    gap = f"by {Money(_money_gap(line, entry), currency)}"
    said = "it has no price" if entry.minor is None else gap
    return Nearest(entry.key, "amount", said, "unauthorised_posting")


def _elsewhere(line: Line, entries: Sequence[Entry]) -> Nearest | None:
    same = [
        entry
        for entry in entries
        if line.seconds is not None
        and abs(entry.seconds - line.seconds) <= SECONDS
        and entry.minor == line.minor
        and is_near(line, entry)
    ]
    if not same:
        return None
    entry = min(same, key=lambda entry: (line.day - entry.day, entry))
    return Nearest(
        entry.key, "project", f"it is booked on {entry.block.rpartition('|')[0]}", "wrong_project"
    )


def _date_gap(line: Line, entry: Entry) -> str:
    days = (line.day - entry.day).days
    return f"{-days} days after it" if days < 0 else f"{days} days before it, {DAYS} at most"


def _money_gap(line: Line, entry: Entry) -> int:
    return abs(line.minor) if entry.minor is None else abs(line.minor - entry.minor)
