"""What a plan was made from, kept with its run: high-water marks of everything append-only."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from ps_integration.billing.planned import PlannedBatch
from ps_integration.domain.ports import Queries
from ps_integration.stores.operational import approvals, breaks
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows.night import Night
from ps_integration.workflows.stage import ensure_run


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything up to these marks was there when the run planned.

    Attributes:
        raw_seq: Newest raw record.
        ledger_seq: Newest row of the posting ledger when it was copied into the warehouse.
        break_seq: Newest break event, the run's own included.
        decision_id: Newest write-off or waiver.
        openings: Legal entity and time system of every signed opening list.
        batches: Content hash of every planned batch, by batch id.
        match_decision_id: Newest decision about a line typed by hand that the plan has seen.
        link_id: Newest link of a record to its canonical object.
        day_decision_id: Newest entry dated anew that work was dated with.
    """

    raw_seq: int
    ledger_seq: int
    break_seq: int
    decision_id: int
    openings: tuple[tuple[str, str], ...]
    batches: dict[str, str]
    match_decision_id: int = 0
    link_id: int = 0
    day_decision_id: int = 0


_LAST_DAY_DECISION = "select coalesce(max(decision_id), 0) from ops.day_decisions"
_LAST_MATCH_DECISION = "select coalesce(max(decision_id), 0) from ops.match_decisions"

_LAST_LINK = "select coalesce(max(link_id), 0) from ops.record_links"


def note(
    night: Night, warehouse: Queries, store: OperationalStore, batches: Sequence[PlannedBatch]
) -> None:
    """Keep with the run what its plan was made from and what it came to."""
    with store.session() as session:
        inputs = Inputs(
            raw_seq=_whole(warehouse.value("select coalesce(max(raw_seq), 0) from raw.records")),
            ledger_seq=_whole(warehouse.value("select ledger_seq from config.run")),
            break_seq=breaks.last_seq(session),
            decision_id=approvals.last_decision_id(session),
            openings=tuple(sorted(approvals.openings(session))),
            batches={batch.batch_id: batch.content_sha256 for batch in batches},
            match_decision_id=_whole(warehouse.value(_LAST_MATCH_DECISION)),
            link_id=_whole(warehouse.value(_LAST_LINK)),
            day_decision_id=_whole(warehouse.value(_LAST_DAY_DECISION)),
        )
        ensure_run(session, night).inputs = msgspec.to_builtins(asdict(inputs))


def read(kept: dict[str, Any]) -> Inputs:
    """The inputs of a run as they were kept."""
    return msgspec.convert(kept, Inputs)


def _whole(value: object) -> int:
    return int(str(value))
