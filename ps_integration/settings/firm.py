"""The shape of the firm file: who the firm is, its systems, and the policies of its billing."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field

from ps_integration.domain.invoice_dates import Dating, InvoiceDatePolicy
from ps_integration.settings.approval import Approval
from ps_integration.settings.audit import Audit
from ps_integration.settings.base import (
    FAR_FUTURE,
    FAR_PAST,
    Currency,
    Identifier,
    Reference,
    Strict,
    Zone,
)
from ps_integration.settings.breaks import Breaks
from ps_integration.settings.business import Business
from ps_integration.settings.corrections import CorrectionPolicy, CreditPolicy, VoidedPolicy
from ps_integration.settings.delivery import Destination
from ps_integration.settings.metrics import Metrics
from ps_integration.settings.reports import Reports

Role = Literal["crm", "psa", "time", "erp", "hr"]
PeriodPolicy = Literal["hold", "shift", "reject"]


class LegalEntity(Strict):
    """One company of the firm that employs people or bills customers."""

    id: Identifier
    name: str
    currency: Currency
    time_zone: Zone
    holiday_calendar: str = Field(
        default="", description="country, or country and part: GB, GB-SCT, US-CA"
    )
    rounding: Literal["half_up", "half_even"] = "half_up"
    closed_period: PeriodPolicy = "hold"
    future_period: PeriodPolicy = "hold"
    corrections: CorrectionPolicy = "reverse_and_rebill"
    voided: VoidedPolicy = "hold"
    invoice_date: InvoiceDatePolicy = Field(
        default="last_work_day", description="the day on the paper; revenue keeps its month"
    )
    billing_day: int | None = Field(
        default=None, ge=1, le=31, description="day of the month, for invoice_date billing_calendar"
    )
    credits: CreditPolicy = Field(
        default="person",
        description="who lets credits for deleted, withdrawn or no longer billable work go",
    )
    zero_lines: bool = Field(
        default=False, description="whether lines of no amount go on an invoice that has others"
    )

    @property
    def dating(self) -> Dating:
        """How its documents are dated."""
        return Dating(self.invoice_date, self.billing_day or 31)


class System(Strict):
    """One connected application."""

    id: Identifier
    vendor: str
    roles: tuple[Role, ...] = Field(min_length=1)
    base_url: str = Field(default="", description="URL, or env:NAME")
    account: str = ""
    credentials: dict[str, Reference] = Field(default_factory=dict)
    legal_entities: tuple[Identifier, ...] = ()
    valid_from: date = FAR_PAST
    valid_to: date = FAR_FUTURE
    overlap_hours: int = Field(default=24, ge=0, le=24 * 90)
    freshness_hours: int = Field(default=30, ge=1)
    requests_per_second: float | None = Field(default=None, gt=0)
    daily_calls: int | None = Field(default=None, gt=0)
    max_commit_delay_seconds: float | None = Field(default=None, gt=0, le=3600)
    options: dict[str, object] = Field(
        default_factory=dict, description="what only this vendor needs; checked by its connector"
    )

    @property
    def vendor_account(self) -> tuple[str, str, str]:
        """What the vendor's limits hold for: vendor, address and account."""
        return self.vendor, self.base_url, self.account

    @property
    def companies(self) -> Mapping[str, str]:
        """Legal entity to the ERP's own company id, where its options name companies."""
        told = self.options.get("companies")
        return {str(key): str(one) for key, one in told.items()} if isinstance(told, dict) else {}


class Route(Strict):
    """Which system serves a legal entity in one role, and from when."""

    legal_entity: Identifier
    system: Identifier
    company: str = Field(
        default="",
        description="the ERP's own company id, for role erp; default: the one that the ERP's "
        "options.companies names for the legal entity",
    )
    valid_from: date = FAR_PAST
    valid_to: date = FAR_FUTURE


class Routing(Strict):
    """Routes by role. For each entity and date exactly one system supplies billable time."""

    time: tuple[Route, ...] = ()
    psa: tuple[Route, ...] = ()
    erp: tuple[Route, ...] = ()
    hr: tuple[Route, ...] = ()
    crm: tuple[Route, ...] = ()


class GoingLive(Strict):
    """Time before `bill_from` is settled elsewhere: counted and shown, never posted."""

    legal_entity: Identifier
    time_system: Identifier
    bill_from: date


class Ownership(Strict):
    """The system of record of one field of one kind of object; field `*` is the default."""

    object: Literal["customer", "project", "task", "resource", "assignment", "rate"]
    field: str = "*"
    system: Identifier


class CrosswalkRow(Strict):
    """Says which canonical object an external id is, where keys do not match by themselves."""

    object: Literal["project", "customer", "resource", "task"]
    id: str
    system: Identifier
    external_id: str
    valid_from: date = FAR_PAST
    valid_to: date = FAR_FUTURE


