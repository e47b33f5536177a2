"""What we owe PSA and time systems about invoices: written before it is told."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ps_integration.stores.operational.models import Feedback


@dataclass(frozen=True, slots=True)
class Owed:
    """One status owed to one system about one subject and one invoice."""

    system: str
    subject_kind: str
    subject_external_id: str
    reference: str
    status: str
    message: str
    payload_sha256: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Its identity."""
        return (self.system, self.subject_kind, self.subject_external_id, self.reference)


def is_settled(session: Session, one: Owed) -> bool:
    """Whether exactly this was told, or refused, before."""
    row = session.get(Feedback, one.key)
    return row is not None and row.state != "pending" and row.payload_sha256 == one.payload_sha256


def intend(session: Session, owed: Sequence[Owed], at: datetime) -> None:
    """Write what is about to be told, as pending."""
    for one in owed:
        row = session.get(Feedback, one.key)
        if row is None:
            row = Feedback(**asdict(one), state="pending", changed_at=at)
            session.add(row)
        elif row.payload_sha256 != one.payload_sha256:
            row.status, row.message, row.changed_at = one.status, one.message, at
            row.payload_sha256 = one.payload_sha256
        row.state = "pending"
    session.flush()


def conclude(session: Session, one: Owed, state: str, *, at: datetime, error: str | None) -> None:
    """Write how telling ended: told, refused, or still pending."""
    row = session.get_one(Feedback, one.key)
    row.state, row.error = state, error
    if state == "told":
        row.told_at = at
    session.flush()
