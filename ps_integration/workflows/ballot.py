"""Decisions on many batches by file: exported, filled in by hand, imported whole or not at all.

The file says what is decided, never by whom: that is the operating system's user who imports it.
Each row repeats the content hash it was decided on, so that a batch that changed since is refused.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ps_integration.domain.money import known_amount
from ps_integration.errors import AskFinanceError, FixConfigError
from ps_integration.settings.load import FirmFile
from ps_integration.stores.operational import approvals
from ps_integration.stores.operational.store import OperationalStore, Session
from ps_integration.workflows import approve
from ps_integration.workflows.batches import BatchSummary

SHOWN: Final = ("legal_entity", "period", "system", "currency", "amount", "lines")
COLUMNS: Final = ("batch_id", "content_sha256", "decision", "note", *SHOWN)
DECISIONS: Final = ("approve", "reject", "")
ROWS_MAX: Final = 10_000
BYTES_MAX: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class Vote:
    """One row that decides something; `row` is its line in the file."""

    row: int
    batch_id: str
    content_sha256: str
    decision: str
    note: str


def export(store: OperationalStore) -> str:
    """Every batch that waits, as CSV with an empty decision column."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    with store.snapshot() as session:
        hashes = {one.batch_id: one.content_sha256 for one in approvals.batches(session)}
    for batch in approve.list_batches(store, ("planned",)):
        writer.writerow(_row(batch, hashes[batch.batch_id]))
    return out.getvalue()


def _row(batch: BatchSummary, content_sha256: str) -> dict[str, object]:
    return {
        "batch_id": batch.batch_id,
        "content_sha256": content_sha256,
        "decision": "",
        "note": "",
        "legal_entity": batch.legal_entity,
        "period": batch.period,
        "system": batch.system,
        "currency": batch.currency,
        "amount": known_amount(batch.amount_minor, batch.currency),
        "lines": batch.line_count,
    }


def read(data: bytes) -> tuple[Vote, ...]:
    """The decisions of a file; rows without one are left out.

    Raises:
        FixConfigError: It is no such file.
        AskFinanceError: Rows of it are wrong; each is named.
    """
    if len(data) > BYTES_MAX:
        raise FixConfigError(f"the file is larger than {BYTES_MAX:,} bytes")
    try:
        rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        listed = [row for row in rows if any(cell.strip() for cell in row)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise FixConfigError(f"the file is no CSV in UTF-8: {error}") from error
    header = [cell.strip() for cell in listed[0]] if listed else []
    missing = [name for name in COLUMNS[:4] if header.count(name) != 1]
    if missing:
        raise FixConfigError(f"the file needs these columns once: {', '.join(missing)}")
    if len(listed) > ROWS_MAX:
        raise FixConfigError(f"the file has more than {ROWS_MAX:,} rows")
    votes = [_vote(number, header, row) for number, row in enumerate(listed[1:], 2)]
    _refuse(_mistakes(votes))
    return tuple(vote for vote in votes if vote.decision)


def _vote(number: int, header: Sequence[str], row: Sequence[str]) -> Vote:
    if len(row) != len(header):
        raise FixConfigError(f"row {number}: has {len(row)} cells, not {len(header)}")
    cells: Mapping[str, str] = dict(zip(header, (cell.strip() for cell in row), strict=True))
    return Vote(
        number,
        cells["batch_id"],
        cells["content_sha256"],
        cells["decision"].casefold(),
        cells["note"],
    )


def _mistakes(votes: Sequence[Vote]) -> list[str]:
    seen: set[str] = set()
    found = []
    for vote in votes:
        if vote.decision not in DECISIONS:
            found.append(f"row {vote.row}: {vote.decision!r} is neither approve nor reject")
        if vote.batch_id in seen:
            found.append(f"row {vote.row}: batch {vote.batch_id} is in the file twice")
        seen.add(vote.batch_id)
    return found


def apply(
    store: OperationalStore, votes: Sequence[Vote], who: str, now: datetime, file: FirmFile
) -> dict[str, str]:
    """Carry out every decision of a file, or none.

    Args:
        store: The operational store.
        votes: From `read`.
        who: The operating system's user who imports.
        now: The instant.
        file: The firm file.

    Returns:
        What each batch came to: `approved`, `first_of_two` or `rejected`.

    Raises:
        AskFinanceError: Each row that cannot be carried out, with why; nothing was decided. The
            refusals are in the audit trail.
    """
    done: dict[str, str] = {}
    problems: dict[str, str] = {}
    rows = {vote.batch_id: vote.row for vote in votes}
    try:
        with store.session() as session:
            for vote in votes:
                try:
                    done[vote.batch_id] = _carry_out(session, vote, who, now, file)
                except AskFinanceError as error:
                    problems[vote.batch_id] = str(error)
            _refuse([f"row {rows[batch_id]}: {told}" for batch_id, told in problems.items()])
    except AskFinanceError:
        approve.note_refusals(store, problems, approve.Signer(who, now))
        raise
    return done


def _carry_out(session: Session, vote: Vote, who: str, now: datetime, file: FirmFile) -> str:
    batch = approvals.get(session, vote.batch_id)
    if batch.content_sha256 != vote.content_sha256:
        raise AskFinanceError(f"batch {vote.batch_id}: is not what the file was exported with")
    signer = approve.Signer(who, now, vote.note)
    if vote.decision == "approve":
        return approve.approve_in(session, vote.batch_id, signer, file)
    return approve.reject_in(session, vote.batch_id, signer, file)


def _refuse(mistakes: Sequence[str]) -> None:
    if mistakes:
        raise AskFinanceError("\n".join(["nothing was decided:", *mistakes]))
