"""Puts planned batches into the store: rows, states and the guard against doubled lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from ps_integration.errors import AskFinanceError
from ps_integration.stores.operational import ledger, makers
from ps_integration.stores.operational.models import (
    Batch,
    Document,
    LedgerEntry,
    LiveLine,
    PostingLine,
)
from ps_integration.stores.operational.planned import Line, PlannedBatch, PlannedDocument
from ps_integration.stores.operational.sealing import LINE_COLUMNS, LINK_COLUMNS, leaf, seal

_CHUNK: Final = 500
_CONTENT: Final = (
    *("project_external_id", "purchase_order", "tax_code", "cost_centre", "revenue_account"),
)
_COLUMNS: Final = (
    *("document_ref", "kind", "system", "company", "legal_entity", "project_id", "customer_key"),
    *("currency", "period", "posting_date", "amount_minor", "content_sha256"),
)


@dataclass(frozen=True, slots=True)
class Made:
    """Who made the batches of a run, when, under which configuration, and by what.

    Attributes:
        run_id: The run.
        at: Its instant.
        maker: Who started it.
        config_hash: Its configuration.
        others: Who changed that configuration since it was last accepted.
        versions: Of program, mapping and rates.
    """

    run_id: str
    at: datetime
    maker: str
    config_hash: str
    others: frozenset[str] = frozenset()
    versions: Mapping[str, str] | None = None


def by_ref(session: Session, refs: Sequence[str]) -> dict[str, Document]:
    """The stored documents of these references."""
    found: dict[str, Document] = {}
    for start in range(0, len(refs), _CHUNK):
        chunk = refs[start : start + _CHUNK]
        rows = session.scalars(select(Document).where(Document.document_ref.in_(chunk)))
        found |= {row.document_ref: row for row in rows}
    return found


def planned_documents(session: Session) -> Sequence[Document]:
    """Every document that is planned and not yet signed, locked."""
    return session.scalars(
        select(Document)
        .where(Document.state == "planned")
        .order_by(Document.document_ref)
        .with_for_update()
    ).all()


def owners_of(session: Session, line_keys: Sequence[str]) -> dict[str, str]:
    """Which live documents hold these line keys now."""
    owners: dict[str, str] = {}
    for start in range(0, len(line_keys), _CHUNK):
        chunk = line_keys[start : start + _CHUNK]
        rows = session.execute(
            select(LiveLine.line_key, LiveLine.document_ref).where(LiveLine.line_key.in_(chunk))
        )
        owners |= {str(row[0]): str(row[1]) for row in rows}
    return owners


@dataclass(frozen=True, slots=True)
class Outline:
    """A planned batch without its lines: hashes by reference, and the leaf of each document."""

    batch: PlannedBatch
    contents: dict[str, str]
    leaves: list[str]
    problem: str = ""


def outline(batch: PlannedBatch) -> Outline:
    """Walk once through a batch and check that it adds up. One document is held at a time."""
    contents: dict[str, str] = {}
    leaves: list[str] = []
    problem, line_count, amount_minor = "", 0, 0
    for document in batch.documents:
        lines = [line_row(line) for line in document.lines]
        contents[document.document_ref] = document.content_sha256
        leaves.append(leaf(_document_row(document), lines))
        line_count, amount_minor = line_count + len(lines), amount_minor + document.amount_minor
        if document.amount_minor != sum(line.amount_minor for line in document.lines):
            problem = f"{document.document_ref}: its total is not that of its lines"
    if (batch.line_count, batch.amount_minor) != (line_count, amount_minor):
        problem = "its totals are not those of its documents"
    elif len(contents) != len(leaves):
        problem = "one reference is in it twice"
    return Outline(batch, contents, leaves, problem)


def put_batch(session: Session, outlined: Outline, made: Made) -> None:
    """Write a batch's header, its documents and their lines, all or nothing.

    A document that is stored already as planned, with the same content, moves into this batch.

    Raises:
        AskFinanceError: A reference is taken for other content, or a line is live elsewhere.
    """
    batch = outlined.batch
    with session.begin_nested():
        header = _header(batch)
        root, proofs = seal(header, outlined.leaves)
        _put_header(session, header, root, made)
        known = by_ref(session, tuple(outlined.contents))
        for stored in known.values():
            _refuse_other(stored, outlined)
        for document, proof in zip(batch.documents, proofs, strict=True):
            at_home = known.get(document.document_ref)
            if at_home is None:
                lines = [line_row(line) for line in document.lines]
                _refuse_live(session, document.document_ref, lines)
                row = {**_document_row(document), "batch_id": batch.batch_id}
                _insert_document(session, {**row, "merkle_proof": proof}, lines, made)
            elif at_home.batch_id != batch.batch_id:
                _move(session, at_home, batch.batch_id, proof, made)
        makers.join(session, batch.batch_id, makers.of_overrides(session, batch.batch_id))
        ledger.refresh_batch(session, batch.batch_id)


def _refuse_other(stored: Document, outlined: Outline) -> None:
    is_same = stored.content_sha256 == outlined.contents[stored.document_ref]
    is_free = stored.state == "planned" or stored.batch_id == outlined.batch.batch_id
    if not (is_same and is_free):
        raise AskFinanceError(f"{stored.document_ref} is {stored.state} with other content")


def _refuse_live(session: Session, ref: str, lines: Sequence[dict[str, object]]) -> None:
    keys = [str(line["line_key"]) for line in lines]
    if len(set(keys)) != len(keys):
        raise AskFinanceError(f"{ref} has one posting line twice")
    for key, owner in owners_of(session, keys).items():
        raise AskFinanceError(f"line {key} is live in {owner}")


def _put_header(session: Session, header: dict[str, object], root: str, made: Made) -> None:
    batch_id = str(header["batch_id"])
    stored = session.get(Batch, batch_id)
    if stored is not None:
        if stored.merkle_root != root:
            raise AskFinanceError(f"batch {batch_id} is stored with other content")
        make_again(session, stored, made)
        return
    batch = Batch(**header, merkle_root=root, status="planned", planned_at=made.at)
    batch.config_hash, batch.run_id, batch.maker = made.config_hash, made.run_id, made.maker
    batch.versions = None if made.versions is None else dict(made.versions)
    session.add(batch)
    session.flush()
    makers.join(session, batch_id, {made.maker, *made.others})


def make_again(session: Session, batch: Batch, made: Made) -> None:
    """The same batch made again: this run's makers join the makers."""
    versions = None if made.versions is None else dict(made.versions)
    if (batch.config_hash, batch.versions) != (made.config_hash, versions):
        batch.config_hash, batch.run_id, batch.versions = made.config_hash, made.run_id, versions
    makers.join(session, batch.batch_id, {made.maker, *made.others})


