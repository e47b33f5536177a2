"""How much of what was posted policy may take back: nothing of what is gone, a little of the rest.

Limits hold per legal entity and calendar day of its zone, on lines that are taken back, gross.
Beyond any of them every correction of the entity that is left that day waits for a person: the
first ten of four hundred odd ones are as doubtful as the last.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from ps_integration.domain.money import Money, exact_minor
from ps_integration.settings.approval import AutoCorrections
from ps_integration.stores.operational import taken_back
from ps_integration.stores.operational.models import Batch
from ps_integration.stores.operational.store import Session
from ps_integration.workflows.night import Night

_WHO: Final = "a person decides"
_Key = TypeVar("_Key")


def waiting(session: Session, night: Night, planned: Sequence[Batch]) -> dict[str, str]:
    """Why planned batches that take something back wait for a person, by batch id."""
    taken = {one.batch_id: taken_back.of_batch(session, one.batch_id) for one in planned}
    by_entity: dict[str, list[Batch]] = {}
    reasons: dict[str, str] = {}
    for batch in planned:
        gone = [one for one in taken[batch.batch_id] if one.reason in taken_back.ABSENCE]
        if gone and not _opted_in(night, batch.legal_entity):
            said = taken_back.said(gone, batch.currency)
            reasons[batch.batch_id] = (
                f"{said}; credits for work that is gone are let go by a person"
            )
        elif taken[batch.batch_id]:
            by_entity.setdefault(batch.legal_entity, []).append(batch)
    for legal_entity, batches in by_entity.items():
        why = _over(session, night, legal_entity, [one.batch_id for one in batches])
        reasons |= {one.batch_id: why for one in batches if why}
    return reasons


def _opted_in(night: Night, legal_entity: str) -> bool:
    return any(
        entity.credits == "policy"
        for entity in night.firm.legal_entities
        if entity.id == legal_entity
    )


def _over(session: Session, night: Night, legal_entity: str, batch_ids: Sequence[str]) -> str:
    """Which limit a legal entity's corrections of the day are above; empty when of none."""
    limits = night.firm.approval.automatic.corrections
    sums = (
        *taken_back.let_go(session, legal_entity, _day(night, legal_entity)),
        *taken_back.together(session, batch_ids),
    )
    lines = sum(one.line_count for one in sums)
    if lines > limits.max_reversed_lines:
        return (
            f"{lines} lines of {legal_entity} would be taken back today, policy takes back "
            f"{limits.max_reversed_lines}; {_WHO}"
        )
    return _over_amount(legal_entity, limits, sums) or _over_percent(
        session, legal_entity, limits, sums
    )


def _over_amount(legal_entity: str, limits: AutoCorrections, sums: Iterable[taken_back.Sum]) -> str:
    for currency, minor in _added((one.currency, one) for one in sums).items():
        limit = exact_minor(Decimal(limits.max_amount.get(currency, "0")), currency)
        if minor > limit:
            return (
                f"{Money(minor, currency)} of {legal_entity} would be taken back today, policy "
                f"takes back {Money(limit, currency)}; {_WHO}"
            )
    return ""


def _over_percent(
    session: Session, legal_entity: str, limits: AutoCorrections, sums: Iterable[taken_back.Sum]
) -> str:
    for (currency, period), minor in _added(
        ((one.currency, one.period), one) for one in sums
    ).items():
        net = taken_back.confirmed(session, legal_entity, currency, period)
        if minor * 100 > max(net, 0) * Decimal(limits.max_percent):
            return (
                f"{Money(minor, currency)} of {legal_entity} {period} would be taken back today, "
                f"policy takes back {limits.max_percent} % of the {Money(net, currency)} that are "
                f"confirmed; {_WHO}"
            )
    return ""


def _added(keyed: Iterable[tuple[_Key, taken_back.Sum]]) -> dict[_Key, int]:
    totals: dict[_Key, int] = {}
    for key, one in keyed:
        totals[key] = totals.get(key, 0) + one.amount_minor
    return totals


def _day(night: Night, legal_entity: str) -> datetime:
    """When the calendar day of a legal entity began."""
    zone = next(
        (one.time_zone for one in night.firm.legal_entities if one.id == legal_entity),
        night.firm.firm.time_zone,
    )
    local = night.as_of.astimezone(ZoneInfo(zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0)
