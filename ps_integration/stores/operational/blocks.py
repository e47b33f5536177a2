"""Open breaks that hold money back, as posting asks for them: by what they block."""

from collections.abc import Sequence

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from ps_integration.stores.operational.models import Break, Document, PostingLine


def blocking_breaks(session: Session, document: Document) -> Sequence[Break]:
    """Open breaks on a document, its project, customer, company, systems or one of its lines."""
    own = PostingLine.document_ref == document.document_ref
    objects = select(PostingLine.object_id).where(own)
    projects = select(PostingLine.project_id).where(own)
    # The system of a line's object is what stands before the first colon of its id.
    whole = {
        "project": [document.project_id],
        "customer": [document.customer_key],
        "company": [document.company],
        "document": [document.document_ref],
        "system": [document.system, *_source_systems(session, document)],
    }
    by_header = [
        and_(Break.blocked_kind == kind, Break.blocked_id.in_(ids)) for kind, ids in whole.items()
    ]
    by_line = [
        and_(Break.blocked_kind.in_(("entry", "milestone")), Break.blocked_id.in_(objects)),
        and_(Break.blocked_kind == "project", Break.blocked_id.in_(projects)),
    ]
    return session.scalars(
        select(Break)
        .where(Break.state == "open", or_(*by_header, *by_line))
        .order_by(Break.break_id)
    ).all()


def _source_systems(session: Session, document: Document) -> set[str]:
    ids = session.scalars(
        select(PostingLine.object_id).where(PostingLine.document_ref == document.document_ref)
    )
    return {object_id.partition(":")[0] for object_id in ids}