def _header(batch: PlannedBatch) -> dict[str, object]:
    return {
        "batch_id": batch.batch_id,
        "content_sha256": batch.content_sha256,
        "system": batch.system,
        "company": batch.company,
        "legal_entity": batch.legal_entity,
        "period": batch.period,
        "currency": batch.currency,
        "document_count": len(batch.documents),
        "line_count": batch.line_count,
        "amount_minor": batch.amount_minor,
    }


def _document_row(document: PlannedDocument) -> dict[str, object]:
    content = {name: getattr(document, name) for name in _CONTENT}
    return {**{name: getattr(document, name) for name in _COLUMNS}, "content": content}


def line_row(line: Line) -> dict[str, object]:
    """A planned line by column."""
    return {name: getattr(line, name) for name in (*LINE_COLUMNS, *LINK_COLUMNS)}


def _insert_document(
    session: Session,
    row: dict[str, object],
    lines: Sequence[dict[str, object]],
    made: Made,
) -> None:
    ref = row["document_ref"]
    session.execute(insert(Document), [{**row, "state": "planned", "attempts": 0}])
    if lines:
        session.execute(insert(PostingLine), [{**line, "document_ref": ref} for line in lines])
        live = [{"line_key": line["line_key"], "document_ref": ref} for line in lines]
        session.execute(insert(LiveLine), live)
    session.add(_staged(str(ref), None, str(row["batch_id"]), made))
    session.flush()


def _move(
    session: Session, stored: Document, batch_id: str, proof: dict[str, object], made: Made
) -> None:
    old = stored.batch_id
    stored.batch_id, stored.merkle_proof = batch_id, proof
    session.add(_staged(stored.document_ref, "planned", batch_id, made, stored.attempts))
    session.flush()
    makers.join(session, batch_id, makers.of_batch(session, old))
    ledger.refresh_batch(session, old)


def _staged(
    ref: str, from_state: str | None, batch_id: str, made: Made, attempts: int = 0
) -> LedgerEntry:
    return LedgerEntry(
        at=made.at,
        document_ref=ref,
        from_state=from_state,
        to_state="planned",
        attempt=attempts,
        payload_sha256=None,
        run_id=made.run_id,
        evidence={"batch_id": batch_id},
    )
