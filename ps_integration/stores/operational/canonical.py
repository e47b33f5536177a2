"""Keeps canonical ids and links: read whole, written once, never changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from ps_integration.domain.canonical_ids import Identity, Link, Plan
from ps_integration.stores.operational import witness
from ps_integration.stores.operational.models import CanonicalId, Document, PostingLine, RecordLink

_CHUNK = 5_000


def links(session: Session) -> list[Link]:
    """The newest link of every record, in the order in which the records were first linked."""
    table = RecordLink.__table__.c
    names = (*Identity._fields, "match_key", "canonical_id", "how")
    query = select(*(table[name] for name in names)).order_by(table.link_id)
    newest: dict[Identity, Link] = {}
    for row in session.execute(query.execution_options(yield_per=_CHUNK)):
        *identity, match_key, canonical_id, how = row
        place = Identity(*identity)
        newest[place] = Link(place, match_key, canonical_id, how)
    return list(newest.values())


def born(session: Session) -> dict[tuple[str, str], str]:
    """The key that each canonical id was made from, the oldest first."""
    query = select(CanonicalId.object_kind, CanonicalId.canonical_id, CanonicalId.born_key)
    ordered = query.order_by(CanonicalId.made_at, CanonicalId.object_kind, CanonicalId.canonical_id)
    return {(kind, canonical_id): key for kind, canonical_id, key in session.execute(ordered)}


Renamed = tuple[str, str, Sequence[str]]
"""Kind, canonical id and, of people, the ids of their entries."""


def unbilled(session: Session, objects: Iterable[Renamed]) -> frozenset[tuple[str, str]]:
    """Projects, customers and people for which no document was ever planned.

    Args:
        session: A transaction.
        objects: Which are asked for.
    """
    return frozenset(
        (kind, canonical_id)
        for kind, canonical_id, entries in objects
        if not _is_billed(session, kind, canonical_id, entries)
    )


def _is_billed(session: Session, kind: str, canonical_id: str, entries: Sequence[str]) -> bool:
    if kind == "resource":
        chunks = [entries[at : at + _CHUNK] for at in range(0, len(entries), _CHUNK)]
        found = [select(PostingLine.document_ref).where(PostingLine.object_id.in_(chunk))
            for chunk in chunks]  # fmt: skip
    elif kind == "project":
        found = [
            select(Document.document_ref).where(Document.project_id == canonical_id),
            select(PostingLine.document_ref).where(PostingLine.project_id == canonical_id),
        ]
    else:
        found = [select(Document.document_ref).where(Document.customer_key == canonical_id)]
    return any(session.scalar(query.limit(1)) is not None for query in found)


@dataclass(frozen=True, slots=True)
class Names:
    """What the target of a document calls its customer and its project today.

    Attributes:
        customer_key: The customer's number or code there.
        project_external_id: The project's own id there; None where the document names none.
    """

    customer_key: str
    project_external_id: str | None


def names(session: Session, document: Document) -> Names:
    """The names under which a document goes out: those of its canonical objects as they are now.

    An approval signs which customer and which project it is; what the ERP calls them may change
    between the signature and the call.
    """
    told = document.content.get("project_external_id")
    external_id = None if told is None else _external_id(session, document.system, str(told))
    return Names(_customer_key(session, document), external_id)


def _customer_key(session: Session, document: Document) -> str:
    query = (
        select(RecordLink)
        .where(
            RecordLink.object_kind == "customer",
            RecordLink.system == document.system,
            RecordLink.canonical_id == document.customer_key,
            RecordLink.match_key.is_not(None),
        )
        .order_by(RecordLink.link_id)
    )
    newest = {(row.stream, row.record_id): row.match_key for row in session.scalars(query)}
    keys = list(newest.values())
    is_same = not keys or document.customer_key in keys
    return document.customer_key if is_same else str(keys[-1])


def _external_id(session: Session, system: str, external_id: str) -> str:
    """Its id now: the last under which the same record of that system was the same project.

    One record may hold many projects, as Xero's tracking category does.
    """
    own = (RecordLink.object_kind == "project", RecordLink.system == system)
    same = (RecordLink.stream, RecordLink.record_id, RecordLink.canonical_id)
    query = select(*same).where(*own, RecordLink.external_id == external_id).distinct()
    for stream, record_id, canonical_id in session.execute(query.order_by(*same)):
        newest = session.scalar(
            select(RecordLink.external_id)
            .where(
                *own,
                RecordLink.stream == stream,
                RecordLink.record_id == record_id,
                RecordLink.canonical_id == canonical_id,
            )
            .order_by(RecordLink.link_id.desc())
            .limit(1)
        )
        if newest is not None and newest != external_id:
            return newest
    return external_id


def remember(session: Session, plan: Plan, at: datetime, run_id: str) -> None:
    """Write new ids and links."""
    stamp: Mapping[str, object] = {"run_id": run_id}
    ids: list[dict[str, object]] = [
        {"object_kind": kind, "canonical_id": one, "born_key": key, "made_at": at, **stamp}
        for kind, one, key in plan.born
    ]
    rows: list[dict[str, object]] = [
        {
            **link.identity._asdict(),
            "match_key": link.match_key,
            "canonical_id": link.canonical_id,
            "how": link.how,
            "seen_at": at,
            **stamp,
        }
        for link in plan.links
    ]
    last = session.scalar(select(func.max(RecordLink.link_id))) or 0
    _write(session, CanonicalId, ids)
    _write(session, RecordLink, rows)
    new = select(RecordLink.link_id).where(RecordLink.link_id > last)
    witness.owe(session, CanonicalId.__tablename__, [(kind, one) for kind, one, _ in plan.born])
    witness.owe(session, RecordLink.__tablename__, map(tuple, session.execute(new)))


def _write(
    session: Session, model: type[CanonicalId | RecordLink], rows: Sequence[dict[str, object]]
) -> None:
    for start in range(0, len(rows), _CHUNK):
        session.execute(insert(model), rows[start : start + _CHUNK])
