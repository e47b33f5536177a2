"""What each night must leave in the ERP, by hand: rules of finance in the standard library alone.

Work that was never billed, or of which nothing is billed any more, is new work. Work that is billed
is corrected, whole or not at all, unless policy asks first, a document of it was cancelled and
policy does not bill it again, or a period that it touches takes nothing.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

from ps_integration_tests.lines.grid import CAP_MINOR, Case, Work

Place = tuple[str, str]
"""A project of the case and a month of work."""
_HALF = Fraction(1, 2)


def worth(case: Case, work: Work) -> int:
    """Minor units of the whole of it: hours at five decimals times the price, halves go up."""
    if work.is_deleted or not work.is_approved or not work.is_billable:
        return 0
    if case.shape == "milestone":
        return work.fixed_minor
    hours = Fraction(floor(Fraction(work.seconds * 100_000, 3_600) + _HALF), 100_000)
    return floor(hours * Fraction(work.price) * 100 + _HALF)


@dataclass
class Expected:
    """One case, night by night.

    Attributes:
        case: What happens.
        billed: What its documents come to that stand in the ERP.
        posted: What each night has added.
        is_voided: The ERP has cancelled one of its documents.
    """

    case: Case
    billed: dict[Place, int] = field(default_factory=dict)
    posted: list[dict[Place, int]] = field(default_factory=list)
    is_voided: bool = False

    def void(self, night: int) -> None:
        """The ERP cancels what a night has posted."""
        self.is_voided = self.is_voided or any(self.posted[night].values())
        for place, minor in self.posted[night].items():
            self.billed[place] -= minor

    def night(self, work: Work) -> None:
        """What the night posts."""
        due = self.due(work)
        changed = {
            place: due.get(place, 0) - self.billed.get(place, 0)
            for place in {*due, *self.billed}
            if due.get(place, 0) != self.billed.get(place, 0)
        }
        self.posted.append({} if self._waits(changed) else changed)
        for place, minor in self.posted[-1].items():
            self.billed[place] = self.billed.get(place, 0) + minor

    def due(self, work: Work) -> dict[Place, int]:
        """What should be billed for it: never above a cap, never what two persons wrote off."""
        minor = worth(self.case, work)
        billed = sum(self.billed.values())
        if self.case.shape == "written off" and self.posted:
            off = worth(self.case, Work()) - CAP_MINOR
            minor = max(min(minor, billed), minor - off)
        if self.case.shape in {"capped", "written off"} and work.place == "home":
            minor = min(minor, CAP_MINOR)
        return {(work.place, f"{work.on:%Y-%m}"): minor} if minor else {}

    def _waits(self, changed: dict[Place, int]) -> bool:
        rules = self.case.policies
        is_correction = any(self.billed.values())
        return (
            (is_correction and rules.corrections == "ask")
            or (self.is_voided and rules.voided != "rebill")
            or any(not self._takes(month) for _, month in changed)
        )

    def _takes(self, month: str) -> bool:
        """Whether a month of work can be posted, in it or in another one."""
        rules = self.case.policies
        is_first = not self.posted
        shut = {"closed": "2026-03", "not_open": "2026-04"}.get(rules.period_state)
        return is_first or month != shut or rules.period_policy == "shift"
