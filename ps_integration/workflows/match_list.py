"""Lines typed into the ERP by hand as the last night left them, and what people decided of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from ps_integration.domain.ports import Queries, Row
from ps_integration.stores.operational import match_decisions
from ps_integration.stores.operational.models import MatchDecision
from ps_integration.stores.operational.store import Session

Status = Literal["accepted", "confirmed", "ambiguous", "open"]
STATUSES: Final[tuple[Status, ...]] = ("accepted", "confirmed", "ambiguous", "open")
_LINES: Final = """
with choices as (
    select
        record_key,
        choice,
        min(status) as status,
        min(evidence) as evidence,
        string_agg(entry_id, ', ' order by entry_id) as entries
    from reconciliation.matches
    group by record_key, choice
),

matched as (
    select
        record_key,
        min(status) as status,
        min_by(evidence, choice) as evidence,
        string_agg(entries, ' or ' order by choice) as entries
    from choices
    group by record_key
)

select
    li.record_key,
    coalesce(li.number, li.document_external_id) || '/' || li.line_no::varchar as line,
    li.project_key,
    li.posting_date,
    li.amount_minor,
    li.currency,
    coalesce(ma.status, 'open') as status,
    ma.entries,
    coalesce(
        ma.evidence,
        'nearest is ' || nm.entry_id || '; what differs first is the ' || nm.failed_test || ', '
        || nm.gap
    ) as evidence
from reconciliation.hand_typed_lines as li
left join matched as ma on li.record_key = ma.record_key
left join reconciliation.non_matches as nm on li.record_key = nm.record_key
order by li.posting_date, line, li.record_key
"""
_SEEN: Final = """
select
    md.decision_id,
    st.what
from ops.match_decisions as md
left join reconciliation.stale_decisions as st on md.decision_id = st.decision_id
"""


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision as it is listed.

    Attributes:
        decision_id: Its number.
        decision: `accepted` or `rejected`.
        lines: Its lines as people know them.
        entries: Its entries.
        decided_by: Who.
        decided_at: When.
        note: Why.
        state: `counts`, `from the next night on`, `withdrawn by ...`, or why it counts no longer.
    """

    decision_id: int
    decision: str
    lines: str
    entries: tuple[str, ...]
    decided_by: str
    decided_at: datetime
    note: str
    state: str


def lines(queries: Queries, status: str | None = None) -> list[Row]:
    """The lines that the last night listed, oldest first."""
    return [row for row in queries.rows(_LINES) if status in (None, row["status"])]


def decided(session: Session, queries: Queries, *, with_all: bool = False) -> list[Decided]:
    """Decisions that stand, oldest first; with those that were taken back when asked."""
    seen = {int(str(row["decision_id"])): row["what"] for row in queries.rows(_SEEN)}
    rows = match_decisions.history(session)
    withdrawn = {row.withdraws: row for row in rows if row.withdraws is not None}
    return [
        _listed(row, _state(row, withdrawn.get(row.decision_id), seen))
        for row in rows
        if row.decision != "withdrawn" and (with_all or row.decision_id not in withdrawn)
    ]


def _state(row: MatchDecision, taken_back: MatchDecision | None, seen: dict[int, object]) -> str:
    if taken_back is not None:
        return (
            f"withdrawn by {taken_back.decided_by} on {taken_back.decided_at:%Y-%m-%d}: "
            f"{taken_back.note}"
        )
    if row.decision_id not in seen:
        return "from the next night on"
    what = seen[row.decision_id]
    return "counts" if what is None else f"counts no longer: {what}"


def _listed(row: MatchDecision, state: str) -> Decided:
    return Decided(
        row.decision_id,
        row.decision,
        match_decisions.named(row),
        tuple(sorted(row.entries)),
        row.decided_by,
        row.decided_at,
        row.note,
        state,
    )
