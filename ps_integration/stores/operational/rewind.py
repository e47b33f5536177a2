"""Copies an operational store into an empty one as it stood at earlier high-water marks.

The ledger and the break events are append-only, so the state of every document and every break is
known at any of their numbers. What has no history is taken as it is: a runs table, texts, and what
feedback was told before that instant.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from ps_integration.domain.posting import FREES_ITS_LINES
from ps_integration.stores.operational.base import Base
from ps_integration.stores.operational.break_events import STATES
from ps_integration.stores.operational.ledger import batch_status
from ps_integration.stores.operational.models import (
    Batch,
    Break,
    BreakEvent,
    CanonicalId,
    CorrectionDecision,
    DayDecision,
    Decision,
    Document,
    ErpReversal,
    Feedback,
    LedgerEntry,
    LiveLine,
    MatchDecision,
    Opening,
    PostingLine,
    RecordLink,
    Run,
)
from ps_integration.stores.operational.store import OperationalStore

_CHUNK = 20_000
_UNSENT = {
    "erp_id": None,
    "erp_number": None,
    "readback_minor": None,
    "readback": None,
    "confirmed_at": None,
}
_NOBODYS = {"lease_holder": None, "lease_until": None}
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Marks:
    """How far back.

    Attributes:
        run_id: The run whose own break events are left out.
        as_of: Its instant.
        ledger_seq: Last ledger row to keep.
        break_seq: Last break event to keep.
        decision_id: Last write-off or waiver to keep.
        openings: Opening lists to keep, by legal entity and time system.
        match_decision_id: Last decision about a line typed by hand to keep.
        link_id: Last link of a record to its canonical object to keep.
        day_decision_id: Last entry dated anew to keep.
    """

    run_id: str
    as_of: datetime
    ledger_seq: int
    break_seq: int
    decision_id: int
    openings: frozenset[tuple[str, str]]
    match_decision_id: int
    link_id: int = 0
    day_decision_id: int = 0


def rewind(source: OperationalStore, target: OperationalStore, marks: Marks) -> None:
    """Copy what the run could see; the target is migrated and empty."""
    with source.snapshot() as reading, target.session() as writing:
        _put(writing, Run, _rows(reading, Run))
        ledger = [row for row in _rows(reading, LedgerEntry) if _seq(row) <= marks.ledger_seq]
        documents = list(_documents(reading, ledger, marks))
        _put(writing, Batch, _batches(reading, documents))
        _put(writing, Document, documents)
        _put(writing, LedgerEntry, ledger)
        states = {row["document_ref"]: row["state"] for row in documents}
        lines = [row for row in _rows(reading, PostingLine) if row["document_ref"] in states]
        _put(writing, PostingLine, lines)
        _put(
            writing,
            LiveLine,
            (
                {"line_key": row["line_key"], "document_ref": row["document_ref"]}
                for row in lines
                if states[row["document_ref"]] not in FREES_ITS_LINES
            ),
        )
        reversals = (
            row
            for row in _rows(reading, ErpReversal)
            if row["document_ref"] in states and not _is_before(marks.as_of, row["found_at"])
        )
        _put(writing, ErpReversal, reversals)
        _put_decisions(reading, writing, marks)
        _put_links(reading, writing, marks)
        _put_breaks(reading, writing, marks)


def _documents(reading: Session, ledger: Iterable[Row], marks: Marks) -> Iterable[Row]:
    state: dict[object, object] = {}
    batch: dict[object, object] = {}
    for row in ledger:
        ref, evidence = row["document_ref"], row["evidence"]
        state[ref] = row["to_state"]
        if isinstance(evidence, dict) and "batch_id" in evidence:
            batch[ref] = evidence["batch_id"]
    for document in _rows(reading, Document):
        ref, confirmed = document["document_ref"], document["confirmed_at"]
        if ref not in state:
            continue
        moved = {"state": state[ref], "batch_id": batch.get(ref, document["batch_id"])}
        is_known = isinstance(confirmed, datetime) and confirmed <= marks.as_of
        later = {} if is_known and state[ref] == "posted" else _UNSENT
        yield {**document, **moved, **later, **_NOBODYS}


def _batches(reading: Session, documents: Iterable[Row]) -> Iterable[Row]:
    states: dict[object, set[str]] = {}
    for document in documents:
        states.setdefault(document["batch_id"], set()).add(str(document["state"]))
    for batch in _rows(reading, Batch):
        if batch["batch_id"] in states:
            yield {**batch, "status": batch_status(frozenset(states[batch["batch_id"]]))}


def _put_decisions(reading: Session, writing: Session, marks: Marks) -> None:
    decisions = (
        row for row in _rows(reading, Decision) if int(str(row["decision_id"])) <= marks.decision_id
    )
    _put(writing, Decision, decisions)
    matched = (
        row
        for row in _rows(reading, MatchDecision)
        if int(str(row["decision_id"])) <= marks.match_decision_id
    )
    _put(writing, MatchDecision, matched)
    dated = (
        row
        for row in _rows(reading, DayDecision)
        if int(str(row["decision_id"])) <= marks.day_decision_id
    )
    _put(writing, DayDecision, dated)
    corrections = (
        row
        for row in _rows(reading, CorrectionDecision)
        if _is_before(row["decided_at"], marks.as_of)
    )
    _put(writing, CorrectionDecision, corrections)
    openings = (
        row
        for row in _rows(reading, Opening)
        if (row["legal_entity"], row["time_system"]) in marks.openings
    )
    _put(writing, Opening, openings)
    told = (row for row in _rows(reading, Feedback) if _is_before(row["changed_at"], marks.as_of))
    _put(writing, Feedback, told)


def _put_links(reading: Session, writing: Session, marks: Marks) -> None:
    links = [row for row in _rows(reading, RecordLink) if int(str(row["link_id"])) <= marks.link_id]
    known = {(row["object_kind"], row["canonical_id"]) for row in links}
    ids = (
        row
        for row in _rows(reading, CanonicalId)
        if (row["object_kind"], row["canonical_id"]) in known
    )
    _put(writing, CanonicalId, ids)
    _put(writing, RecordLink, links)


def _put_breaks(reading: Session, writing: Session, marks: Marks) -> None:
    events = [
        row
        for row in _rows(reading, BreakEvent)
        if _seq(row) <= marks.break_seq and row["run_id"] != marks.run_id
    ]
    last = {row["break_id"]: row for row in events if row["event"] in STATES}
    breaks = (
        _break_at(row, last[row["break_id"]])
        for row in _rows(reading, Break)
        if row["break_id"] in last
    )
    _put(writing, Break, breaks)
    _put(writing, BreakEvent, events)


def _break_at(row: Row, event: Row) -> Row:
    state, facts, decided = STATES[str(event["event"])], event["facts"], event["detail"]
    seen = dict(facts) if isinstance(facts, dict) else {}
    names = ("blocked_kind", "blocked_id", "at_risk_minor", "currency")
    accepted = decided if state == "accepted" and isinstance(decided, dict) else {}
    until = accepted.get("until")
    return {
        **row,
        **{name: seen.get(name) for name in names},
        "state": state,
        "facts": seen,
        "last_seen_at": event["at"],
        "closed_at": None if state == "open" else event["at"],
        "accepted_minor": accepted.get("amount_minor"),
        "accepted_until": date.fromisoformat(until) if until else None,
    }


def _rows(reading: Session, model: type[Base]) -> list[Row]:
    table = _table(model)
    query = select(table).order_by(*table.primary_key.columns)
    return [dict(row) for row in reading.execute(query).mappings()]


def _put(writing: Session, model: type[Base], rows: Iterable[Row]) -> None:
    kept = list(rows)
    for start in range(0, len(kept), _CHUNK):
        writing.execute(insert(_table(model)), kept[start : start + _CHUNK])


def _table(model: type[Base]) -> Table:
    return cast("Table", model.__table__)


def _seq(row: Row) -> int:
    return int(str(row["seq"]))


def _is_before(instant: object, limit: object) -> bool:
    return isinstance(instant, datetime) and isinstance(limit, datetime) and instant < limit
