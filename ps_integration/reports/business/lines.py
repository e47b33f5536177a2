"""The lines of the business report; money in minor units of the line's currency."""

from dataclasses import dataclass, fields
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbilled:
    """What a figure of work in progress and its lines have in common."""

    legal_entity: str
    currency: str
    disposition: str
    reason: str
    rule: str | None
    cause: str | None
    owner: str | None

    @property
    def key(self) -> tuple[str | None, ...]:
        """All of it: a figure and its lines have the same."""
        return tuple(getattr(self, one.name) for one in fields(Unbilled))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnbilledSum(Unbilled):
    """Work in progress of one legal entity and currency that one thing keeps, by its age in days.

    `not_approved` has hours and no amount: it is priced when it is approved.
    """

    parts: int
    seconds: int
    minor: int
    to_30_minor: int
    to_60_minor: int
    to_90_minor: int
    over_90_minor: int
    unpriced_count: int
    oldest: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnbilledLine(Unbilled):
    """One part of an entry, or one milestone, that is not billed yet."""

    object_id: str
    part: int
    project_id: str | None
    resource_id: str | None
    worked_on: date | None
    age_days: int | None
    seconds: int
    minor: int | None
    document_ref: str | None
    evidence: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectLine:
    """A project in one currency: billed, on its way, ready, held, deferred, and what is to come.

    Attributes:
        by_hand_minor: Billed by lines typed into the ERP that somebody has accepted.
    """

    project_id: str
    name: str | None
    customer_key: str | None
    legal_entity: str
    status: str | None
    billing_type: str | None
    currency: str
    cap_minor: int | None
    billed_minor: int
    by_hand_minor: int = 0
    on_way_minor: int
    ready_minor: int
    held_minor: int
    deferred_minor: int
    milestones_minor: int
    held_by: str | None

    @property
    def backlog_minor(self) -> int:
        """What is sold and not worked yet: the rest of the cap, and milestones not reached."""
        worked = (
            self.billed_minor + self.by_hand_minor + self.on_way_minor + self.ready_minor
            + self.held_minor + self.deferred_minor
        )  # fmt: skip
        rest = 0 if self.cap_minor is None else max(0, self.cap_minor - worked)
        return rest + self.milestones_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessLine:
    """How much of the approved work of a legal entity could be billed tonight."""

    legal_entity: str
    currency: str
    projects: int
    held_projects: int
    ready_minor: int
    held_minor: int
    deferred_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UtilisationLine:
    """The hours of a person, or of a legal entity's people, in one month."""

    legal_entity: str
    period: str
    resource_id: str = ""
    name: str | None = None
    available_seconds: int
    worked_seconds: int
    billable_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginLine:
    """Revenue and cost in one currency: of a project and month, a customer, or a legal entity."""

    legal_entity: str
    currency: str
    customer_key: str = ""
    project_id: str = ""
    name: str | None = None
    period: str = ""
    billed_minor: int
    unbilled_minor: int
    supplier_minor: int
    charge_minor: int
    labour_minor: int
    seconds: int

    @property
    def revenue_minor(self) -> int:
        """Billed, and approved to be billed."""
        return self.billed_minor + self.unbilled_minor

    @property
    def margin_minor(self) -> int:
        """Revenue less what is known of its cost."""
        return self.revenue_minor - self.supplier_minor - self.charge_minor - self.labour_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemLine:
    """How one system was to work with in the last days."""

    system: str
    vendor: str
    roles: str
    reads: int
    failed_reads: int
    records_read: int
    last_complete_at: datetime | None
    quarantined: int
    writes: int
    failed_writes: int
    calls: int
    used_percent: int | None
    last_error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreeWayLine:
    """A project's month in every system; `psa_seconds` is None where the PSA keeps none of it."""

    project_id: str
    name: str | None
    legal_entity: str
    period: str
    currency: str
    time_seconds: int
    psa_seconds: int | None
    ledger_seconds: int
    erp_seconds: int
    rated_minor: int
    ledger_minor: int
    erp_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekLine:
    """A person's week, from the Monday `week` on."""

    resource_id: str
    name: str | None
    legal_entity: str
    week: date
    time_seconds: int
    psa_seconds: int | None
    ledger_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine:
    """A revenue account, or resource, of an ERP company in one month."""

    system: str
    company: str
    account: str
    period: str
    currency: str
    lines: int
    ours_minor: int
    typed_minor: int
