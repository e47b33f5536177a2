"""Records that went missing all at once: listed for a person, who says that they were deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ps_integration.domain.ports import Queries
from ps_integration.errors import AskFinanceError
from ps_integration.stores.operational import deletions
from ps_integration.stores.operational.deletions import Missing
from ps_integration.stores.operational.match_decisions import Decider
from ps_integration.stores.operational.models import DeletionDecision
from ps_integration.stores.operational.store import OperationalStore

_IS_THERE: Final = """
select count(*) from information_schema.tables
where table_schema = 'raw' and table_name = 'doubted'
"""
_RECORDS: Final = """
select system, stream, record_id, since
from raw.doubted
order by system, stream, record_id
"""
_POSTED: Final = """
select system, stream, currency, sum(abs(amount_minor))::bigint as minor
from reconciliation.posted_on_doubted
group by all
having sum(abs(amount_minor)) <> 0
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """One stream that lacks too much to be believed, and what was decided about it.

    Attributes:
        missing: What it lacks.
        state: `open`, `proposed` (another person confirms) or `accepted` (the next night follows).
        decided_by: Who decided last; empty when nobody did.
    """

    missing: Missing
    since: datetime
    state: str
    decided_by: str


def listed(store: OperationalStore, queries: Queries) -> list[Listed]:
    """What the last night missed and did not take for deleted, by stream.

    Args:
        store: The operational store.
        queries: The warehouse as the last night left it.
    """
    with store.snapshot() as session:
        known = deletions.decisions(session)
    return [_listed(missing, known) for missing in _missing(queries)]


def accept(
    store: OperationalStore, queries: Queries, place: tuple[str, str], by: Decider
) -> DeletionDecision:
    """Say that what a stream lacks was deleted; the next night whose listing lacks it follows.

    Args:
        store: The operational store.
        queries: The warehouse as the last night left it.
        place: System and stream.
        by: Who decides, when and why.

    Raises:
        AskFinanceError: Nothing of the stream is in doubt, or the person may not.
    """
    found = [one for one in _missing(queries) if (one.system, one.stream) == place]
    if not found:
        raise AskFinanceError(
            f"{' '.join(place)}: the last night missed nothing of it that needs a person; see "
            "ps-integration deletions list"
        )
    with store.session() as session:
        return deletions.accept(session, found[0], by)


def _missing(queries: Queries) -> list[Missing]:
    if not queries.value(_IS_THERE):  # published by an older product
        return []
    records: dict[tuple[str, str], dict[str, str]] = {}
    for row in queries.rows(_RECORDS):
        since = row["since"]
        told = since.isoformat() if isinstance(since, datetime) else ""
        records.setdefault((str(row["system"]), str(row["stream"])), {})[str(row["record_id"])] = (
            told
        )
    amounts: dict[tuple[str, str], dict[str, int]] = {}
    for row in queries.rows(_POSTED):
        place = (str(row["system"]), str(row["stream"]))
        amounts.setdefault(place, {})[str(row["currency"])] = int(str(row["minor"]))
    return [Missing(*place, found, amounts.get(place, {})) for place, found in records.items()]


def _listed(missing: Missing, known: Sequence[DeletionDecision]) -> Listed:
    own = [
        one
        for one in known
        if (one.system, one.stream) == (missing.system, missing.stream)
        and set(missing.records) <= set(one.records)
    ]
    state, who = (own[-1].decision, own[-1].decided_by) if own else ("open", "")
    since = min(datetime.fromisoformat(told) for told in missing.records.values())
    return Listed(missing, since, state, who)
