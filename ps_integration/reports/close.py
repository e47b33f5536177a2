"""The period close pack of one legal entity, as one frozen value."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

import msgspec

from ps_integration.domain.ports import Queries
from ps_integration.errors import CouldNotRunError
from ps_integration.reports import read
from ps_integration.reports.lines import (
    BatchLine,
    CompletenessLine,
    CorrectionLine,
    DocumentLine,
    ExceptionLine,
    LedgerLine,
)
from ps_integration.reports.parts import Parts
from ps_integration.reports.value import NightReport

VERSION: Final = 1
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


_Placed = CompletenessLine | LedgerLine | CorrectionLine | BatchLine | DocumentLine


@dataclass(frozen=True, slots=True, kw_only=True)
class CutOffLine:
    """What crosses the end of the period; `unpriced_count` of them have no amount yet."""

    what: str
    currency: str
    count: int
    seconds: int
    minor: int
    unpriced_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalLine:
    """One decision about one batch, with the hash of the content that it signs."""

    batch_id: str
    currency: str
    amount_minor: int
    decision: str
    maker: str
    decided_by: str
    decided_at: datetime
    content_sha256: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceLine:
    """One file of the night that the pack rests on, and its SHA-256."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The answer that the pack repeats, and who it is of.

    Attributes:
        answer: `clean`, `not clean` or `could not say`, as `period status` says it.
        reasons: (`wrong`, `unknown` or `note`, sentence), in that order.
        standing: Who closed the period, and as what; empty while it is open.
        asked_at: When it was asked; breaks and documents are as they stood then.
    """

    legal_entity: str
    entity_name: str
    period: str
    answer: str
    sentence: str
    reasons: tuple[tuple[str, str], ...]
    standing: str
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePack:
    """Everything the close pack says.

    Attributes:
        run_id: The night whose books these are, as of `as_of`.
    """

    version: int = VERSION
    firm: str
    asked: Asked
    run_id: str
    as_of: datetime
    time_zone: str
    config_hash: str
    ledger_seq: int
    completeness: tuple[CompletenessLine, ...]
    ledger: tuple[LedgerLine, ...]
    corrections: tuple[CorrectionLine, ...]
    batches: tuple[BatchLine, ...]
    documents: tuple[DocumentLine, ...]
    cut_off: tuple[CutOffLine, ...]
    exceptions: tuple[ExceptionLine, ...]
    approvals: tuple[ApprovalLine, ...]
    evidence: tuple[EvidenceLine, ...]


def close_pack(
    queries: Queries, report: NightReport, asked: Asked, evidence: Mapping[str, str]
) -> ClosePack:
    """Put the pack together.

    Args:
        queries: The warehouse as the last finished night left it.
        report: That night's report.
        asked: The answer for the period.
        evidence: SHA-256 of that night's files, by name.

    Raises:
        CouldNotRunError: A table of it cannot be read; what people sign is whole or not there.
    """
    place = {"legal_entity": asked.legal_entity, "period": asked.period}
    parts = Parts()
    figures = read.figures(queries, _EVER, parts)
    if parts.failed:
        named = "; ".join(f"{part.name}: {part.why}" for part in parts.failed)
        raise CouldNotRunError(f"the close pack would not be whole: {named}")
    year, month = map(int, asked.period.split("-"))
    last_day = date(year, month, monthrange(year, month)[1])
    cut_off = read.rows(queries, "close_cut_off", {**place, "last_day": last_day})
    approvals = read.rows(queries, "close_approvals", place)

    def is_of_it(line: _Placed) -> bool:
        return (line.legal_entity, line.period) == (asked.legal_entity, asked.period)

    return ClosePack(
        firm=report.firm,
        asked=asked,
        run_id=report.run_id,
        as_of=report.as_of,
        time_zone=report.time_zone,
        config_hash=report.config_hash,
        ledger_seq=report.ledger_seq,
        completeness=tuple(filter(is_of_it, figures.completeness)),
        ledger=tuple(filter(is_of_it, figures.ledger)),
        corrections=tuple(filter(is_of_it, figures.corrections)),
        batches=tuple(filter(is_of_it, figures.batches)),
        documents=tuple(filter(is_of_it, figures.documents)),
        cut_off=tuple(msgspec.convert(cut_off, list[CutOffLine])),
        exceptions=tuple(
            line
            for line in report.exceptions
            if line.legal_entity in (asked.legal_entity, None)
            and line.period in (asked.period, "", "unassigned")
        ),
        approvals=tuple(msgspec.convert(approvals, list[ApprovalLine])),
        evidence=tuple(EvidenceLine(name=name, sha256=evidence[name]) for name in sorted(evidence)),
    )
