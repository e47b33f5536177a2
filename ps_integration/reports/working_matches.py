"""The exception workbook's sheet Matches: which entries lines typed into the ERP by hand bill."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final

from ps_integration.reports.columns import FIRST_ROW, Column
from ps_integration.reports.forms import COMMENT_MAX, Form, by_hand
from ps_integration.reports.sheets import money

SHEET: Final = "Matches"
_HELP: Final = (
    "Lines typed into the ERP by hand, a row for each set of entries that a line may bill, and "
    "below them what was decided. accept: the line bills these entries; reject: it does not; "
    "confirm: second what another person proposed; withdraw: take the decision back. Each needs a "
    "note. The next night goes by it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchLine:
    """One match that may be decided about, or one decision that stands.

    Attributes:
        key: What names it.
        version: Changes with all that a decision about it could depend on.
        verbs: What may be decided.
        status: `confirmed`, `ambiguous`, or what was decided.
        lines: Lines of the ERP, as DOCUMENT/LINE.
        posted_on: Date of the document; None for what is decided.
        amount_minor: What the lines come to.
        choice: Which of how many, in words; empty for what is decided.
        entries: Entry ids.
        evidence: What agrees, or why it was decided.
        decision_id: Number of the decision; None while there is none.
        state: Whether the decision counts.
    """

    key: str
    version: int
    verbs: tuple[str, ...]
    status: str
    lines: str
    posted_on: date | None
    project_id: str
    amount_minor: int
    currency: str
    choice: str
    entries: str
    evidence: str
    decision_id: int | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    state: str | None = None


FORM: Final[Form[MatchLine]] = Form(
    SHEET,
    "match",
    _HELP,
    (
        Column("Line", 22, "text", lambda x: x.lines),
        Column("Date", 12, "day", lambda x: x.posted_on),
        money("Amount", lambda x: x.amount_minor, lambda x: x.currency),
        Column("Currency", 10, "text", lambda x: x.currency),
        Column("Status", 12, "text", lambda x: x.status),
        Column("Choice", 10, "text", lambda x: x.choice or None),
        Column("Entries", 40, "text", lambda x: x.entries),
    ),
    (by_hand("Decision", 11), by_hand("Note", 40)),
    (
        Column("Evidence", 50, "text", lambda x: x.evidence),
        Column("Project", 14, "text", lambda x: x.project_id),
        Column("Number", 9, "integer", lambda x: x.decision_id),
        Column("Decided by", 16, "text", lambda x: x.decided_by),
        Column("Decided", 17, "instant", lambda x: x.decided_at),
        Column("State", 40, "text", lambda x: x.state),
        Column("Match", 27, "text", lambda x: x.key),
        Column("Version", 9, "integer", lambda x: x.version),
    ),
    lambda x: (x.key, x.version),
)


def validate(page: Any, last: int, lines: Sequence[MatchLine]) -> None:  # noqa: ANN401 - xlsxwriter has no types
    """Drop-downs of what may be decided of each row; the import checks all again."""
    at, note, row = FORM.at("Decision"), FORM.at("Note"), FIRST_ROW
    for verbs, rows in groupby(lines, key=lambda line: line.verbs):
        end = row + len(list(rows)) - 1
        page.data_validation(row, at, end, at, {"validate": "list", "source": list(verbs)})
        row = end + 1
    rule = {"validate": "length", "criteria": "<=", "value": COMMENT_MAX}
    page.data_validation(FIRST_ROW, note, last, note, rule)
