"""The exception workbook: open breaks and matches that people decide in, and that is read back.

What is not theirs to change is locked and sealed row by row: a change is found by its cell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from itertools import zip_longest
from typing import Any, Final

import xlsxwriter

from ps_integration.reports import forms, working_matches
from ps_integration.reports.cells import Pen, Styles
from ps_integration.reports.columns import FIRST_ROW, Column
from ps_integration.reports.forms import COMMENT_MAX, Form, by_hand
from ps_integration.reports.lines import ExceptionLine
from ps_integration.reports.numbers import Formats
from ps_integration.reports.sealed import Seal
from ps_integration.reports.sheets import money
from ps_integration.reports.wording import cause
from ps_integration.reports.working_matches import MatchLine

NAME: Final = "exceptions.xlsx"
SHEET: Final = "Exceptions"
LISTS: Final = "Lists"
EXPORT: Final = "Export"
DECISIONS: Final = ("accept", "confirm", "snooze", "wake")
LANGUAGE: Final = "en"
_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}
_HELP: Final = (
    "Fill in the yellow columns, save as .xlsx, then: ps-integration breaks import FILE. "
    "Nothing is applied by halves. accept: live with it (comment, amount at risk, until when); "
    "confirm: second what another person proposed; snooze: look again on a date; wake: look now."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLine:
    """One open break, and how it is being worked."""

    line: ExceptionLine
    version: int
    assigned_to: str | None
    due_on: date | None
    age_business_days: int
    snoozed_until: date | None
    waiting: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Everything the workbook is drawn from.

    Attributes:
        today: The firm's calendar date; dates in decisions are after it.
        matches: What may be decided about lines typed by hand, then what was.
        owners: Everybody a break can be given to.
        key: What seals the rows.
    """

    firm: str
    run_id: str
    as_of: datetime
    today: date
    time_zone: str
    lines: Sequence[WorkLine]
    matches: Sequence[MatchLine]
    owners: Sequence[str]
    key: bytes


HAND: Final[Sequence[Column[WorkLine]]] = (
    by_hand("Decision", 11),
    by_hand("Assign to", 18),
    by_hand("Comment", 40),
    by_hand("Snooze until", 13, "day"),
    by_hand("Accept amount", 14, "money"),
    by_hand("Accept until", 13, "day"),
)
"""The columns that people fill in."""
HAND_TITLES: Final = tuple(column.title for column in HAND)
SEALED: Final[Sequence[Column[WorkLine]]] = (
    Column("Rule", 8, "text", lambda x: x.line.rule),
    Column("What", 36, "text", lambda x: x.line.title),
    Column("Severity", 10, "text", lambda x: x.line.severity),
    money("At risk", lambda x: x.line.at_risk_minor, lambda x: x.line.currency),
    Column("Currency", 10, "text", lambda x: x.line.currency),
    Column("Due", 12, "day", lambda x: x.due_on),
    Column("Record", 30, "text", lambda x: x.line.record_key),
    Column("Assigned to", 18, "text", lambda x: x.assigned_to),
    Column("Age, business days", 10, "integer", lambda x: x.age_business_days),
    Column("Snoozed until", 13, "day", lambda x: x.snoozed_until),
    Column("Waits for", 40, "text", lambda x: x.waiting or None),
    Column("Remedy", 60, "text", lambda x: x.line.remedy),
    Column("Cause", 26, "text", lambda x: cause(x.line.cause)),
    Column("Detail", 60, "text", lambda x: x.line.detail),
    Column("Follows from", 27, "text", lambda x: x.line.root_break_id),
    Column("Period", 10, "text", lambda x: x.line.period),
    Column("Legal entity", 13, "text", lambda x: x.line.legal_entity),
    Column("Project", 14, "text", lambda x: x.line.project_id),
    Column("Customer", 16, "text", lambda x: x.line.customer_key),
    Column("Left value", 26, "text", lambda x: x.line.left.value),
    Column("Right value", 26, "text", lambda x: x.line.right.value),
    Column("Opened", 17, "instant", lambda x: x.line.opened_at.replace(microsecond=0)),
    Column("Break", 27, "text", lambda x: x.line.break_id),
    Column("Version", 9, "integer", lambda x: x.version),
)
"""What the program says of each break; the last two are hidden and name it."""
_BEFORE: Final = 6
FORM: Final[Form[WorkLine]] = Form(
    SHEET, "break", _HELP, SEALED[:_BEFORE], HAND, SEALED[_BEFORE:],
    lambda x: (x.line.break_id, x.version),
)  # fmt: skip
TITLES: Final = FORM.titles
AT: Final[Mapping[str, int]] = {title: at for at, title in enumerate(TITLES)}


def render(work: Work) -> bytes:
    """The workbook's bytes, the same for the same work."""
    file, formats = BytesIO(), Formats(LANGUAGE, work.time_zone)
    matches = working_matches.FORM
    rows = {
        SHEET: forms.identities(FORM, work.lines),
        matches.name: forms.identities(matches, work.matches),
    }
    seal = Seal.of(work.key, firm=work.firm, run_id=work.run_id, as_of=work.as_of, rows=rows)
    with xlsxwriter.Workbook(file, _OPTIONS) as book:
        book.set_properties({"title": f"Exceptions {work.today}", "created": datetime(2000, 1, 1)})  # noqa: DTZ001 - Excel's own
        styles = Styles(book)
        pages = [book.add_worksheet(name) for name in (SHEET, matches.name, LISTS, EXPORT)]
        last = forms.draw(Pen(pages[0], styles, formats, {}), FORM, work.lines, seal)
        _validate(pages[0], last, work)
        last = forms.draw(Pen(pages[1], styles, formats, {}), matches, work.matches, seal)
        working_matches.validate(pages[1], last, work.matches)
        _lists(pages[2], work.owners)
        _export(pages[3], seal)
    return file.getvalue()


def _validate(page: Any, last: int, work: Work) -> None:  # noqa: ANN401 - xlsxwriter has no types
    """Drop-downs and limits, so that most mistakes cannot be typed; the import checks all again."""
    tomorrow, owners = work.today + timedelta(days=1), max(1, len(work.owners))
    rules: Mapping[str, dict[str, object]] = {
        "Decision": {"validate": "list", "source": list(DECISIONS)},
        "Assign to": {"validate": "list", "source": f"={LISTS}!$A$1:$A${owners}"},
        "Comment": {"validate": "length", "criteria": "<=", "value": COMMENT_MAX},
        "Snooze until": {"validate": "date", "criteria": ">=", "value": tomorrow},
        "Accept amount": {"validate": "decimal", "criteria": ">=", "value": 0},
        "Accept until": {"validate": "date", "criteria": ">=", "value": work.today},
    }
    for title, rule in rules.items():
        page.data_validation(FIRST_ROW, AT[title], last, AT[title], rule)


def _lists(page: Any, owners: Sequence[str]) -> None:  # noqa: ANN401 - xlsxwriter has no types
    page.hide()
    page.protect()
    for row, owner in enumerate(owners):
        page.write_string(row, 0, owner)


def _export(page: Any, seal: Seal) -> None:  # noqa: ANN401 - xlsxwriter has no types
    page.very_hidden()
    page.protect()
    page.write_string(0, 0, seal.header)
    page.write_string(1, 0, seal.signature)
    for row, ids in enumerate(zip_longest(*seal.ids.values()), start=FIRST_ROW):
        for at, identity in enumerate(ids):
            if identity is not None:  # rows go out in their order: nothing can be added later
                page.write_string(row, at, identity)
