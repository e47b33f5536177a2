"""What the ERP must come to, by brute force: the final truth, posted once, in plain Python.

Nothing of the product's SQL is used here. A history of any changes ends in one `Truth`; whatever
was posted, corrected, refused, cancelled and posted again on the way, the ERP's own documents must
net to `Truth.net()`, to the minor unit, by project, period of work, currency and account.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from ps_integration.domain.money import hours, line_minor


class Group(NamedTuple):
    """Where money stands in the ERP; `period` is the month of the work, '2026-03'."""

    project_id: str
    period: str
    currency: str
    account: str


@dataclass(frozen=True)
class ProjectTruth:
    """What a project says of money; a price per hour in major units."""

    currency: str = "GBP"
    account: str = "4000"
    price: Decimal = Decimal(100)
    is_by_the_hour: bool = True


@dataclass(frozen=True)
class EntryTruth:
    """One time entry as it is now."""

    project_id: str
    work_date: date
    seconds: int
    is_billable: bool = True
    is_approved: bool = True
    is_deleted: bool = False

    @property
    def is_due(self) -> bool:
        return self.is_billable and self.is_approved and not self.is_deleted


@dataclass(frozen=True)
class MilestoneTruth:
    """One milestone as it is now."""

    project_id: str
    reached_on: date
    amount_minor: int
    is_reached: bool = True


@dataclass
class Truth:
    """The world as it is now; a test changes it and the product's world by the same words."""

    projects: dict[str, ProjectTruth] = field(default_factory=dict)
    entries: dict[str, EntryTruth] = field(default_factory=dict)
    milestones: dict[str, MilestoneTruth] = field(default_factory=dict)

    def change(self, number: str, **fields: object) -> EntryTruth:
        """One entry, new or changed."""
        known = self.entries.get(number)
        made = replace(known, **fields) if known else EntryTruth(**fields)  # type: ignore[arg-type] - by name
        self.entries[number] = made
        return made

    def net(self) -> dict[Group, int]:
        """Minor units by group, each entry billed once as one line; groups of zero left out."""
        sums: Counter[Group] = Counter()
        for entry in self.entries.values():
            project = self.projects[entry.project_id]
            if entry.is_due and project.is_by_the_hour:
                quantity = hours(entry.seconds, 5)
                amount = line_minor(quantity, project.price, project.currency)
                sums[_group(entry.project_id, entry.work_date, project)] += amount
        for milestone in self.milestones.values():
            if milestone.is_reached:
                project = self.projects[milestone.project_id]
                group = _group(milestone.project_id, milestone.reached_on, project)
                sums[group] += milestone.amount_minor
        return nonzero(sums)


@dataclass(frozen=True)
class ErpLineTruth:
    """One line of a document that stands in the ERP, before tax; positive on a credit memo."""

    group: Group
    amount_minor: int


@dataclass
class ErpTruth:
    """One document in the ERP."""

    kind: str
    lines: tuple[ErpLineTruth, ...]
    is_cancelled: bool = False

    @property
    def total_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)


def erp_net(documents: Iterable[ErpTruth]) -> dict[Group, int]:
    """What the ERP's own documents come to; a cancelled one comes to nothing."""
    sums: Counter[Group] = Counter()
    for document in documents:
        sign = -1 if document.kind == "credit_memo" else 1
        for line in document.lines:
            sums[line.group] += 0 if document.is_cancelled else sign * line.amount_minor
    return nonzero(sums)


def nonzero(sums: Mapping[Group, int]) -> dict[Group, int]:
    """Groups that come to something."""
    return {group: minor for group, minor in sums.items() if minor}


def _group(project_id: str, on: date, project: ProjectTruth) -> Group:
    return Group(project_id, f"{on:%Y-%m}", project.currency, project.account)