class Rates(Strict):
    """How the price of an hour is found."""

    source: Identifier | None = Field(
        default=None, description="system whose rates price time; none = the entry's own rate"
    )
    precedence: tuple[
        Literal["assignment", "project_role", "project", "role", "resource", "entry"], ...
    ] = ("assignment", "project_role", "project", "role", "resource")
    fx_rate_type: str = "spot"
    fx_max_age_days: int = Field(default=7, ge=0)


class RuleSetting(Strict):
    """What a firm changes of one rule."""

    severity: Literal["critical", "high", "medium", "low"] | None = None
    blocks: bool | None = None
    is_enabled: bool = True
    tolerances: dict[str, str | int] = Field(default_factory=dict)
    owner: str | None = None


class Slas(Strict):
    """Promises the rules measure against, in days."""

    posting_days: int = Field(default=2, ge=0, description="approved to posted (TM01)")
    approval_days: int = Field(default=5, ge=0, description="submitted to approved (TM13)")
    milestone_days: int = Field(default=3, ge=0, description="reached to billed (BL02)")


class Schedules(Strict):
    """Cron lines in the firm's time zone."""

    nightly: str = "30 4 * * *"


class Stores(Strict):
    """Where state lives. Relative paths are relative to the folder the command runs in."""

    folder: str = Field(default="", description="default: data/<firm id>")
    operational: str = Field(default="", description="SQLAlchemy URL or env:NAME; default SQLite")
    journal: str = Field(
        default="", description="posting journal; best on another disk; default: in the folder"
    )
    memory_gb: int = Field(
        default=2, ge=1, description="memory of the warehouse, in GB; more is spilled to disk"
    )


class Posting(Strict):
    """What is written to the ERP."""

    mode: Literal["draft", "post"] = "post"
    revenue_account: str = Field(default="", description="when the ERP cannot say it per project")
    project_dimension: str = "PROJECT"
    unknown_hours: int = Field(
        default=24, ge=1, description="a lost reply unsettled for longer is a break (IN06)"
    )
    dead_retries: int = Field(
        default=3, ge=0, description="times a dead document is tried again once its ERP answers"
    )
    dead_retry_hours: int = Field(default=12, ge=0, description="wait before each of them")


class FirmIdentity(Strict):
    """The firm as a whole."""

    id: Identifier
    name: str
    time_zone: Zone
    reporting_currency: Currency
    daily_hours_limit: int = Field(default=16, ge=1, le=24)


class Firm(Strict):
    """One firm file."""

    firm: FirmIdentity
    legal_entities: tuple[LegalEntity, ...] = Field(min_length=1)
    systems: tuple[System, ...] = Field(min_length=1)
    routing: Routing
    going_live: tuple[GoingLive, ...] = ()
    ownership: tuple[Ownership, ...] = ()
    crosswalk: tuple[CrosswalkRow, ...] = ()
    rates: Rates = Rates()
    posting: Posting = Posting()
    rules: dict[str, RuleSetting] = Field(default_factory=dict)
    rules_folder: str = Field(default="", description="folder with the firm's own rule files")
    owners: dict[str, str] = Field(
        default_factory=dict, description="rule owner to a name or address people know"
    )
    approval: Approval = Approval()
    breaks: Breaks = Breaks()
    slas: Slas = Slas()
    metrics: Metrics = Metrics()
    business: Business = Business()
    reports: Reports = Reports()
    delivery: tuple[Destination, ...] = ()
    schedules: Schedules = Schedules()
    stores: Stores = Stores()
    audit: Audit = Audit()

    @property
    def rules_path(self) -> Path | None:
        """The folder with the firm's own rule files; None when it has none."""
        return Path(self.rules_folder) if self.rules_folder else None

    def routes(self, role: Role) -> tuple[Route, ...]:
        """The routes of a role; those of an ERP with the company that its options name for it."""
        companies = {system.id: system.companies for system in self.systems}
        told: tuple[Route, ...] = getattr(self.routing, role)
        return tuple(
            route
            if route.company or role != "erp"
            else route.model_copy(
                update={"company": companies.get(route.system, {}).get(route.legal_entity, "")}
            )
            for route in told
        )

    @property
    def suppliers(self) -> Mapping[str, frozenset[str]]:
        """Systems that the plan of a legal entity is read from besides its time systems and ERP."""
        prices = {self.rates.source} - {None}
        return {
            entity.id: frozenset(
                {route.system for route in self.routing.psa if route.legal_entity == entity.id}
                | {system for system in prices if system is not None}
            )
            for entity in self.legal_entities
        }

    def system(self, system_id: str) -> System:
        """The system of that id.

        Raises:
            KeyError: There is none.
        """
        for system in self.systems:
            if system.id == system_id:
                return system
        raise KeyError(system_id)
