"""Rows of the night's report about its own health: quarantine, sources, rules."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

RuleStatus = Literal["clean", "found", "could_not_run", "not_applicable", "switched_off"]
SourceStatus = Literal["complete", "not_whole", "failed", "stale", "never_read"]
"""`not_whole`: read to its end, and so much was missing that nothing counts as deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineLine:
    """One field of one record that broke its contract."""

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
