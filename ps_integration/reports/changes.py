"""What is different from the report before: two frozen values held against each other."""

from collections.abc import Sequence
from typing import Final

from ps_integration.reports.lines import (
    DISPOSITIONS,
    CompletenessLine,
    DocumentLine,
    ExceptionLine,
)
from ps_integration.reports.texts import say
from ps_integration.reports.value import (
    Changes,
    MovedLine,
    NightPoint,
    NightReport,
    ResolvedLine,
)

FIRST: Final = say("This is the first report; there is none to compare it with.")
TOO_MANY: Final = say("Nothing to compare with: too many later reports.")
UNREADABLE: Final = say("Nothing to compare with: {error}.")


def changes(
    previous: NightReport | None,
    exceptions: Sequence[ExceptionLine],
    documents: Sequence[DocumentLine],
    completeness: Sequence[CompletenessLine],
    note: str = "",
) -> Changes:
    """New and resolved breaks, newly posted documents, and money that changed its disposition.

    Args:
        previous: The report before; None when there is none or it cannot be read.
        exceptions: Tonight's open breaks.
        documents: Tonight's documents.
        completeness: Tonight's groups.
        note: Why the report before cannot be read, when there is one.
    """
    known = {line.break_id for line in previous.exceptions} if previous else set()
    open_now = {line.break_id for line in exceptions}
    posted_before = _posted(previous.documents) if previous else set()
    gone = (
        [line for line in previous.exceptions if line.break_id not in open_now] if previous else []
    )
    return Changes(
        previous_run_id=previous.run_id if previous else None,
        previous_as_of=previous.as_of if previous else None,
        note="" if previous else note or str(FIRST),
        new_breaks=tuple(
            line.break_id for line in exceptions if previous and line.break_id not in known
        ),
        resolved=tuple(_resolved(line) for line in gone),
        posted=tuple(
            line.document_ref
            for line in documents
            if line.state == "posted"
            and line.document_ref not in posted_before
            and (previous is None or _is_since(line, previous))
        ),
        moved=_moved(previous.completeness, completeness) if previous else (),
    )


def _posted(documents: Sequence[DocumentLine]) -> set[str]:
    return {line.document_ref for line in documents if line.state == "posted"}


def _is_since(line: DocumentLine, previous: NightReport) -> bool:
    """A document that the report before left out as old is not news."""
    return line.confirmed_at is None or line.confirmed_at >= previous.as_of


def _resolved(line: ExceptionLine) -> ResolvedLine:
    return ResolvedLine(
        break_id=line.break_id,
        rule=line.rule,
        title=line.title,
        record_key=line.record_key,
        at_risk_minor=line.at_risk_minor,
        currency=line.currency,
    )


def _moved(
    before: Sequence[CompletenessLine], now: Sequence[CompletenessLine]
) -> tuple[MovedLine, ...]:
    then, today = _by_currency(before), _by_currency(now)
    return tuple(
        MovedLine(
            currency=currency,
            disposition=name,
            before_minor=then.get((currency, name), 0),
            now_minor=today.get((currency, name), 0),
        )
        for currency in sorted({key[0] for key in (*then, *today)})
        for name in DISPOSITIONS
        if then.get((currency, name), 0) != today.get((currency, name), 0)
    )


def _by_currency(groups: Sequence[CompletenessLine]) -> dict[tuple[str, str], int]:
    sums: dict[tuple[str, str], int] = {}
    for group in groups:
        for part in group.by_disposition:
            key = (group.currency, part.disposition)
            sums[key] = sums.get(key, 0) + part.minor
    return sums


def history(
    previous: NightReport | None, point: NightPoint, nights_max: int
) -> tuple[NightPoint, ...]:
    """The nights before, and this one; a night that is drawn again replaces itself."""
    earlier = previous.history if previous else ()
    kept = [night for night in earlier if night.run_id != point.run_id]
    return (*kept, point)[-nights_max:]
