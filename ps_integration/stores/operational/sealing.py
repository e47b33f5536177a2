"""What an approval signs: a root over the batch's header and every stored column of its documents.

The leaf of a document is computed from the rows as they stand, so an edit of any of them, by
whatever hand, leads to another root than the signed one.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ps_integration.domain.seal import digest, merkle_proofs, merkle_root, root_from_proof
from ps_integration.stores.operational.models import Batch, Document, PostingLine

_HEADER = ("batch_id", "content_sha256", "system", "company", "legal_entity", "period", "currency")
_TOTALS = ("document_count", "line_count", "amount_minor")
_DOCUMENT = (
    *("document_ref", "kind", "system", "company", "legal_entity", "project_id", "customer_key"),
    *("currency", "period", "posting_date", "amount_minor", "content", "content_sha256"),
)
_LINE = (
    *("line_no", "line_key", "object_kind", "object_id", "part", "correction_no"),
    *("version_sha256", "project_id", "legal_entity", "period", "work_date", "seconds"),
    *("quantity", "unit_price", "amount_minor", "currency", "description"),
)


def leaf(document: Mapping[str, object], lines: Sequence[Mapping[str, object]]) -> str:
    """Hash of one document and its lines, in line order, by column."""
    ordered = sorted(lines, key=lambda line: str(line["line_no"]).zfill(9))
    return digest(
        [
            [document[name] for name in _DOCUMENT],
            [[line[name] for name in _LINE] for line in ordered],
        ]
    )


def stored_leaf(session: Session, document: Document) -> str:
    """The leaf of a document as it stands in the store."""
    lines = session.execute(
        select(PostingLine.__table__).where(PostingLine.document_ref == document.document_ref)
    ).mappings()
    columns = {name: getattr(document, name) for name in _DOCUMENT}
    return leaf(columns, [dict(line) for line in lines])


def seal(
    header: Mapping[str, object], leaves: Sequence[str]
) -> tuple[str, list[dict[str, object]]]:
    """The batch's root, and for each document the proof that it belongs."""
    root = _bind(header, merkle_root(leaves))
    return root, [{"path": path} for path in merkle_proofs(leaves)]


def proves(session: Session, batch: Batch, document: Document) -> bool:
    """Whether the stored document, under the stored header, leads to the batch's root."""
    path = document.merkle_proof["path"]
    header = {name: getattr(batch, name) for name in (*_HEADER, *_TOTALS)}
    root = root_from_proof(stored_leaf(session, document), path)
    return _bind(header, root) == batch.merkle_root


def _bind(header: Mapping[str, object], documents_root: str) -> str:
    return digest([[header[name] for name in (*_HEADER, *_TOTALS)], documents_root])
