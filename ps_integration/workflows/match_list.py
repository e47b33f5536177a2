"""Lines typed into the ERP by hand as the last night left them, and what people decided of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from ps_integration.domain.days import said_at
from ps_integration.domain.ports import Queries, Row
from ps_integration.stores.operational import match_reading
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
    union all
    select
        record_key,
        choice,
        status,
        evidence,
        'takes back ' || named as entries
    from reconciliation.credit_matches
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
        decision: `accepted`, `proposed` or `rejected`.
        lines: Its lines as people know them.
        entries: Its entries.
        decided_by: Who; of a match that needed two persons, both.
        decided_at: When.
        note: Why.
        state: `counts`, `from the next night on`, `waits for a second person`, `confirmed by ...`,
            `withdrawn by ...`, or why it counts no longer.
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
    rows = match_reading.history(session)
    later = {row.withdraws: row for row in rows if row.withdraws is not None}
    by_id = {row.decision_id: row for row in rows}
    return [
        _listed(row, by_id.get(row.withdraws or 0), _state(row, later.get(row.decision_id), seen))
        for row in rows
        if row.decision != "withdrawn" and (with_all or row.decision_id not in later)
    ]


def _state(row: MatchDecision, later: MatchDecision | None, seen: dict[int, object]) -> str:
    if later is not None:
        verb = "withdrawn" if later.decision == "withdrawn" else "confirmed"
        return f"{verb} by {later.decided_by} on {said_at(later.decided_at)}: {later.note}"
    what = seen.get(row.decision_id)
    if what is not None:
        return f"counts no longer: {what}"
    if row.decision == "proposed":
        return "waits for a second person"
    return "counts" if row.decision_id in seen else "from the next night on"


def _listed(row: MatchDecision, proposal: MatchDecision | None, state: str) -> Decided:
    first = () if proposal is None else (proposal,)
    return Decided(
        row.decision_id,
        row.decision,
        match_reading.named(row),
        tuple(sorted(row.entries)),
        " and ".join(one.decided_by for one in (*first, row)),
        row.decided_at,
        "; ".join(one.note for one in (*first, row)),
        state,
    )
