"""Open breaks as a list to work from: their age, whether they are overdue, and what is put off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ps_integration.domain.business_days import BUCKETS, bucket
from ps_integration.errors import CouldNotRunError
from ps_integration.reports.exchange import Exchange
from ps_integration.reports.read import as_of, exchange
from ps_integration.settings.firm import Firm
from ps_integration.settings.load import FirmFile
from ps_integration.stores.operational import break_decisions, breaks
from ps_integration.stores.operational.models import Break
from ps_integration.stores.operational.store import Session
from ps_integration.workflows.break_work import day_of, said_of
from ps_integration.workflows.calendars import calendars
from ps_integration.workflows.nightly import snapshot


@dataclass(frozen=True, slots=True)
class Listed:
    """One break with its age in business days of its legal entity.

    Attributes:
        waits_for: What it waits for from a second person; empty when for nothing.
        worth_minor: Money at risk in the firm's reporting currency; None without a rate.
    """

    item: Break
    age: int
    is_overdue: bool
    waits_for: str
    worth_minor: int | None


@dataclass(frozen=True, slots=True)
class List:
    """What is shown, and how many are put off and hold nothing."""

    shown: Sequence[Listed]
    put_off: int

    @staticmethod
    def ages(shown: Sequence[Listed]) -> dict[str, int]:
        """How many open breaks are of each age; ages that none has are left out."""
        counts = dict.fromkeys(BUCKETS, 0)
        for one in shown:
            if one.item.state == "open":
                counts[bucket(one.age)] += 1
        return {name: count for name, count in counts.items() if count}


@dataclass(frozen=True, slots=True)
class Books:
    """What the last night's books say that a list of breaks needs.

    Attributes:
        as_of: The instant they are of, which ages and due dates count to, as in the report; None
            before a night has finished.
        at: Its rates into the reporting currency.
    """

    as_of: datetime | None
    at: Exchange


def books(file: FirmFile) -> Books:
    """The books of the last night; without rates before one has finished."""
    currency = file.firm.firm.reporting_currency
    try:
        with snapshot(file) as warehouse:
            return Books(as_of(warehouse), exchange(warehouse, currency))
    except CouldNotRunError:
        return Books(None, Exchange(currency, {}))


def listed(
    session: Session, firm: Firm, now: datetime, at: Exchange, *, with_all: bool = False
) -> List:
    """The breaks to work, the most money at risk first, in the reporting currency.

    Amounts that no rate converts follow, by currency; then what has no amount. What is put off is
    left out unless it holds money back, or all is asked for.
    """
    found = breaks.open_breaks(session, with_accepted=with_all)
    hidden = [] if with_all else [item for item in found if _is_put_off(item)]
    known, today = calendars(firm), day_of(firm, now)
    waiting = break_decisions.all_waiting(session)
    shown = []
    for item in found:
        if item in hidden:
            continue
        calendar = known.of(item.facts.get("legal_entity"))
        age = calendar.age(item.episode_at or item.opened_at, now)
        is_overdue = item.state == "open" and item.due_on is not None and item.due_on < today
        worth = at.minor(item.at_risk_minor, item.currency)
        said = said_of(waiting.get(item.break_id))
        shown.append(Listed(item, age, is_overdue, said, worth))
    return List(sorted(shown, key=_by_worth), len(hidden))


def _by_worth(one: Listed) -> tuple[object, ...]:
    item = one.item
    has_no_amount, has_no_rate = item.at_risk_minor is None, one.worth_minor is None
    amount = item.at_risk_minor if one.worth_minor is None else one.worth_minor
    place = (item.currency or "") if has_no_rate else ""
    return (
        *(has_no_amount, has_no_rate, place, -abs(amount or 0)),
        *(item.rule, item.record_key, item.period),
    )


def _is_put_off(item: Break) -> bool:
    return item.snoozed_until is not None and item.blocked_kind is None
