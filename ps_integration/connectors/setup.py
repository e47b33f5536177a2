"""What a vendor file gets to build from, and what it declares about itself."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from ps_integration.connectors.auth import Auth, Secret, secret
from ps_integration.connectors.http import ApiClient, Policy
from ps_integration.connectors.protocol import Connector, ErpWriter, FeedbackWriter
from ps_integration.domain.invoice_dates import ErpDates
from ps_integration.domain.money import RoundingMode
from ps_integration.domain.records import ApprovalEvidence
from ps_integration.errors import FixConfigError
from ps_integration.settings.firm import Role, System


class Options(BaseModel):
    """Base of every vendor's own options: unknown keys are refused, values are not echoed."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


ProjectTerm = Literal[
    "customer_key",
    "currency",
    "tax_code",
    "revenue_account",
    "cost_centre",
    "billing_rule",
    "purchase_order",
]
PROJECT_TERMS: Final[tuple[ProjectTerm, ...]] = get_args(ProjectTerm)
"""Columns of a project in an ERP that say how it is billed."""
HOUR_SECONDS: Final = 3_600.0
DAY_SECONDS: Final = 86_400.0
OptionsT = TypeVar("OptionsT", bound=Options)


@dataclass(frozen=True, slots=True)
class Setup:
    """One system of the firm file, with the means to reach it.

    Attributes:
        system: Its part of the firm file.
        environ: Environment variables, for `env:` references.
        policy: Bounds, patience and the account's pace.
    """

    system: System
    environ: Mapping[str, str] = field(repr=False)
    policy: Policy = field(default_factory=Policy)

    def secret(self, name: str) -> Secret:
        """The credential of that name.

        Raises:
            FixConfigError: Not configured, or its variable is not set.
        """
        reference = self.system.credentials.get(name)
        if reference is None:
            raise FixConfigError(f"system {self.system.id}: credentials need {name}: env:...")
        try:
            return secret(reference, self.environ)
        except FixConfigError as error:
            raise FixConfigError(f"system {self.system.id}: {error}") from None

    def options(self, model: type[OptionsT]) -> OptionsT:
        """The vendor's own options, checked.

        Raises:
            FixConfigError: Lists every option that is wrong, without its value.
        """
        try:
            return model.model_validate(self.system.options)
        except ValidationError as error:
            wrong = "; ".join(
                f"options.{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()
            )
            raise FixConfigError(f"system {self.system.id}: {wrong}") from None

    def url(self, default: str = "") -> str:
        """The system's address: a URL, an `env:NAME` reference, or the vendor's own.

        Raises:
            FixConfigError: There is none.
        """
        told = self.address(self.system.base_url or default)
        if not told:
            raise FixConfigError(f"system {self.system.id}: base_url is missing")
        return told

    def address(self, told: str) -> str:
        """An address as it is, or what an `env:NAME` reference names.

        Raises:
            FixConfigError: The variable is not set.
        """
        return secret(told, self.environ).value if told.startswith("env:") else told

    def client(
        self,
        auth: Auth,
        url: str,
        headers: Mapping[str, str] | None = None,
        unprocessed: frozenset[int] = frozenset(),
    ) -> ApiClient:
        """A client for one origin of this system."""
        policy = replace(self.policy, unprocessed=unprocessed)
        return ApiClient(self.system.id, url, auth, policy, headers)


@dataclass(frozen=True, slots=True)
class Vendor:
    """One vendor file's line in the registry.

    Attributes:
        name: As in the firm file.
        options: Model of `System.options`.
        build: Makes the reading connector.
        erp_writer: Makes the writer of ERP documents, where the vendor is an ERP.
        feedback_writer: Makes the writer of billing status, where the vendor takes it.
        approval_evidence: What a time system says about approval.
        rates: The vendor's published limits per account, as (calls, seconds).
        credentials: Names the credentials must have.
        roles: Roles it is usually connected in, for a new firm file.
        quantity_decimals: Decimals an ERP keeps of a quantity; hours are rated at that scale.
        lines_max: Lines that an ERP takes in one document; None = it states no limit. More become
            several documents.
        billing_attributes: Columns of its projects that say how they are billed, as this firm has
            set it up; an ERP is asked for no other. What else it can say are its streams.
        rounding: How an ERP rounds the half of a minor unit; None = it takes amounts as they are.
        dates: What an ERP, as this firm has set it up, has for posting date and invoice date.
        posting_options: Options that a system must name for something to be posted to it.
        revenue_option: The option that lists the revenue accounts which an ERP is set up for.
    """

    name: str
    options: type[Options]
    build: Callable[[Setup], Connector]
    erp_writer: Callable[[Setup], ErpWriter] | None = None
    feedback_writer: Callable[[Setup], FeedbackWriter] | None = None
    approval_evidence: ApprovalEvidence | None = None
    rates: tuple[tuple[int, float], ...] = ()
    credentials: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    quantity_decimals: int = 5
    lines_max: int | None = None
    billing_attributes: Callable[[Setup], Iterable[ProjectTerm]] = lambda _setup: ()
    rounding: RoundingMode | None = None
    dates: Callable[[System], ErpDates] = lambda _system: "two"
    posting_options: tuple[str, ...] = ()
    revenue_option: str | None = None

    def lacks_to_post(self, system: System) -> list[str]:
        """The options without which nothing can be posted to a system."""
        return [name for name in self.posting_options if not system.options.get(name)]

    def hour_decimals(self, system: System) -> int:
        """Decimals that a system keeps of hours: its own setting, or the vendor's."""
        told = system.options.get("quantity_decimals")
        return told if isinstance(told, int) else self.quantity_decimals

    def quotas(self, system: System) -> tuple[tuple[int, float], ...]:
        """What the system's account may call in an hour or longer, as (calls, seconds).

        What the firm file says of a day takes the place of the vendor's own figure.
        """
        told = system.daily_calls
        vendors = [
            rate
            for rate in self.rates
            if rate[1] >= HOUR_SECONDS and (told is None or rate[1] != DAY_SECONDS)
        ]
        return (*vendors, *([(told, DAY_SECONDS)] if told else []))

    def rates_of(self, system: System) -> tuple[tuple[int, float], ...]:
        """What the system's account may call, as (calls, seconds): its setting, or the vendor's."""
        if system.requests_per_second is None:
            return self.rates
        asked = system.requests_per_second
        return ((1, 1 / asked),) if asked < 1 else ((int(asked), 1.0),)
