"""What the store can show of batches: their rows as the trail witnesses them, and the trail."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from ps_integration.domain.trail import ROWS
from ps_integration.errors import AskFinanceError
from ps_integration.stores.operational import witness
from ps_integration.stores.operational.audit import FORM, body
from ps_integration.stores.operational.kinds import KINDS
from ps_integration.stores.operational.models import (
    Approval,
    Audit,
    Batch,
    BatchMaker,
    Document,
    LedgerEntry,
    PostingLine,
)
from ps_integration.stores.operational.pending import Act
from ps_integration.stores.operational.sealing import document_bodies, header_bytes

_CHUNK: Final = 400
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class SealedBatch:
    """One batch with what its approval signs.

    Attributes:
        batch_id: The batch.
        root: What the approval signs.
        header: The bytes of the first leaf.
        documents: The bytes of every other leaf, by reference; all that were ever in this batch.
        proofs: For each document the neighbours up to the root, the header's included.
    """

    batch_id: str
    root: str
    header: bytes
    documents: Mapping[str, bytes]
    proofs: Mapping[str, Mapping[str, Any]]


def batch_ids(session: Session, period: str, legal_entity: str) -> Sequence[str]:
    """Batches of a posting period and legal entity, in the order of their ids."""
    found: set[str] = set()
    for model in (Batch, Document):
        query = select(model.batch_id).where(
            model.period == period, model.legal_entity == legal_entity
        )
        found.update(session.scalars(query))
    return sorted(found)


def sealed(session: Session, batch_id: str) -> SealedBatch:
    """One batch as it is stored now.

    Raises:
        AskFinanceError: Its header is gone.
    """
    batch = session.get(Batch, batch_id)
    if batch is None:
        raise AskFinanceError(f"batch {batch_id}: is not in the store; run `audit verify`")
    query = select(Document.document_ref, Document.merkle_proof)
    found = session.execute(
        query.where(Document.batch_id == batch_id).order_by(Document.document_ref)
    )
    proofs = {str(ref): dict(proof) for ref, proof in found}
    bodies: dict[str, bytes] = {}
    for chunk in _chunks(list(proofs)):
        bodies |= dict(document_bodies(session, chunk))
    return SealedBatch(batch_id, batch.merkle_root, header_bytes(batch), bodies, proofs)


def row_bodies(session: Session, batches: Sequence[str], refs: Sequence[str]) -> Iterator[bytes]:
    """Witnessed rows about these batches and documents, by table."""
    for model, column, values in (
        (Batch, Batch.batch_id, batches),
        (BatchMaker, BatchMaker.batch_id, batches),
        (Approval, Approval.batch_id, batches),
        (LedgerEntry, LedgerEntry.document_ref, refs),
    ):
        table = model.__tablename__
        keys = list(KINDS[table].table.primary_key.columns)
        for chunk in _chunks(values):
            identities = [
                tuple(row)
                for row in session.execute(select(*keys).where(column.in_(chunk)).order_by(*keys))
            ]
            for part in _chunks(identities):
                yield from (row.body for row in witness.bodies(session, table, part))


def objects(session: Session, refs: Sequence[str]) -> list[str]:
    """Ids of the objects that the lines of these documents bill."""
    found: set[str] = set()
    for chunk in _chunks(refs):
        query = select(PostingLine.object_id).where(PostingLine.document_ref.in_(chunk))
        found.update(session.scalars(query))
    return sorted(found)


@dataclass(frozen=True, slots=True)
class TrailRow:
    """One trail row: its own bytes when it is about what was asked for, else only their hash."""

    seq: int
    previous: str
    sha256: str
    body_sha256: str
    body: bytes | None


def trail(session: Session, about: Collection[str]) -> Iterator[TrailRow]:
    """The trail from the first row about these batches and documents to its end.

    Rows of releases without a key are left out; `audit verify` checks them.
    """
    query = select(*Audit.__table__.columns).where(Audit.form == FORM).order_by(Audit.seq)
    has_begun = False
    for row in session.execute(query.execution_options(yield_per=200)).mappings():
        is_about = row["subject"] in about or (
            row["action"] == ROWS and any(_is_about(entry, about) for entry in _entries(row))
        )
        has_begun = has_begun or is_about
        if has_begun:
            act = Act(row["at"], row["who"], row["action"], row["subject"], row["detail"])
            own = body(row["seq"], row["key_id"], act)
            yield TrailRow(
                row["seq"],
                row["prev_sha256"],
                row["sha256"],
                hashlib.sha256(own).hexdigest(),
                own if is_about else None,
            )


def _entries(row: Mapping[Any, Any]) -> list[Any]:
    listed = row["detail"].get("rows")
    return listed if isinstance(listed, list) else []


def _is_about(entry: object, about: Collection[str]) -> bool:
    return isinstance(entry, list) and any(name in about for name in entry[3:])


def _chunks(values: Sequence[_Value]) -> Iterator[Sequence[_Value]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
