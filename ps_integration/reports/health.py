"""Rows of the night's report about its own health: quarantine, sources, rules."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

RuleStatus = Literal["clean", "found", "could_not_run", "not_applicable", "switched_off"]
SourceStatus = Literal["complete", "not_whole", "failed", "stale", "never_read"]
"""`not_whole`: read to its end, and so much was missing that nothing counts as deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineLine:
    """One field of one record that broke its contract.

    Attributes:
        place: File and row, where it came from a file.
        seconds: Time that the record itself tells; its amount and approval likewise.
        may_hide: Whether it may hide approved time or money.
        set_aside_by: Who decided that it needs no more work as it stands.
    """

    system: str
    stream: str
    record_id: str
    object: str
    rule: str
    field: str
    value: str | None
    remedy: str
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    place: str | None = None
    seconds: int | None = None
    amount_minor: int | None = None
    currency: str | None = None
    is_approved: bool | None = None
    may_hide: bool = False
    set_aside_by: str | None = None

    @property
    def record(self) -> tuple[str, str, str]:
        """Which record: system, stream and id."""
        return self.system, self.stream, self.record_id


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """The health of one stream of one system.

    Attributes:
        stream: Empty when nothing of the system was ever read.
        last_complete_at: When it was last read whole.
        message: What went wrong and what it means, in plain words; empty when nothing did.
    """

    system: str
    vendor: str
    stream: str
    status: SourceStatus
    last_read_at: datetime | None
    last_complete_at: datetime | None
    records_read: int
    records_changed: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """How one rule ran.

    `could_not_run` says nothing about the data, unlike `clean`; `not_applicable` asks for what no
    system of the firm can say.
    """

    code: str
    title: str
    severity: str
    owner: str
    blocks: bool
    status: RuleStatus
    found_count: int
    open_count: int
    message: str
