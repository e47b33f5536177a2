"""Whether a person may approve a batch: not one of its makers, and within the limit of a role."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from ps_integration.domain.days import said_at
from ps_integration.domain.identity import person_of
from ps_integration.domain.money import Money, exact_minor, money_text
from ps_integration.settings.approval import BREAK_GLASS, Approval, ApproverRole
from ps_integration.settings.base import Amounts
from ps_integration.stores.operational import makers
from ps_integration.stores.operational.models import Approval as Signature
from ps_integration.stores.operational.models import Batch, Document, PostingLine

_LOCK = 7_264_302  # advisory lock of decisions, on PostgreSQL
_SIGNED = ("approved", "first_of_two")
_DEAD = ("superseded", "refused")


@dataclass(frozen=True, slots=True)
class Asking:
    """Who wants to sign, when, and when their day began in the firm's time zone."""

    who: str
    at: datetime
    day: datetime


def is_maker(session: Session, batch: Batch, rules: Approval, who: str) -> bool:
    """Whether a login belongs to one of the people who made the batch, however it is spelled."""
    made = makers.of_batch(session, batch.batch_id) | {batch.maker}
    return rules.person(who) in {rules.person(login) for login in made}


def unknown_maker(session: Session, batch: Batch, rules: Approval) -> str:
    """The shared login that a run of the batch was started under; empty when there is none."""
    shared = {rules.person(login) for login in rules.service_accounts}
    made = makers.of_batch(session, batch.batch_id) | {batch.maker}
    return next((login for login in sorted(made) if rules.person(login) in shared), "")


def one_at_a_time(session: Session) -> None:
    """Let no other decision be taken until this transaction ends: each counts those before it.

    SQLite has one writer at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))


def total(session: Session, batch: Batch) -> int:
    """Minor units that a signature over the batch moves: gross, line by line, without sign.

    What a document takes back and bills again is money moved twice, whatever it nets to.
    """
    query = _gross().where(Document.batch_id == batch.batch_id, Document.state.not_in(_DEAD))
    return int(session.scalar(query) or 0)


def _gross() -> Select[int]:
    """Sum of lines without sign, over documents that the caller names."""
    return (
        select(func.sum(func.abs(PostingLine.amount_minor)))
        .select_from(Document)
        .join(PostingLine, PostingLine.document_ref == Document.document_ref)
    )


def needs_two(session: Session, batch: Batch, rules: Approval) -> bool:
    """Whether the batch is so large that two people must approve it."""
    threshold = _minor(rules.second_person_above, batch.currency)
    return threshold is not None and total(session, batch) > threshold


def stranger(rules: Approval, who: str) -> str:
    """Why a person decides nothing here; empty when they are among the firm's people."""
    if not rules.people or rules.person(who) in {person_of(name) for name in rules.people}:
        return ""
    return f"{who} is not among approval.people of the firm file and decides nothing"


def over_amount(rules: Approval, who: str, amount: Money) -> str:
    """Why an amount is above what the person may let go; empty when it is not."""
    if not rules.people:
        return ""
    limit = _limit(_roles(rules, who), amount.currency)
    if amount.minor <= limit:
        return ""
    return f"{amount} is above the limit of {who}, {Money(limit, amount.currency)}"


def over_limit(session: Session, batch: Batch, rules: Approval, who: str) -> str:
    """Why the batch alone is above what the person may approve; empty when it is not."""
    if not rules.people:
        return ""
    roles = _roles(rules, who)
    if not roles:
        return f"{who} has no role that may approve; {_who_may(session, batch, rules, who)}"
    limit = _limit(roles, batch.currency)
    amount = total(session, batch)
    if amount <= limit:
        return ""
    return (
        f"{_said(amount, batch)} is above the limit of {who}, {_said(limit, batch)} per batch; "
        + _who_may(session, batch, rules, who)
    )


