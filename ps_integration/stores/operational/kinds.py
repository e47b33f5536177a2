"""What the audit trail witnesses of each table: which columns, and what it leaves out and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, cast

from sqlalchemy import Table
from sqlalchemy.sql.elements import ColumnElement

from ps_integration.stores.operational.base import Base
from ps_integration.stores.operational.models import (
    Approval,
    Batch,
    BatchMaker,
    Break,
    BreakEvent,
    BreakImport,
    CanonicalId,
    ConfigChange,
    CorrectionDecision,
    DayDecision,
    Decision,
    DeletionDecision,
    Document,
    ErpReversal,
    Feedback,
    LedgerEntry,
    MatchDecision,
    Opening,
    PeriodEvent,
    Proposal,
    QuarantineDecision,
    RecordLink,
    Run,
    StoreIdentity,
)
from ps_integration.stores.operational.pending import Identity

_SEEN_AGAIN: Final = ("seen", "alerted")


@dataclass(frozen=True)
class Kind:
    """One way in which rows of a table are witnessed.

    Attributes:
        model: Whose rows.
        leaves_out: Columns that its hash does not cover.
        part: Tells this kind from another one of the same table.
        is_shown: Whether an evidence pack has the rows themselves.
        is_final: Whether a row is never written again; else its last witness counts.
        unless: Rows that are not witnessed.
    """

    model: type[Base]
    leaves_out: frozenset[str] = frozenset()
    part: str = ""
    is_shown: bool = False
    is_final: bool = True
    unless: ColumnElement[bool] | None = None

    @cached_property
    def table(self) -> Table:
        """Where its rows are."""
        return cast("Table", self.model.__table__)

    @cached_property
    def name(self) -> str:
        """What the trail calls it."""
        return str(self.model.__tablename__) + (f".{self.part}" if self.part else "")

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the values that a row's bytes list, after the name."""
        names = (column.name for column in self.table.columns)
        return tuple(name for name in names if name not in self.leaves_out)

    def identity(self, row: object) -> Identity:
        """Which row it is: the values of its primary key."""
        return tuple(getattr(row, column.name) for column in self.table.primary_key.columns)

    def takes(self, row: object) -> bool:
        """Whether a row is witnessed."""
        return self.unless is None or getattr(row, "event", "") not in _SEEN_AGAIN


def _only(model: type[Base], *names: str) -> frozenset[str]:
    """What a kind of these columns, beside the primary key, leaves out."""
    columns = cast("Table", model.__table__).columns
    return frozenset(column.name for column in columns if not column.primary_key) - {*names}


_KINDS: Final = (
    Kind(LedgerEntry, is_shown=True),
    Kind(Approval, is_shown=True),
    Kind(
        Batch,
        frozenset({"status", "config_hash", "run_id", "planned_at"}),
        is_shown=True,
        is_final=False,
    ),
    Kind(
        Batch,
        _only(Batch, "status", "config_hash", "run_id", "planned_at"),
        "standing",
        is_final=False,
    ),
    Kind(BatchMaker, is_shown=True),
    Kind(Decision, is_shown=True),
    Kind(MatchDecision, is_shown=True),
    Kind(Opening, is_shown=True, is_final=False),
    Kind(DeletionDecision, is_shown=True),
    Kind(DayDecision, is_shown=True),
    Kind(CorrectionDecision, is_shown=True),
    Kind(QuarantineDecision, is_shown=True),
    Kind(
        Document,
        _only(
            Document,
            *("batch_id", "merkle_proof", "attempts", "sent_at", "sent_clock_at"),
            *("doubtful_clock_at", "unknown_until", "erp_id", "erp_number"),
            *("readback_minor", "readback", "confirmed_at", "hold_reason"),
        ),
        "fate",
        is_final=False,
    ),
    Kind(ErpReversal),
    Kind(ConfigChange),
    Kind(PeriodEvent),
    Kind(BreakImport),
    Kind(Proposal, is_final=False),
    Kind(CanonicalId),
    Kind(RecordLink),
    Kind(Run, is_final=False),
    Kind(StoreIdentity, frozenset({"is_copy"}), is_final=False),
    Kind(Feedback, is_final=False),
    Kind(
        Break,
        frozenset({"last_seen_at", "times_seen", "facts", "version", "alerts", "alerted_minor"}),
        is_final=False,
    ),
    Kind(BreakEvent, unless=BreakEvent.event.in_(_SEEN_AGAIN)),
)
KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in _KINDS}
OF_TABLE: Final[Mapping[str, tuple[Kind, ...]]] = {
    table: tuple(kind for kind in _KINDS if kind.model.__tablename__ == table)
    for table in {kind.model.__tablename__ for kind in _KINDS}
}
SINCE_0016: Final = tuple(kind.name for kind in _KINDS if not kind.is_shown)
"""Kinds that no release before revision 0016 of the tables witnessed."""
_AGAIN: Final = "as the last night saw it; the next one writes it again"
_WHILE: Final = "who works on it now; expires by itself"
UNWITNESSED: Final[Mapping[str, str]] = {
    "alembic_version": "the version of the tables; another one is refused at the start",
    "audit": "the trail itself: a chain, coded by a key, its end noted outside",
    "leases": _WHILE,
    "live_lines": "follows from lines and states; `audit verify` holds it against them",
    "documents.state": "where the ledger left it; `audit verify` holds it against that",
    "documents.invoice_date": "a trigger keeps it once claimed; the claim's ledger row says it",
    "documents.next_try_at": "when it is tried again, never what",
    "documents.put_off": "how often it was put off; makes the next wait longer",
    "documents.lease_holder": _WHILE,
    "documents.lease_token": _WHILE,
    "documents.lease_until": _WHILE,
    "posting_lines.line_id": "a number that the store gives itself and nothing refers to",
    "store_identity.is_copy": "marks a backup from outside; the posting journal fences it as well",
    "breaks.last_seen_at": _AGAIN,
    "breaks.times_seen": _AGAIN,
    "breaks.facts": _AGAIN,
    "breaks.version": "lets an old workbook be refused; the next change makes it another",
    "breaks.alerts": "which alerts were sent; one more or less is sent",
    "breaks.alerted_minor": "as alerts",
    "break_events seen": "that a break was seen again or alerted: no state comes of it",
}
"""Tables and columns that no row of the trail covers, and why none has to."""
