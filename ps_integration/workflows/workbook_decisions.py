"""Reads what people filled in: six cells of a row as one decision, or why a cell cannot be one."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final, cast

from ps_integration.domain.money import exact_minor
from ps_integration.reports.working import AT, DECISIONS
from ps_integration.workflows.break_work import Decision, Field, Verb
from ps_integration.workflows.workbook_read import Page

COLUMN_OF: Final[Mapping[Field, int]] = {
    "verb": AT["Decision"],
    "assign_to": AT["Assign to"],
    "note": AT["Comment"],
    "snooze_until": AT["Snooze until"],
    "amount_minor": AT["Accept amount"],
    "accept_until": AT["Accept until"],
}
_CENTURY: Final = (date(2000, 1, 1), date(2199, 12, 31))


def read_decision(
    page: Page, row: int, currency: str | None
) -> tuple[Decision, list[tuple[Field, str]]]:
    """The decision of one row and what cannot be read of it.

    Args:
        page: The sheet.
        row: Its zero-based row.
        currency: Currency of the break's money at risk.
    """
    read: Mapping[Field, Callable[[object], object]] = {
        "verb": _verb,
        "assign_to": _text,
        "note": _text,
        "snooze_until": _day,
        "amount_minor": lambda value: _minor(value, currency),
        "accept_until": _day,
    }
    found: dict[Field, object] = {}
    wrong: list[tuple[Field, str]] = []
    for name, reader in read.items():
        value = page.value(row, COLUMN_OF[name])
        try:
            if value != "":
                found[name] = reader(value)
        except ValueError as error:
            wrong.append((name, str(error)))
    return Decision(**cast("dict[str, object]", found)), wrong  # type: ignore[arg-type]  # each by its reader


def _verb(value: object) -> Verb:
    word = str(value).strip().casefold()
    if word not in DECISIONS:
        raise ValueError(f"{value!r} is no decision; choose {', '.join(DECISIONS)} or nothing")
    return cast("Verb", word)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not text")  # noqa: TRY004 - a value of the file is wrong
    return value.strip()


def _day(value: object) -> date:
    if isinstance(value, datetime):
        if value.time() != time():
            raise ValueError(f"{value} is an instant; write a date")
        value = value.date()
    if not isinstance(value, date):
        raise ValueError(f"{value!r} is not a date; enter a date, not text or a number")  # noqa: TRY004 - as above
    first, last = _CENTURY
    if not first <= value <= last:
        raise ValueError(f"{value} is not a date of our time")
    return value


def _minor(value: object, currency: str | None) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is not a number; write the amount in {currency} without text")  # noqa: TRY004 - as above
    if currency is None:
        raise ValueError("no money is at risk; accept it without an amount")
    return exact_minor(Decimal(f"{value:.15g}"), currency)


def in_words(decision: Decision) -> Iterator[object]:
    """What a decision consists of, for its hash."""
    until, accept = decision.snooze_until, decision.accept_until
    yield from (decision.verb, decision.assign_to, decision.note, decision.amount_minor)
    yield until.isoformat() if until else None
    yield accept.isoformat() if accept else None
