"""Which decisions of which export were carried out, so that the same file again changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ps_integration.domain.days import said_at
from ps_integration.domain.seal import digest
from ps_integration.stores.operational.models import BreakImport


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """What earlier imports of one export did; `said` tells of the last of them."""

    decisions: Mapping[str, str] = field(default_factory=dict)
    said: str = ""


def carried_out(session: Session, export_id: str) -> CarriedOut:
    """The hash of each decision that was carried out of an export, by break."""
    query = select(BreakImport).where(BreakImport.export_id == export_id)
    found = session.scalars(query.order_by(BreakImport.imported_at)).all()
    decisions = {key: str(value) for row in found for key, value in row.decisions.items()}
    said = f"{said_at(found[-1].imported_at)} by {found[-1].imported_by}" if found else ""
    return CarriedOut(decisions, said)


def put(
    session: Session,
    export_id: str,
    decisions: Mapping[str, str],
    *,
    file_sha256: str,
    who: str,
    at: datetime,
) -> None:
    """Write down what one import carried out."""
    session.add(
        BreakImport(
            decisions_sha256=digest([export_id, dict(decisions)]),
            file_sha256=file_sha256,
            export_id=export_id,
            decisions=dict(decisions),
            imported_by=who,
            imported_at=at,
        )
    )
    session.flush()
