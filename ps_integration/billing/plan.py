"""Plans posting batches: the same ready parts always give the same documents, byte for byte.

One batch per ERP system, company, legal entity, posting period and currency, and for what bills,
what corrects and what credits; one document per project in it. Nothing is written but
`billing.ready_documents` and `ready_lines`.
"""

import hashlib
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import NamedTuple, cast

import msgspec

from ps_integration.billing import statements
from ps_integration.billing.planned import (
    PlannedBatch,
    PlannedDocument,
    PlannedLine,
    content_bytes,
    sealed,
)
from ps_integration.billing.references import References
from ps_integration.billing.streaming import DocumentStream, Head, read_lines
from ps_integration.domain import merkle
from ps_integration.domain.ports import Queries, Row

_FILES = ("macros", "ready_lines", "ready_line_rows")


class _BatchKey(NamedTuple):
    system: str
    company: str
    legal_entity: str
    period: str
    currency: str


def plan(queries: Queries, *, revenue_account: str = "") -> tuple[PlannedBatch, ...]:
    """Turn every ready part and milestone into documents and batches.

    Args:
        queries: The warehouse, after `classify`.
        revenue_account: Account for projects whose ERP record cannot name one; '' = none.

    Returns:
        Batches in the order of system, company, legal entity, period and currency. Their
        documents are read from the warehouse as they are asked for.
    """
    statements.run(queries, _FILES, {"revenue_account": revenue_account})
    references = References.known(queries)
    heads = [
        Head(_whole(row, "document_no"), _whole(row, "line_count"), _bare(row), _whole(row, "lot"))
        for row in queries.rows(statements.statement("ready_documents"))
    ]
    planned = _documents(queries, heads, references)
    return tuple(
        _batch(queries, key, list(group))
        for (key, _), group in groupby(planned, key=lambda h: (_batch_key(h.document), h.lot))
    )


def plan_document(
    bare: PlannedDocument, lines: Sequence[PlannedLine], document_ref: str
) -> PlannedDocument:
    """Complete a document with its lines, in whatever order they come, under a reference.

    Raises:
        ValueError: There are no lines, or a line is of another currency.
    """
    if not lines:
        raise ValueError(f"{document_ref}: a document needs lines")
    for line in lines:
        if line.currency != bare.currency:
            raise ValueError(f"{document_ref}: line {line.line_key} is in {line.currency}")
    ordered = tuple(sorted(lines, key=lambda line: line.line_no))
    amount_minor = sum(line.amount_minor for line in ordered)
    return sealed(
        replace(
            bare,
            document_ref=document_ref,
            kind="credit_memo" if amount_minor < 0 else "invoice",
            amount_minor=amount_minor,
            lines=ordered,
        )
    )


def posting_date(period: str, last_work_date: date) -> date:
    """The last work date if it is in the posting period ('2026-03'), else the nearest day of it."""
    year, month = int(period[:4]), int(period[5:])
    first, last = date(year, month, 1), date(year, month, monthrange(year, month)[1])
    return min(max(last_work_date, first), last)


def _documents(queries: Queries, heads: Sequence[Head], references: References) -> Iterator[Head]:
    for head, lines in read_lines(queries, heads):
        document = references.choose(head.document, lines, plan_document)
        yield head._replace(document=replace(document, lines=()))


def _whole(row: Row, name: str) -> int:
    return int(str(row[name]))


def _bare(row: Row) -> PlannedDocument:
    period = str(row["period"])
    values = {
        **{key: row[key] for key in PlannedDocument.__dataclass_fields__ if key in row},
        "document_ref": "",
        "kind": "invoice",
        "posting_date": posting_date(period, cast("date", row["last_work_date"])),
        "amount_minor": 0,
        "lines": (),
        "content_sha256": "",
    }
    return msgspec.convert(values, PlannedDocument)


def _batch_key(document: PlannedDocument) -> _BatchKey:
    return _BatchKey(
        document.system,
        document.company,
        document.legal_entity,
        document.period,
        document.currency,
    )


def _batch(queries: Queries, key: _BatchKey, heads: Sequence[Head]) -> PlannedBatch:
    documents = [head.document for head in heads]
    hashes = [document.content_sha256 for document in documents]
    signed = {**key._asdict(), "documents": [[d.document_ref, d.content_sha256] for d in documents]}
    content_sha256 = hashlib.sha256(content_bytes(signed)).hexdigest()
    proofs = zip(documents, merkle.proofs(hashes), strict=True)
    return PlannedBatch(
        batch_id=content_sha256[:16],
        content_sha256=content_sha256,
        merkle_root=merkle.root(hashes),
        proofs={document.document_ref: proof for document, proof in proofs},
        **key._asdict(),
        amount_minor=sum(document.amount_minor for document in documents),
        line_count=sum(head.line_count for head in heads),
        documents=DocumentStream(queries, heads),
    )
