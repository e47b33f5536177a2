"""The night's report as one frozen value; page, workbook and paper are drawings of it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal

import msgspec

from ps_integration.errors import CouldNotRunError
from ps_integration.reports.health import QuarantineLine, RuleLine, SourceLine
from ps_integration.reports.lines import (
    BatchLine,
    BlockedProjectLine,
    CompletenessLine,
    CorrectionLine,
    DispositionLine,
    DocumentLine,
    ExceptionLine,
    LedgerLine,
    PostedMonthLine,
    RecordCountLine,
)
from ps_integration.reports.measures import MetricLine
from ps_integration.reports.parts import FailedPart

VERSION: Final = 1
VerdictState = Literal["clear", "open breaks", "blocked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FxQuote:
    """1 unit of `currency` = `rate` units of the reporting currency.

    Attributes:
        source: The system and direction the rate was read from.
    """

    currency: str
    rate: Decimal
    valid_on: date | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencySum:
    """Money in one currency."""

    currency: str
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One headline figure, per currency and as one sum.

    Attributes:
        name: `approved`, `posted` (money of confirmed documents), `owed`, `waiting`, `held`,
            `deferred` or `at_risk`.
        count: Parts, documents or breaks behind it.
        reporting_minor: Sum in the reporting currency of what has a rate.
        is_partial: A currency without a rate is left out of the sum.
    """

    name: str
    count: int
    by_currency: tuple[CurrencySum, ...]
    reporting_minor: int
    is_partial: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer to "can I close this page?".

    Attributes:
        state: `blocked` when an equation does not hold; `open breaks` when something is held.
        sentence: One sentence, with the money.
        reasons: For `blocked`, what does not hold and where; empty otherwise.
    """

    state: VerdictState
    sentence: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedLine:
    """A break of the report before that is no longer open."""

    break_id: str
    rule: str
    title: str
    record_key: str
    at_risk_minor: int | None
    currency: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedLine:
    """Approved money of one currency in one disposition, then and now."""

    currency: str
    disposition: str
    before_minor: int
    now_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is different from the report before.

    Attributes:
        previous_run_id: None for the first report of a firm.
        note: Why there is nothing to compare with; empty otherwise.
        new_breaks: Break ids in `NightReport.exceptions`.
        posted: References in `NightReport.documents`, posted since.
    """

    previous_run_id: str | None
    previous_as_of: datetime | None
    note: str
    new_breaks: tuple[str, ...]
    resolved: tuple[ResolvedLine, ...]
    posted: tuple[str, ...]
    moved: tuple[MovedLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NightPoint:
    """One night of the trend; money in the reporting currency of that night's report."""

    run_id: str
    as_of: datetime
    posted_documents: int
    posted_minor: int
    open_breaks: int
    at_risk_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NightReport:
    """Everything the report of one night says.

    Attributes:
        version: Of this shape; a reader refuses another.
        as_of: The run's instant, aware UTC.
        as_of_date: The same as a date in the firm's time zone.
        ledger_seq: Ledger sequence number that the operational figures were copied under.
        alerts: Approvals above a limit in the last week, one sentence each.
        fx: Rates used for every `reporting_minor`.
        figures: Headline money, in the order in which it is shown.
        exceptions: Open breaks, roots by money at risk, each followed by its consequences.
        older_batches: Finished batches that are left out of `batches` because they are old.
        history: Nights up to this one, oldest first.
        metrics: Figures of the event history, of everything first.
        failed_parts: Parts of the report, or steps of the night, that failed and are missing.
    """

    version: int = VERSION
    run_id: str
    firm: str
    as_of: datetime
    as_of_date: date
    time_zone: str
    reporting_currency: str
    config_hash: str
    ledger_seq: int
    is_dry: bool
    verdict: Verdict
    alerts: tuple[str, ...] = ()
    figures: tuple[Figure, ...]
    fx: tuple[FxQuote, ...]
    completeness: tuple[CompletenessLine, ...]
    record_counts: tuple[RecordCountLine, ...]
    ledger: tuple[LedgerLine, ...]
    posted_months: tuple[PostedMonthLine, ...] = ()
    corrections: tuple[CorrectionLine, ...]
    batches: tuple[BatchLine, ...]
    older_batches: int
    documents: tuple[DocumentLine, ...]
    exceptions: tuple[ExceptionLine, ...]
    blocked_projects: tuple[BlockedProjectLine, ...]
    quarantine: tuple[QuarantineLine, ...]
    dispositions: tuple[DispositionLine, ...]
    changes: Changes
    sources: tuple[SourceLine, ...]
    rules: tuple[RuleLine, ...]
    history: tuple[NightPoint, ...]
    metrics: tuple[MetricLine, ...] = ()
    failed_parts: tuple[FailedPart, ...] = ()

    def figure(self, name: str) -> Figure:
        """The headline figure of that name.

        Raises:
            KeyError: There is none.
        """
        for figure in self.figures:
            if figure.name == name:
                return figure
        raise KeyError(name)


def encode(report: NightReport) -> bytes:
    """The value as JSON, the same bytes for the same value."""
    return msgspec.json.encode(report)


def decode(data: bytes) -> NightReport:
    """Read a value back.

    Raises:
        CouldNotRunError: It is not a report of this version.
    """
    try:
        report = msgspec.json.decode(data, type=NightReport)
    except msgspec.MsgspecError as error:
        raise CouldNotRunError(f"the kept report value cannot be read: {error}") from error
    if report.version != VERSION:
        raise CouldNotRunError(
            f"the kept report value is of version {report.version}, this program reads {VERSION}"
        )
    return report
