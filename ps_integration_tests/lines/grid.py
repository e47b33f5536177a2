"""Every way in which posted work can change twice, under every policy: cases made from lists.

The policies are the product's own lists, so one that is added later is tried by itself.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import combinations, product
from math import gcd
from random import Random
from typing import Final, get_args

from ps_integration.settings.corrections import CorrectionPolicy, VoidedPolicy
from ps_integration.settings.firm import PeriodPolicy

EARLIER, FIRST_DAY, OTHER_DAY, LATER = (
    date(2026, 2, 10), date(2026, 3, 5), date(2026, 3, 9), date(2026, 4, 2),
)  # fmt: skip
PRICE: Final = Decimal("100.01")
CAP_MINOR: Final = 6_000
_STEPS, _FEW = 300, 80
"""Ways to walk through the grid, of which the one that meets the most pairs of words is taken."""


@dataclass(frozen=True)
class Work:
    """One time entry or milestone as its source says it is, and what an hour costs where.

    Attributes:
        place: Which of the case's projects: at home, another, of another entity, in a currency.
        on: Its day.
        seconds: Of time.
        fixed_minor: Of a milestone.
        is_approved: Or reached, of a milestone.
        is_deleted: There is evidence that it is gone.
        is_billable: What its source marks it as.
        prices: Price per hour of the places where it is not the usual one.
    """

    place: str = "home"
    on: date = FIRST_DAY
    seconds: int = 3_601
    fixed_minor: int = 50_000
    is_approved: bool = True
    is_deleted: bool = False
    is_billable: bool = True
    prices: tuple[tuple[str, Decimal], ...] = ()

    @property
    def price(self) -> Decimal:
        """Of an hour where it is now."""
        return dict(self.prices).get(self.place, PRICE)


def _dearer(work: Work) -> Work:
    prices = dict(work.prices) | {work.place: work.price + 10}
    return replace(work, prices=tuple(sorted(prices.items())))


Change = Callable[[Work], Work]
_OF_BOTH: Final[Mapping[str, Change]] = {
    "nothing": lambda work: work,
    "other day": lambda work: replace(work, on=OTHER_DAY),
    "later month": lambda work: replace(work, on=LATER),
    "earlier month": lambda work: replace(work, on=EARLIER),
    "deleted": lambda work: replace(work, is_deleted=True),
    "withdrawn": lambda work: replace(work, is_approved=False),
    "restored": lambda work: replace(work, is_deleted=False, is_approved=True, is_billable=True),
    "back": lambda work: Work(),
}
_OF_TIME: Final[Mapping[str, Change]] = {
    "other project": lambda work: replace(work, place="other"),
    "other entity": lambda work: replace(work, place="entity"),
    "other currency": lambda work: replace(work, place="currency"),
    "other rate": _dearer,
    "more": lambda work: replace(work, seconds=work.seconds + 1_800),
    "less": lambda work: replace(work, seconds=work.seconds // 2),
    "no hours": lambda work: replace(work, seconds=0),
    "not billable": lambda work: replace(work, is_billable=False),
}
_OF_MILESTONES: Final[Mapping[str, Change]] = {
    "more": lambda work: replace(work, fixed_minor=work.fixed_minor + 777),
    "less": lambda work: replace(work, fixed_minor=work.fixed_minor // 2),
    "no amount": lambda work: replace(work, fixed_minor=0),
}
SHAPES: Final[Mapping[str, Mapping[str, Change]]] = {
    "time": _OF_BOTH | _OF_TIME,
    "capped": _OF_BOTH | _OF_TIME,
    "written off": _OF_BOTH | _OF_TIME,
    "milestone": _OF_BOTH | _OF_MILESTONES,
}
"""What is posted on the first night, and the changes that it knows. What a cap cuts off waits, or
two persons write it off."""
VOIDS: Final = ("none", "first", "newest")
"""Which documents the ERP cancels: none, those of the first night, or those of the second."""
PERIODS: Final = (
    ("open", "hold"),
    *product(("closed", "not_open"), get_args(PeriodPolicy)),
)
"""From the second night on March is closed, or April not open yet; and what policy says then."""


@dataclass(frozen=True, order=True)
class Policies:
    """Of one legal entity, and of the one that its work may move to."""

    corrections: str
    voided: str
    period_state: str
    period_policy: str


@dataclass(frozen=True)
class Case:
    """One object that is posted on the first night and changes before the second and the third."""

    number: int
    shape: str
    first: str
    second: str
    void: str
    policies: Policies

    @property
    def works(self) -> tuple[Work, Work, Work]:
        """The object as it is on each night."""
        changes = SHAPES[self.shape]
        second = changes[self.first](Work())
        return Work(), second, changes[self.second](second)

    def __str__(self) -> str:
        rules = self.policies
        return (
            f"case {self.number}: {self.shape}, {self.first}, then {self.second}; void {self.void}"
            f"; {rules.corrections}, voided: {rules.voided}, {rules.period_state}:"
            f" {rules.period_policy}"
        )


def grid() -> tuple[Case, ...]:
    """All cases; the voided policy makes no difference where nothing is voided."""
    voids = [
        (void, policy)
        for void, policy in product(VOIDS, get_args(VoidedPolicy))
        if void != "none" or policy == get_args(VoidedPolicy)[0]
    ]
    made = (
        (shape, first, second, void, Policies(corrections, voided, *period))
        for shape, changes in SHAPES.items()
        for first, second in product(changes, changes)
        for corrections in get_args(CorrectionPolicy)
        for void, voided in voids
        for period in PERIODS
    )
    return tuple(Case(number, *words) for number, words in enumerate(made, start=1))


def spread(cases: tuple[Case, ...], count: int) -> Iterator[Case]:
    """So many of the cases, spread over all lists at once; all of them when there are no more."""
    steps = (step for step in Random(1).sample(range(len(cases)), _STEPS))
    step = max(
        (step for step in steps if gcd(step, len(cases)) == 1),
        key=lambda step: len(_pairs(cases[at * step % len(cases)] for at in range(_FEW))),
    )
    for at in range(min(count, len(cases))):
        yield cases[at * step % len(cases)]


def words(case: Case) -> tuple[tuple[str, object], ...]:
    """A case as one word of each list."""
    rules = case.policies
    return (
        ("shape", case.shape), ("first", case.first), ("second", case.second),
        ("void", case.void), ("corrections", rules.corrections), ("voided", rules.voided),
        ("period", (rules.period_state, rules.period_policy)),
    )  # fmt: skip


def _pairs(cases: Iterable[Case]) -> set[object]:
    return {pair for case in cases for pair in combinations(words(case), 2)}
