"""Open breaks that hold money back, as posting asks for them: by what they block.

The forms of a blocked id: `entry` and `milestone` are `system:external id`, `project`, `customer`
and `system` an id of their own, `document` our reference, and `company` is `system:company`: two
ERPs may number their companies alike.
"""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from ps_integration.stores.operational.models import Break, Document, PostingLine


def blocking_breaks(
    session: Session, document: Document, suppliers: Mapping[str, Collection[str]] | None = None
) -> Sequence[Break]:
    """Open breaks on a document, its project, customer, company, systems or one of its lines.

    Args:
        session: A transaction.
        document: What is to be sent.
        suppliers: Systems that a legal entity's plan is read from besides those of its lines: its
            PSA and where its prices come from.
    """
    own = PostingLine.document_ref == document.document_ref
    objects = select(PostingLine.object_id).where(own)
    projects = select(PostingLine.project_id).where(own)
    # The system of a line's object is what stands before the first colon of its id.
    whole = {
        "project": [document.project_id],
        "customer": [document.customer_key],
        "company": [company_id(document), document.company],
        "document": [document.document_ref],
        "system": [
            document.system,
            *_source_systems(session, document),
            *(suppliers or {}).get(document.legal_entity, ()),
        ],
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


def company_id(document: Document) -> str:
    """How a break names the company of a document."""
    return f"{document.system}:{document.company}"


def _source_systems(session: Session, document: Document) -> set[str]:
    ids = session.scalars(
        select(PostingLine.object_id).where(PostingLine.document_ref == document.document_ref)
    )
    return {object_id.partition(":")[0] for object_id in ids}
