"""One project with a customer and a person of its own: what befalls it befalls nothing else."""

from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal
from uuid import NAMESPACE_URL, uuid5

Entity = Literal["GB", "DE"]
Kind = Literal["tm", "milestone", "fixed_fee", "internal"]
COMPANIES = {
    "GB": "8f1d2c30-0001-4a00-9000-000000000001",
    "DE": "8f1d2c30-0002-4a00-9000-000000000002",
}
CURRENCIES = {"GB": "GBP", "DE": "EUR"}
TAX_CODES = {"GB": "STANDARD", "DE": "UST19"}
ZONES = {"GB": "Europe/London", "DE": "Europe/Berlin"}
TIME_SYSTEMS = {"GB": "harvest", "DE": "clockify"}


def guid(*words: object) -> str:
    """An id that is always the same for the same thing."""
    return str(uuid5(NAMESPACE_URL, "/".join(("quality", *map(str, words)))))


@dataclass
class Worker:
    """A person: where employed, and what their hour is priced by."""

    number: int
    name: str
    entity: Entity
    role: str = "CONSULTANT"

    @property
    def email(self) -> str:
        """Their key in every system."""
        return f"p{self.number:04}@quality.example"

    @property
    def harvest_id(self) -> int:
        """Id in Harvest."""
        return 4_100_000 + self.number

    @property
    def clockify_id(self) -> str:
        """Id in Clockify."""
        return f"65a0{self.number:020x}"

    @property
    def kantata_id(self) -> str:
        """Id in Kantata."""
        return str(11_000_000 + self.number)


@dataclass
class Entry:
    """One entry of time; a change of a field and a new writing is what people do to it."""

    number: int
    worker: Worker
    day: date
    minutes: int
    note: str
    state: Literal["draft", "submitted", "approved", "rejected", "withdrawn"] = "approved"
    is_billable: bool = True
    task: int = 1
    decided_on: date = date(2026, 3, 16)
    psa_minutes: int | None = None
    has_copy: bool = True

    @property
    def id(self) -> str:
        """Id in the time system of the person's entity."""
        if self.worker.entity == "GB":
            return str(2_600_000_000 + self.number)
        return f"65f0{self.number:020x}"

    @property
    def kantata_id(self) -> str:
        """Id of the PSA's copy."""
        return str(71_000_000 + self.number)

    @property
    def hours(self) -> Decimal:
        """Hours, as a price is multiplied with."""
        return Decimal(self.minutes) / 60


@dataclass
class Site:
    """A project, its customer, its people and their time.

    Attributes:
        number: Counts sites; every key and id is made of it.
        without: Systems that have not got it.
        price: Of an hour, in the currency of the price list.
        priced_in: Currency of the price list.
        sold_for: Amounts of milestones in major units.
    """

    number: int
    entity: Entity
    name: str
    customer_name: str
    worker: Worker
    kind: Kind = "tm"
    price: Decimal = Decimal(100)
    currency: str = ""
    priced_in: str = ""
    cap: int = 0
    without: tuple[str, ...] = ()
    entries: list[Entry] = field(default_factory=list)
    sold_for: tuple[int, ...] = ()
    tokens: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Bill in the entity's own currency unless another one is said."""
        self.currency = self.currency or CURRENCIES[self.entity]
        self.priced_in = self.priced_in or self.currency

    @property
    def code(self) -> str:
        """Its key in every system."""
        return f"{self.entity}{self.number:04}"

    @property
    def title(self) -> str:
        """Its name in every system."""
        return f"{self.code} {self.name}"

    @property
    def customer(self) -> str:
        """Number of its customer."""
        return f"C{self.number:04}"

    @property
    def harvest_id(self) -> int:
        """Id in Harvest."""
        return 5_200_000 + self.number

    @property
    def clockify_id(self) -> str:
        """Id in Clockify."""
        return f"65b0{self.number:020x}"

    @property
    def kantata_id(self) -> str:
        """Id in Kantata."""
        return str(21_000_000 + self.number)

    def story_id(self, at: int) -> str:
        """Id of a task (1 Build, 2 Travel) or milestone (from 11) in Kantata."""
        return str(41_000_000 + self.number * 100 + at)

    @property
    def company(self) -> str:
        """The company that bills it."""
        return COMPANIES[self.entity]

    @property
    def time_system(self) -> str:
        """Where its time is booked."""
        return TIME_SYSTEMS[self.entity]

    def worth(self, *entries: Entry) -> int:
        """What entries cost, in minor units, each rounded for itself; all billable ones if none."""
        chosen = entries or [one for one in self.entries if one.is_billable]
        return sum(minor(one.hours * self.price) for one in chosen)

    def all_tokens(self) -> set[str]:
        """What names this site, and nothing else, in whatever a report says."""
        own = {
            self.code.lower(), self.customer.lower(), self.kantata_id, str(self.harvest_id),
            self.clockify_id, f"p{self.worker.number:04}", self.worker.kantata_id,
            str(self.worker.harvest_id), self.worker.clockify_id,
        }  # fmt: skip
        for one in self.entries:
            own |= {one.id, one.kantata_id, f"65e0{one.number:020x}"}
        own |= {self.story_id(at) for at in (1, 2, 11, 12)}
        return own | self.tokens


def minor(amount: Decimal) -> int:
    """An amount of a currency with two decimals in minor units, half away from zero."""
    return int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))
