"""Where two plans differ: batch by batch, then document by document, then line by line."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ps_integration.billing.planned import PlannedBatch, PlannedDocument, PlannedLine
from ps_integration.stores.operational import approvals, staging
from ps_integration.stores.operational.models import PostingLine
from ps_integration.stores.operational.store import OperationalStore, Session

_COMPARED: Final = (
    *("version_sha256", "period", "work_date", "seconds", "quantity", "unit_price"),
    *("amount_minor", "currency", "description"),
)
LINES_MAX: Final = 200
"""More sentences than this are counted, not listed."""


def differences(
    recorded: Mapping[str, str], planned: Sequence[PlannedBatch], store: OperationalStore
) -> tuple[str, ...]:
    """One sentence for everything in which the plan made again is not the recorded one."""
    hashes = {batch.batch_id: batch.content_sha256 for batch in planned}
    if hashes == recorded:
        return ()
    with store.session() as session:
        found = [
            *_recorded_only(session, recorded, planned),
            *(line for batch in planned for line in _of_batch(session, recorded, batch)),
        ]
    if len(found) > LINES_MAX:
        return (*found[:LINES_MAX], f"and {len(found) - LINES_MAX} more differences")
    return tuple(found)


def _recorded_only(
    session: Session, recorded: Mapping[str, str], planned: Sequence[PlannedBatch]
) -> Iterator[str]:
    again = {document.document_ref for batch in planned for document in batch.documents}
    for batch_id in sorted(set(recorded) - {batch.batch_id for batch in planned}):
        yield f"batch {batch_id}: was planned then and is not planned now"
        for document in approvals.documents(session, batch_id):
            if document.document_ref not in again:
                yield f"document {document.document_ref}: is not planned now"


def _of_batch(session: Session, recorded: Mapping[str, str], batch: PlannedBatch) -> Iterator[str]:
    if recorded.get(batch.batch_id) == batch.content_sha256:
        return
    yield (
        f"batch {batch.batch_id}: is planned now and was not then ({batch.legal_entity} "
        f"{batch.period} {batch.currency}, {batch.line_count} lines)"
    )
    for document in batch.documents:
        yield from _of_document(session, document)


def _of_document(session: Session, document: PlannedDocument) -> Iterator[str]:
    ref = document.document_ref
    known = staging.by_ref(session, (ref,)).get(ref)
    if known is None:
        yield f"document {ref}: was not planned then"
    elif known.content_sha256 != document.content_sha256:
        then = {line.line_key: line for line in approvals.lines(session, ref)}
        now = {line.line_key: line for line in document.lines}
        lines = list(_of_lines(ref, then, now))
        yield from lines
        if not lines:
            yield f"document {ref}: its header is another one"


def _of_lines(
    ref: str, then: Mapping[str, PostingLine], now: Mapping[str, PlannedLine]
) -> Iterator[str]:
    for key in sorted(then.keys() | now.keys()):
        if key not in now:
            yield f"{ref} line {key}: was planned then and is not now"
        elif key not in then:
            yield f"{ref} line {key}: is planned now and was not then"
        else:
            for name in _COMPARED:
                before, after = getattr(then[key], name), getattr(now[key], name)
                if before != after:
                    yield f"{ref} line {key}: {name} was {before}, is {after}"
