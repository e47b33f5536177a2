"""What people have decided about lines typed into an ERP by hand, as far as nobody took it back."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from ps_integration.stores.operational.models import MatchDecision


def standing(session: Session) -> Sequence[MatchDecision]:
    """Decisions that nobody has taken back or confirmed, oldest first; acceptances that confirm."""
    later = aliased(MatchDecision)
    withdrawn = select(later.withdraws).where(later.withdraws.is_not(None))
    query = select(MatchDecision).where(
        MatchDecision.decision != "withdrawn", MatchDecision.decision_id.not_in(withdrawn)
    )
    return session.scalars(query.order_by(MatchDecision.decision_id)).all()


def history(session: Session) -> Sequence[MatchDecision]:
    """Every decision, oldest first; what was taken back too."""
    return session.scalars(select(MatchDecision).order_by(MatchDecision.decision_id)).all()


def named(decision: MatchDecision) -> str:
    """The lines of a decision as people know them: document/line."""
    return ", ".join(f"{one['number']}/{one['line_no']}" for one in decision.lines.values())
