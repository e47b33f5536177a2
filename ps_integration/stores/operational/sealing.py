"""What an approval signs: a root over the batch's header and every stored column of its documents.

The leaf of a document is computed from the rows as they stand, so an edit of any of them, by
whatever hand, leads to another root than the signed one. The header is a leaf as well.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from ps_integration.domain import merkle
from ps_integration.stores.operational.models import Batch, Document, PostingLine

_HEADER: Final = (
    *("batch_id", "content_sha256", "system", "company", "legal_entity", "period", "currency"),
    *("document_count", "line_count", "amount_minor"),
)
_DOCUMENT: Final = (
    *("document_ref", "kind", "system", "company", "legal_entity", "project_id", "customer_key"),
    *("currency", "period", "posting_date", "amount_minor", "content", "content_sha256"),
)
LINE_COLUMNS: Final = (
    *("line_no", "line_key", "object_kind", "object_id", "part", "correction_no"),
    *("version_sha256", "project_id", "legal_entity", "period", "work_date", "seconds"),
    *("quantity", "unit_price", "amount_minor", "currency", "description"),
)
LINK_COLUMNS: Final = (
    *("correction", "corrects_document_ref", "corrects_line_key", "corrects_reason"),
)
"""What a line corrects; a line that corrects nothing is sealed without them."""
_SEALED: Final = (*LINE_COLUMNS, *LINK_COLUMNS)
_line = itemgetter(*_SEALED)
_columns_of_line = tuple(PostingLine.__table__.c[name] for name in _SEALED)
_header = itemgetter(*_HEADER)
_document = itemgetter(*_DOCUMENT)


def leaf(document: Mapping[str, object], lines: Iterable[Mapping[str, object]]) -> str:
    """Hash of one document and its lines, in line order, by column."""
    return _leaf(_document(document), (_line(line) for line in lines))


def stored_leaf(session: Session, document: Document) -> str:
    """The leaf of a document as it stands in the store."""
    lines = session.execute(
        select(*_columns_of_line)
        .where(PostingLine.document_ref == document.document_ref)
        .order_by(PostingLine.line_no)
    )
    return _leaf(tuple(getattr(document, name) for name in _DOCUMENT), map(tuple, lines))


def seal(
    header: Mapping[str, object], leaves: Sequence[str]
) -> tuple[str, list[dict[str, object]]]:
    """The batch's root, and for each document the proof that it and the header belong to it."""
    tree = [_sha256(_header(header)), *leaves]
    first, *rest = merkle.proofs(tree)
    return merkle.root(tree), [{"header": first, "document": proof} for proof in rest]


def proves(session: Session, batch: Batch, document: Document) -> bool:
    """Whether the stored document and the stored header lead to the batch's root."""
    header = _sha256(tuple(getattr(batch, name) for name in _HEADER))
    try:
        first, own = (
            _path(document.merkle_proof["header"]),
            _path(document.merkle_proof["document"]),
        )
        return merkle.verify(header, first, batch.merkle_root) and merkle.verify(
            stored_leaf(session, document), own, batch.merkle_root
        )
    except (KeyError, TypeError, ValueError):  # not the shape that this program writes
        return False


def _path(stored: Sequence[Sequence[str]]) -> merkle.Proof:
    return tuple(("left" if side == "left" else "right", node) for side, node in stored)


def _leaf(columns: Sequence[object], lines: Iterable[Sequence[object]]) -> str:
    whole = hashlib.sha256(_bytes(columns))
    for line in lines:
        whole.update(b"\n" + _bytes(_said(line)))  # JSON text has no bare line feed
    return whole.hexdigest()


def _said(line: Sequence[object]) -> Sequence[object]:
    """A line's values, without its links where it has none."""
    plain = len(LINE_COLUMNS)
    return line if any(value is not None for value in line[plain:]) else line[:plain]


def _sha256(values: Sequence[object]) -> str:
    return hashlib.sha256(_bytes(values)).hexdigest()


def _bytes(values: Sequence[object]) -> bytes:
    return msgspec.json.encode(values, order="sorted")
