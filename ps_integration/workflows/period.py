"""Is a period of a legal entity clean? One answer, with its reasons.

What is wrong makes it *not clean*; what could not be looked at makes it *could not say*, unless
something is wrong anyway. The books are those of the last finished night, breaks and documents are
as they stand now.
"""

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, cast

from ps_integration.domain.ports import Queries
from ps_integration.errors import CouldNotRunError, FixConfigError
from ps_integration.settings.firm import Firm
from ps_integration.stores.operational import periods
from ps_integration.stores.operational.store import Session
from ps_integration.workflows import period_reasons as reasons
from ps_integration.workflows.period_reasons import Reason, Scope

Answer = Literal["clean", "not clean", "could not say"]
_PERIOD: Final = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")
_RUN: Final = "select run_id, as_of, as_of_date from config.run"


@dataclass(frozen=True, slots=True)
class PeriodAnswer:
    """Whether one period is clean, and why not.

    Attributes:
        reasons: What is wrong, then what could not be looked at, then notes.
        run_id: The night it rests on; its instant is `as_of`.
        standing: Who closed the period, and as what; empty while it is open here.
    """

    legal_entity: str
    period: str
    answer: Answer
    reasons: Sequence[Reason]
    run_id: str
    as_of: datetime
    standing: str = ""

    @property
    def sentence(self) -> str:
        """The answer in one sentence."""
        name = f"{self.legal_entity} {self.period}"
        if self.answer == "clean":
            return f"{name} is clean"
        if self.answer == "could not say":
            return f"{name}: could not say whether it is clean"
        return f"{name} is not clean"


def status(
    firm: Firm, queries: Queries, session: Session, legal_entity: str, period: str
) -> PeriodAnswer:
    """Whether a period of a legal entity is clean.

    Args:
        firm: The firm file.
        queries: The warehouse as the last finished night left it.
        session: The operational store, now.
        legal_entity: Id of the legal entity.
        period: The month, e.g. `2026-03`.

    Raises:
        FixConfigError: There is no such legal entity, or that is no period.
        CouldNotRunError: No night has finished yet.
    """
    if legal_entity not in {entity.id for entity in firm.legal_entities}:
        known = ", ".join(entity.id for entity in firm.legal_entities)
        raise FixConfigError(f"{legal_entity!r} is no legal entity of this firm ({known})")
    if not _PERIOD.match(period):
        raise FixConfigError(f"{period!r} is no period; write a month such as 2026-03")
    runs = queries.rows(_RUN)
    if not runs:
        raise CouldNotRunError("no night has finished yet; run `ps-integration nightly`")
    scope = Scope(firm, legal_entity, period, cast("date", runs[0]["as_of_date"]))
    found = [
        *reasons.of_calendar(scope, _days(period)[1]),
        *reasons.of_breaks(session, scope),
        *reasons.of_documents(session, scope),
        *reasons.of_books(queries, scope),
        *reasons.of_gaps(queries, scope),
        *reasons.of_quarantine(queries, session, scope, _days(period)),
    ]
    closing = periods.closed_by(session, legal_entity, period)
    return PeriodAnswer(
        legal_entity,
        period,
        _answer(found),
        sorted(found, key=lambda one: reasons.WEIGHTS.index(one.weight)),
        str(runs[0]["run_id"]),
        cast("datetime", runs[0]["as_of"]),
        periods.said(closing) if closing else "",
    )


def _answer(found: Sequence[Reason]) -> Answer:
    weights = {one.weight for one in found}
    if "wrong" in weights:
        return "not clean"
    return "could not say" if "unknown" in weights else "clean"


def _days(period: str) -> tuple[date, date]:
    year, month = int(period[:4]), int(period[5:])
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])
