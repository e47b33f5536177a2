"""Tells PSA and time systems what became of their work: one status per invoice and subject.

It never makes an entry version: what we write there is no billing-relevant field.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from itertools import islice
from typing import Final, Literal, cast

from ps_integration.connectors.protocol import (
    FeedbackWriter,
    InvoiceStatus,
    StatusNote,
    WriteAnswer,
)
from ps_integration.domain.crashpoint import crashpoint
from ps_integration.domain.money import Money
from ps_integration.domain.ports import Row
from ps_integration.domain.seal import digest
from ps_integration.errors import PsIntegrationError
from ps_integration.stores.operational import feedback as owed_store
from ps_integration.stores.operational.feedback import Owed
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows.mirror import copy
from ps_integration.workflows.night import Night, StepResult

_CHUNK: Final = 100
_SETTLED: Final = frozenset({"part_paid", "paid", "part_credited", "credited"})


def feedback(
    night: Night,
    warehouse: Warehouse,
    store: OperationalStore,
    writers: Mapping[str, FeedbackWriter],
) -> StepResult:
    """Work out what each system should know, and tell it what changed or was not yet told.

    The intent is committed before the call. A system that cannot be reached keeps its notes
    pending; a note that was refused waits until it changes.
    """
    copy(warehouse, store)
    counts: Counter[str] = Counter()
    by_system: dict[str, list[tuple[Owed, StatusNote]]] = {}
    with store.snapshot() as session:
        for one, note in _all_owed(warehouse):
            if one.system not in writers:
                counts["no_writer"] += 1
            elif owed_store.is_settled(session, one):
                counts["unchanged"] += 1
            else:
                by_system.setdefault(one.system, []).append((one, note))
    if not night.is_dry:
        for system, owed in sorted(by_system.items()):
            counts += _tell_system(night, store, writers[system], owed)
    return StepResult(counts["told"], dict(counts))


def _all_owed(warehouse: Warehouse) -> Iterator[tuple[Owed, StatusNote]]:
    sql = files("ps_integration.workflows").joinpath("feedback.sql").read_text("utf-8")
    for row in warehouse.rows(sql):
        yield _owed(row)


def _owed(row: Row) -> tuple[Owed, StatusNote]:
    status = _status(row)
    note = StatusNote(
        subject_kind=cast(
            "Literal['project', 'milestone', 'time_entry']", str(row["subject_kind"])
        ),
        subject_external_id=str(row["subject_external_id"]),
        reference=str(row["reference"]),
        number=str(row["number"] or ""),
        status=status,
        message=_message(row, status),
    )
    sha = digest([note.status, note.number, note.message])
    one = Owed(
        system=str(row["system"]),
        subject_kind=note.subject_kind,
        subject_external_id=note.subject_external_id,
        reference=note.reference,
        status=note.status,
        message=note.message,
        payload_sha256=sha,
    )
    return one, note


def _status(row: Row) -> InvoiceStatus:
    """The invoice's status; a time entry only knows invoiced and cancelled."""
    status = str(row["status"])
    if row["subject_kind"] == "time_entry" and status != "cancelled":
        return "invoiced"
    return cast("InvoiceStatus", status)


def _message(row: Row, status: InvoiceStatus) -> str:
    currency = str(row["currency"])
    name = "Credit memo" if row["kind"] == "credit_memo" else "Invoice"
    head = f"{name} {row['number'] or row['document_ref']}"
    if row["subject_kind"] == "time_entry":  # payments do not change what the entry is told
        return f"{head} {status}"
    parts = [f"{head} {status}", f"net {Money(cast('int', row['amount_minor']), currency)}"]
    if row["subject_kind"] == "milestone":
        parts.append(f"this milestone {Money(cast('int', row['share_minor']), currency)}")
    # What is left to pay is news only once something was settled: until then a night adds nothing.
    if status in _SETTLED and row["remaining_minor"] is not None:
        total, left = cast("int", row["total_minor"]), cast("int", row["remaining_minor"])
        parts.append(f"total {Money(total, currency)}")
        if credited := cast("int", row["credited_minor"]):
            paid = max(total - left - credited, 0)
            parts += [f"credited {Money(credited, currency)}", f"paid {Money(paid, currency)}"]
        parts.append(f"remaining {Money(left, currency)}")
    return ", ".join(parts)


def _tell_system(
    night: Night,
    store: OperationalStore,
    writer: FeedbackWriter,
    owed: Sequence[tuple[Owed, StatusNote]],
) -> Counter[str]:
    counts: Counter[str] = Counter()
    rest = iter(owed)
    while chunk := tuple(islice(rest, _CHUNK)):
        with store.session() as session:
            owed_store.intend(session, [one for one, _ in chunk], night.as_of)
        crashpoint("F1 feedback-intent")
        answers, problem = _tell(writer, [note for _, note in chunk])
        crashpoint("F2 feedback-told")
        with store.session() as session:
            for (one, _), answer in zip(chunk, answers, strict=True):
                state = _state(answer)
                error = None if state == "told" else (problem or _error(answer))
                owed_store.conclude(session, one, state, at=night.as_of, error=error)
                counts[state] += 1
        if problem:
            counts["unreachable"] += 1
            break
    return counts


def _tell(writer: FeedbackWriter, notes: Sequence[StatusNote]) -> tuple[Sequence[WriteAnswer], str]:
    """The answers; when the system could not be told, no clear answer for each, and why."""
    try:
        answers = writer.tell(notes)
    except PsIntegrationError as error:
        return [WriteAnswer("not_sent")] * len(notes), str(error)
    if len(answers) != len(notes):
        return [WriteAnswer("ambiguous")] * len(notes), "not one answer per note"
    return answers, ""


def _state(answer: WriteAnswer) -> Literal["told", "refused", "pending"]:
    if answer.outcome == "accepted":
        return "told"
    return "refused" if answer.outcome == "refused" else "pending"


def _error(answer: WriteAnswer) -> str:
    return f"{answer.outcome} {answer.code} {answer.message}".strip()[:2000]
