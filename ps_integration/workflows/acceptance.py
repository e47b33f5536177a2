"""A second person accepts a configuration, as somebody else's change of it."""

from datetime import datetime

from ps_integration.domain.identity import is_person, owner_of
from ps_integration.errors import AskFinanceError
from ps_integration.settings.load import FirmFile
from ps_integration.stores.operational import installed
from ps_integration.stores.operational.models import ConfigChange
from ps_integration.stores.operational.store import OperationalStore


def accept(store: OperationalStore, file: FirmFile, who: str, now: datetime) -> None:
    """Accept the firm file as it stands; who changed it since the last acceptance may not.

    A configuration that no run has met yet is recorded as its file owner's first.

    Args:
        store: The operational store.
        file: The firm file.
        who: The operating system's user (`domain.identity.current_user`).
        now: The instant.

    Raises:
        AskFinanceError: The acceptor changed it, is not a person, or nothing waits for acceptance.
    """
    if not is_person(who):
        raise AskFinanceError(f"{who!r} is not a person and cannot accept a configuration")
    owner = owner_of(file.source.path)
    with store.session() as session:
        installed.note(session, file.config_hash, ((owner, "owns the file"),), now)
    with store.session() as session:
        installed.accept(session, file.config_hash, who, now, file.firm.approval)


def changes(store: OperationalStore) -> tuple[ConfigChange, ...]:
    """Every change of configuration and every acceptance, oldest first."""
    with store.snapshot() as session:
        return tuple(installed.changes(session))
