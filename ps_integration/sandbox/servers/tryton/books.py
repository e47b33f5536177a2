"""What a live Tryton is filled with: companies, accounts, taxes, customers, projects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Customer:
    """A party that is billed; parties belong to no company in Tryton."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Work:
    """A project with its analytic account.

    Attributes:
        code: Its number; stands first in its name, and is its analytic account's code.
        name: What it is about.
        customer: Code of its party; empty = the company's own project.
        tax: Name of the tax of its service; empty = it has none.
        comment: Free text, where a firm writes what Tryton has no field for.
        is_billable: Whether it has a service, and so a revenue account.
    """

    code: str
    name: str
    customer: str = ""
    tax: str = ""
    comment: str = ""
    is_billable: bool = True


@dataclass(frozen=True, slots=True)
class Company:
    """One company: its own chart, taxes, periods and projects.

    Attributes:
        key: What the suite calls its legal entity.
        name: Its name.
        currency: Its currency.
        taxes: Name to rate in percent.
        works: Its projects.
        cost_centre: Code of the one cost centre; empty = no such analytic tree.
        closed: Periods that take no postings, as `2026-01`.
    """

    key: str
    name: str
    currency: str
    taxes: Mapping[str, int] = field(default_factory=dict)
    works: tuple[Work, ...] = ()
    cost_centre: str = ""
    closed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Books:
    """Everything at once.

    Attributes:
        companies: In the order in which they get their ids.
        customers: Parties.
        rates: Currency to day to how many of it make one of the base currency, whose rate is 1.
        year: The fiscal year, twelve monthly periods.
        revenue_account: Code of the account for services.
    """

    companies: tuple[Company, ...]
    customers: tuple[Customer, ...]
    rates: Mapping[str, Mapping[date, Decimal]]
    year: int = 2026
    revenue_account: str = "4000"


def sample_books() -> Books:
    """Two companies in euro with a customer and projects; the first has closed January."""
    return Books(
        companies=(
            Company(
                key="DE",
                name="Nordlicht Beratung GmbH",
                currency="EUR",
                taxes={"19%": 19, "Exempt": 0},
                works=(Work("AP-1", "Apollo", "C100", "19%"), Work("AP-2", "Borea", "C100")),
                cost_centre="CC-DE",
                closed=("2026-01",),
            ),
            Company(
                key="NL",
                name="Noorderlicht Advies BV",
                currency="EUR",
                taxes={"21%": 21},
                works=(Work("NL-1", "Castor", "C200", "21%"),),
            ),
        ),
        customers=(Customer("C100", "Northwind"), Customer("C200", "Late Payers")),
        rates={
            "EUR": {date(2026, 1, 1): Decimal(1)},
            "GBP": {date(2026, 1, 1): Decimal("0.8"), date(2026, 3, 2): Decimal("0.85")},
        },
    )
