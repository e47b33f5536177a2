"""What a person decides about lines typed into the ERP by hand, held against the last night."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ps_integration.domain.money import Money
from ps_integration.domain.money import hours as hours_text
from ps_integration.domain.ports import Queries, Row
from ps_integration.errors import AskFinanceError
from ps_integration.reconciliation.matching.candidates import agrees, is_near, money_agrees
from ps_integration.reconciliation.matching.fill import entry_of, line_of
from ps_integration.reconciliation.matching.items import Entry, Line
from ps_integration.stores.operational import match_decisions, match_reading
from ps_integration.stores.operational.match_decisions import Decider, Match
from ps_integration.stores.operational.models import MatchDecision
from ps_integration.stores.operational.store import OperationalStore, Session
from ps_integration.workflows.match_facts import entries_named, lines_named, match_of, said

_CAP: Final = "select max(cap_minor) from billing.projects where project_id = $project_id"
_CHOICES: Final = """
select list(entry_id order by entry_id) as entries
from reconciliation.matches
where record_key = $record_key and status <> 'accepted'
group by choice
order by entries
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Lines and entries as a person names them.

    Attributes:
        lines: Record keys, or `DOCUMENT/LINE`; more than one where one entry was split.
        entries: Entry ids.
        is_different: Accept although hours, money or dates do not agree.
    """

    lines: Sequence[str]
    entries: Sequence[str]
    is_different: bool = False


def accept(store: OperationalStore, queries: Queries, asked: Asked, by: Decider) -> MatchDecision:
    """Accept that lines bill these entries; from the next night on they are settled.

    Where their money differs and it was said to accept that, they are only proposed: another
    person confirms.

    Args:
        store: The operational store.
        queries: The warehouse as the last night left it.
        asked: The lines and the entries.
        by: Who decides, when and why.

    Raises:
        AskFinanceError: The night did not list a line or an entry, their projects or currencies
            differ, their sums do and nobody said so, or another decision is in the way.
    """
    match = to_accept(queries, asked)
    with store.session() as session:
        return match_decisions.accept(session, match, by)


def reject(
    store: OperationalStore, queries: Queries, asked: Asked, by: Decider
) -> list[MatchDecision]:
    """Say that a line does not bill these entries, or none of those that the night offered.

    Raises:
        AskFinanceError: The night did not offer them, or another decision is in the way.
    """
    matches = to_reject(queries, asked)
    with store.session() as session:
        known = {
            tuple(sorted(one.entries))
            for one in match_reading.standing(session)
            if one.decision == "rejected" and _has_line(one, matches) and not asked.entries
        }
        new = [one for one in matches if tuple(sorted(one.entries)) not in known]
        return [match_decisions.reject(session, one, by) for one in new]


def _has_line(decision: MatchDecision, matches: Sequence[Match]) -> bool:
    return any(key in decision.lines for match in matches for key in match.lines)


def confirm(
    store: OperationalStore, queries: Queries, decision_id: int, by: Decider
) -> MatchDecision:
    """Confirm a match that another person proposed; from the next night on it is settled.

    Raises:
        AskFinanceError: No such proposal waits, a side of it is not as it was, or the person may
            not confirm it.
    """
    with store.session() as session:
        return confirm_in(session, queries, decision_id, by)


def confirm_in(session: Session, queries: Queries, decision_id: int, by: Decider) -> MatchDecision:
    """The same in the caller's transaction."""
    waiting = match_decisions.proposed(session, decision_id)
    asked = Asked(sorted(waiting.lines), sorted(waiting.entries), is_different=True)
    return match_decisions.confirm(session, decision_id, to_accept(queries, asked), by)


def withdraw(store: OperationalStore, decision_id: int, by: Decider) -> MatchDecision:
    """Take a decision back; from the next night on all is as if it had not been made.

    Raises:
        AskFinanceError: No decision of that number stands.
    """
    with store.session() as session:
        return match_decisions.withdraw(session, decision_id, by)


