"""Which configuration runs work under, who changed it, and who else accepted it.

A change of configuration is an act of two persons. Whoever installed one since the last that was
accepted is a maker of every batch made under it; acceptance by somebody else ends that.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ps_integration.errors import AskFinanceError
from ps_integration.settings.approval import Approval
from ps_integration.stores.operational import audit
from ps_integration.stores.operational.models import ConfigChange


def changes(session: Session) -> Sequence[ConfigChange]:
    """Every change and acceptance, the newest last."""
    return session.scalars(select(ConfigChange).order_by(ConfigChange.change_id)).all()


def open_changes(session: Session) -> Sequence[ConfigChange]:
    """What was installed since the last acceptance."""
    accepted = select(func.max(ConfigChange.change_id)).where(ConfigChange.act == "accepted")
    since = session.scalar(accepted) or 0
    return session.scalars(
        select(ConfigChange)
        .where(ConfigChange.change_id > since, ConfigChange.act == "installed")
        .order_by(ConfigChange.change_id)
    ).all()


def changers(session: Session) -> frozenset[str]:
    """Everyone who changed the configuration since the last that was accepted."""
    return frozenset(row.who for row in open_changes(session))


def note(
    session: Session, config_hash: str, installers: Sequence[tuple[str, str]], at: datetime
) -> None:
    """Record who a run's configuration comes from, unless that is known or it was accepted.

    Args:
        session: A transaction on the store.
        config_hash: The configuration the run works under.
        installers: Logins, and how each is known.
        at: The run's instant.
    """
    last = _last(session)
    if last is not None and last.act == "accepted" and last.config_hash == config_hash:
        return
    is_same = last is not None and last.config_hash == config_hash
    known = {row.who for row in open_changes(session) if row.config_hash == config_hash}
    for who, how in installers:
        if not (is_same and who in known):
            _put(session, config_hash, "installed", who, how, at)
            known, is_same = {*known, who}, True


def accept(session: Session, config_hash: str, who: str, at: datetime, rules: Approval) -> None:
    """Record that a second person stands for the configuration.

    Raises:
        AskFinanceError: The acceptor is one of those who changed it, or there is nothing to accept.
    """
    changed = open_changes(session)
    if not changed or changed[-1].config_hash != config_hash:
        raise AskFinanceError(f"configuration {config_hash[:12]}: nothing is to be accepted")
    people = {rules.person(row.who) for row in changed}
    if rules.person(who) in people:
        raise AskFinanceError(
            f"configuration {config_hash[:12]}: {who} is among those who changed it "
            f"({', '.join(sorted(people))}); another person must accept it"
        )
    _put(session, config_hash, "accepted", who, "a second person", at)


def accept_as_shipped(session: Session, config_hash: str, who: str, at: datetime) -> None:
    """Record that a configuration is the product's own: nobody here changed it."""
    last = _last(session)
    if last is None:
        _put(session, config_hash, "accepted", who, "shipped with the product", at)


def is_accepted(session: Session, config_hash: str) -> bool:
    """Whether the configuration is the one that a second person accepted last, unchanged since."""
    last = _last(session)
    return last is not None and last.act == "accepted" and last.config_hash == config_hash


def was_ever_accepted(session: Session) -> bool:
    """Whether any configuration was accepted here before; then each must be."""
    query = select(func.count()).where(ConfigChange.act == "accepted")
    return bool(session.scalar(query))


def _last(session: Session) -> ConfigChange | None:
    query = select(ConfigChange).order_by(ConfigChange.change_id.desc()).limit(1)
    return session.scalars(query).first()


def _put(session: Session, config_hash: str, act: str, who: str, how: str, at: datetime) -> None:
    session.add(ConfigChange(config_hash=config_hash, act=act, who=who, how=how, at=at))
    session.flush()
    verb = "install_configuration" if act == "installed" else "accept_configuration"
    audit.append(session, at=at, who=who, action=verb, subject=config_hash, detail={"how": how})