def over_together(session: Session, batch: Batch, rules: Approval, asking: Asking) -> str:
    """Why the batch is above a limit together with what the person has approved before.

    Counted together are a day's batches of one legal entity, and what was approved within
    `split_days` for one customer's or one project's period in it: a batch that was cut into
    pieces stays one sum.
    """
    if not rules.people:
        return ""
    roles, logins = _roles(rules, asking.who), _logins(session, rules, asking.who)
    days = [_minor(role.max_amount_per_day, batch.currency) for role in roles]
    per_day = None if None in days else max((day for day in days if day is not None), default=None)
    if per_day is not None:
        used = approved(session, batch, logins, asking.day)
        if used + total(session, batch) > per_day:
            return (
                f"with {_said(used, batch)} that {asking.who} approved today it is above "
                f"{_said(per_day, batch)} per day; {_who_may(session, batch, rules, asking.who)}"
            )
    since = asking.at - timedelta(days=rules.split_days)
    found = split(session, batch, logins, since, _limit(roles, batch.currency))
    return (
        f"{found}; {_who_may(session, batch, rules, asking.who)}"
        if found and rules.split_days
        else ""
    )


def split(
    session: Session, batch: Batch, logins: Sequence[str], since: datetime, limit: int
) -> str:
    """Which customer's or project's period these logins have cut into pieces under a limit."""
    for name in ("customer_key", "project_id"):
        column = getattr(Document, name)
        query = _gross().add_columns(column).group_by(column)
        own = query.where(Document.batch_id == batch.batch_id, Document.state.not_in(_DEAD))
        before = (
            query.join(Batch, Batch.batch_id == Document.batch_id)
            .where(
                Batch.legal_entity == batch.legal_entity,
                Batch.currency == batch.currency,
                Batch.period == batch.period,
                Batch.batch_id != batch.batch_id,
                Document.state.not_in((*_DEAD, "planned")),
            )
            .where(Batch.batch_id.in_(_signed_by(logins, since)))
        )
        earlier = {str(key): int(amount) for amount, key in session.execute(before)}
        for amount, key in session.execute(own):
            together = int(amount) + earlier.get(key, 0)
            if earlier.get(key) and together > limit:
                what = "customer" if name == "customer_key" else "project"
                return (
                    f"{what} {key} {batch.period} comes to {_said(together, batch)} with what was "
                    f"approved since {said_at(since)}, above "
                    f"{_said(limit, batch)} per batch: pieces of one whole count together"
                )
    return ""


def approved(session: Session, batch: Batch, logins: Sequence[str], since: datetime) -> int:
    """Minor units, without sign, that these logins approved in the batch's entity and currency."""
    found = session.scalar(
        _gross()
        .join(Batch, Batch.batch_id == Document.batch_id)
        .where(
            Batch.legal_entity == batch.legal_entity,
            Batch.currency == batch.currency,
            Document.state.not_in((*_DEAD, "planned")),
            Batch.batch_id.in_(_signed_by(logins, since)),
        )
    )
    return int(found or 0)


def may_break_glass(rules: Approval, who: str) -> bool:
    """Whether a person may exceed a limit in an emergency."""
    return BREAK_GLASS in rules.roles_of(who)


def _signed_by(logins: Sequence[str], since: datetime) -> Select[str]:
    return select(Signature.batch_id).where(
        Signature.decision.in_(_SIGNED),
        Signature.decided_by.in_(logins),
        Signature.decided_at >= since,
    )


def _logins(session: Session, rules: Approval, who: str) -> list[str]:
    """Every login in the approvals that belongs to the same person."""
    known = session.scalars(select(Signature.decided_by).distinct())
    return [login for login in known if rules.person(login) == rules.person(who)]


def _roles(rules: Approval, who: str) -> list[ApproverRole]:
    return [rules.roles[name] for name in sorted(rules.roles_of(who)) if name in rules.roles]


def _limit(roles: Sequence[ApproverRole], currency: str) -> int:
    return max((_minor(role.max_amount_per_batch, currency) or 0 for role in roles), default=0)


def _who_may(session: Session, batch: Batch, rules: Approval, who: str) -> str:
    amount = total(session, batch)
    able = [
        name
        for name in sorted(rules.people)
        if rules.person(name) != rules.person(who)
        and _limit(_roles(rules, _login(rules, name)), batch.currency) >= amount
        and not is_maker(session, batch, rules, _login(rules, name))
    ]
    return f"who may: {', '.join(able)}" if able else "nobody else may, but by breaking the glass"


def _login(rules: Approval, name: str) -> str:
    return next(iter(rules.people[name].logins), name)


def _minor(amounts: Amounts, currency: str) -> int | None:
    told = amounts.get(currency)
    return None if told is None else exact_minor(Decimal(told), currency)


def _said(minor: int, batch: Batch) -> str:
    return money_text(minor, batch.currency)
