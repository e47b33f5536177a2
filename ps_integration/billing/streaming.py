"""Reads planned documents' lines from the warehouse in chunks, so that memory stays flat."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import NamedTuple, overload

import msgspec

from ps_integration.billing import statements
from ps_integration.billing.planned import PlannedDocument, PlannedLine
from ps_integration.domain.ports import Queries

CHUNK_LINES = 50_000
"""Lines held at once, unless one document alone has more."""

_LINE_NO = attrgetter("line_no")
_DECODER = msgspec.json.Decoder(tuple[PlannedLine, ...])


class Head(NamedTuple):
    """A document without its lines, and where they are.

    Attributes:
        lot: 0 bills, 1 corrects, 2 credits what only a person lets go; batches keep them apart.
    """

    document_no: int
    line_count: int
    document: PlannedDocument
    lot: int = 0


class DocumentStream(Sequence[PlannedDocument]):
    """A batch's documents; each is read when asked for, and reading twice gives the same."""

    def __init__(self, queries: Queries, heads: Sequence[Head]) -> None:
        self._queries = queries
        self._heads = tuple(heads)

    def __len__(self) -> int:
        return len(self._heads)

    def __iter__(self) -> Iterator[PlannedDocument]:
        for head, lines in read_lines(self._queries, self._heads):
            yield replace(head.document, lines=lines)

    @overload
    def __getitem__(self, index: int) -> PlannedDocument: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[PlannedDocument]: ...
    def __getitem__(self, index: int | slice) -> PlannedDocument | Sequence[PlannedDocument]:
        if isinstance(index, slice):
            return DocumentStream(self._queries, self._heads[index])
        return next(iter(DocumentStream(self._queries, (self._heads[index],))))


def read_lines(
    queries: Queries, heads: Sequence[Head]
) -> Iterator[tuple[Head, tuple[PlannedLine, ...]]]:
    """Each document's lines in line order; heads must be in the order of `document_no`."""
    query = statements.statement("ready_line_texts")
    for chunk in _chunks(heads):
        numbers = {"first_no": chunk[0].document_no, "last_no": chunk[-1].document_no}
        texts = {row["document_no"]: str(row["lines"]) for row in queries.rows(query, numbers)}
        for head in chunk:
            lines = _DECODER.decode(texts.pop(head.document_no))
            yield head, tuple(sorted(lines, key=_LINE_NO))


def _chunks(heads: Sequence[Head]) -> Iterator[list[Head]]:
    chunk: list[Head] = []
    size = 0
    for head in heads:
        if chunk and size + head.line_count > CHUNK_LINES:
            yield chunk
            chunk, size = [], 0
        chunk.append(head)
        size += head.line_count
    if chunk:
        yield chunk