def to_accept(queries: Queries, asked: Asked) -> Match:
    """What would be accepted, held against the last night; raises as `accept`."""
    rows = [_line(queries, given) for given in dict.fromkeys(asked.lines)]
    entries = [_entry(queries, entry) for entry in sorted(set(asked.entries))]
    _refuse_other_group(rows, entries)
    if len(rows) > 1 and len(entries) > 1:
        raise AskFinanceError("several lines bill one entry, or one line several; not both")
    typed, worked = [line_of(row) for row in rows], [entry_of(row) for row in entries]
    told = _difference(typed, worked)
    if told and not asked.is_different:
        raise AskFinanceError(f"{told}; --despite-difference accepts it as it is")
    needs_second = not agrees(typed, worked) and not money_agrees(typed, worked)
    cap = queries.value(_CAP, {"project_id": rows[0]["project_id"]})
    return replace(match_of(rows, entries), needs_second=needs_second, has_cap=cap is not None)


def to_reject(queries: Queries, asked: Asked) -> list[Match]:
    """What would be rejected of the first line, held against the last night; raises as `reject`."""
    row = _line(queries, asked.lines[0])
    choices = sorted({_named(one["entries"]) for one in _choices(queries, row)})
    wanted = tuple(sorted(set(asked.entries)))
    if wanted and wanted not in choices:
        offered = " or ".join(", ".join(choice) for choice in choices) or "nothing"
        raise AskFinanceError(f"{said(row)}: the last night offered {offered}")
    if not choices:
        raise AskFinanceError(f"{said(row)}: the last night offered nothing to reject")
    return [
        match_of([row], [_entry(queries, entry) for entry in choice])
        for choice in ([wanted] if wanted else choices)
    ]


def _line(queries: Queries, given: str) -> Row:
    rows = lines_named(queries, [given])
    if not rows:
        raise AskFinanceError(
            f"{given!r}: the last night listed no line typed by hand of that name; "
            "ps-integration matches list shows them"
        )
    if len(rows) > 1:
        keys = ", ".join(str(row["record_key"]) for row in rows)
        raise AskFinanceError(f"{given!r} means several lines: {keys}")
    (row,) = rows
    if row["kind"] != "invoice" or row["project_id"] is None:
        raise AskFinanceError(f"{said(row)}: only a line of an invoice on a known project bills")
    return row


def _entry(queries: Queries, entry_id: str) -> Row:
    rows = entries_named(queries, [entry_id])
    if not rows:
        raise AskFinanceError(f"{entry_id}: the last night knew no entry of that name")
    (row,) = rows
    if row["approval_state"] != "approved" or row["is_deleted"]:
        state = "deleted" if row["is_deleted"] else row["approval_state"]
        raise AskFinanceError(f"{entry_id} is not approved, it is {state}")
    if not row["is_unposted"]:
        fate = row["fate"] or "not ours to bill"
        raise AskFinanceError(f"{entry_id} is not waiting to be billed: it is {fate}")
    return row


def _refuse_other_group(lines: Sequence[Row], entries: Sequence[Row]) -> None:
    first = lines[0]
    for row in (*lines[1:], *entries):
        name = row.get("entry_id") or said(row)
        for what in ("currency", "project_id"):
            if row[what] != first[what]:
                noun = what.removesuffix("_id")
                raise AskFinanceError(
                    f"{name}: its {noun} is {row[what]}, that of {said(first)} {first[what]}"
                )


def _difference(lines: Sequence[Line], entries: Sequence[Entry]) -> str:
    """What does not agree, in words; empty when everything does."""
    if agrees(lines, entries):
        far = [(li, en) for li in lines for en in entries if not is_near(li, en)]
        return (
            f"the document is of {far[0][0].day}, {far[0][1].key} of {far[0][1].day}" if far else ""
        )
    currency = lines[0].block.rpartition("|")[2]
    typed = "no hours" if any(li.seconds is None for li in lines) else _hours(lines)
    billed = Money(sum(line.minor for line in lines), currency)
    priced = [entry.minor for entry in entries if entry.minor is not None]
    money = Money(sum(priced), currency) if len(priced) == len(entries) else "no price"
    return f"the ERP bills {typed} and {billed}, the entries come to {_hours(entries)} and {money}"


def _hours(items: Sequence[Line] | Sequence[Entry]) -> str:
    return f"{hours_text(sum(item.seconds or 0 for item in items), 2)} h"


def _choices(queries: Queries, line: Row) -> list[Row]:
    return queries.rows(_CHOICES, {"record_key": line["record_key"]})


def _named(entries: object) -> tuple[str, ...]:
    return tuple(sorted(str(entry) for entry in entries))  # type: ignore[attr-defined]  # a list
