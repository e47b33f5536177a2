"""How open breaks are worked: whose, by when, who is told, how long one is lived with."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from ps_integration.settings.base import Amounts, Identifier, Strict, is_amount
from ps_integration.settings.yaml_source import KeyPath

Severity = Literal["critical", "high", "medium", "low"]


class Assign(Strict):
    """Whose a break is. What is left empty fits every break; the first line that fits wins."""

    to: str = Field(min_length=1, max_length=128, description="a person or a queue")
    owner: str = Field(default="", description="the rule's owner role, e.g. finance")
    rule: str = Field(default="", description="e.g. TM06")
    legal_entity: str = ""
    project: str = ""


class BySeverity(Strict):
    """A whole number for each severity."""

    critical: int = Field(ge=0)
    high: int = Field(ge=0)
    medium: int = Field(ge=0)
    low: int = Field(ge=0)

    def of(self, severity: str) -> int:
        """The number of one severity; an unknown one counts as low."""
        return int(getattr(self, severity, self.low))


class DueSooner(Strict):
    """Much money is due sooner, whatever the severity."""

    above: Amounts = Field(description="money at risk, by currency")
    business_days: int = Field(ge=0)


class Breaks(Strict):
    """The life of a break, as this firm wants it."""

    assign: tuple[Assign, ...] = ()
    project_managers: dict[str, str] = Field(
        default_factory=dict, description="canonical project to the person who manages it"
    )
    due_business_days: BySeverity = BySeverity(critical=1, high=3, medium=5, low=10)
    due_sooner: tuple[DueSooner, ...] = ()
    alert_severities: tuple[Severity, ...] = ("critical", "high")
    alert_growth_percent: BySeverity = BySeverity(critical=10, high=25, medium=50, low=100)
    accept_days: int = Field(default=90, ge=1, description="how long an acceptance holds at most")
    snooze_days: int = Field(default=30, ge=1, description="how long a break is put off at most")
    period_ignores: tuple[Severity, ...] = Field(
        default=("low",), description="open breaks that do not keep a period from being clean"
    )


CLOSES_PERIODS = "close_period"
"""The role whose people may close a period. It approves nothing and has no limit itself."""


def check_breaks(breaks: Breaks, entities: frozenset[Identifier]) -> Iterator[tuple[KeyPath, str]]:
    """Yield every mistake that needs more than one key to be seen."""
    for index, line in enumerate(breaks.assign):
        if line.legal_entity and line.legal_entity not in entities:
            at: KeyPath = ("breaks", "assign", index, "legal_entity")
            yield at, f"{line.legal_entity!r} is no legal entity of this file"
    for index, sooner in enumerate(breaks.due_sooner):
        for currency, text in sooner.above.items():
            if not is_amount(text):
                where: KeyPath = ("breaks", "due_sooner", index, "above", currency)
                yield where, f"{text!r} is not an amount such as '25000.00'"
