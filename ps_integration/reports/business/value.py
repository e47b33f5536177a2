"""The business of a night as one frozen value: what waits, what is sold, what it costs."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Final, TypeVar

import msgspec

from ps_integration.domain.ports import Params, Queries
from ps_integration.errors import CouldNotRunError
from ps_integration.reports import read
from ps_integration.reports.business.lines import (
    AccountLine,
    MarginLine,
    ProjectLine,
    ReadinessLine,
    SystemLine,
    ThreeWayLine,
    UnbilledLine,
    UnbilledSum,
    UtilisationLine,
    WeekLine,
)
from ps_integration.reports.parts import FailedPart, Parts

VERSION: Final = 1
LINES_MAX: Final = 20_000
"""Parts of work in progress that are kept one by one, by money; the sums are of all."""
HEALTH_DAYS: Final = 30
Line = TypeVar("Line")


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessReport:
    """Everything the business report says.

    Attributes:
        unbilled_lines: Behind `unbilled`, the first `LINES_MAX` by money.
        costed: Legal entities whose people's hours have a cost.
        failed_parts: Tables that could not be read and are empty, by the name of their sheet.
    """

    version: int = VERSION
    firm: str
    run_id: str
    as_of: datetime
    as_of_date: date
    time_zone: str
    day_seconds: int
    costed: tuple[str, ...]
    unbilled: tuple[UnbilledSum, ...]
    unbilled_lines: tuple[UnbilledLine, ...]
    projects: tuple[ProjectLine, ...]
    utilisation: tuple[UtilisationLine, ...]
    margins: tuple[MarginLine, ...]
    three_way: tuple[ThreeWayLine, ...]
    weeks: tuple[WeekLine, ...]
    accounts: tuple[AccountLine, ...]
    systems: tuple[SystemLine, ...]
    failed_parts: tuple[FailedPart, ...] = ()

    @property
    def readiness(self) -> tuple[ReadinessLine, ...]:
        """Projects summed by legal entity and currency."""
        found = []
        for (entity, currency), lines in _grouped(self.projects, "legal_entity", "currency"):
            found.append(
                ReadinessLine(
                    legal_entity=entity,
                    currency=currency,
                    projects=len(lines),
                    held_projects=sum(line.held_by is not None for line in lines),
                    ready_minor=sum(line.ready_minor for line in lines),
                    held_minor=sum(line.held_minor for line in lines),
                    deferred_minor=sum(line.deferred_minor for line in lines),
                )
            )
        return tuple(found)

    @property
    def utilisation_of_entities(self) -> tuple[UtilisationLine, ...]:
        """People summed by legal entity and month."""
        return tuple(
            UtilisationLine(
                legal_entity=entity,
                period=period,
                available_seconds=sum(line.available_seconds for line in lines),
                worked_seconds=sum(line.worked_seconds for line in lines),
                billable_seconds=sum(line.billable_seconds for line in lines),
            )
            for (period, entity), lines in _grouped(self.utilisation, "period", "legal_entity")
        )[::-1]

    @property
    def margins_of_customers(self) -> tuple[MarginLine, ...]:
        """Projects and months summed by customer."""
        return _margins(self.margins, "legal_entity", "customer_key", "currency")

    @property
    def margins_of_entities(self) -> tuple[MarginLine, ...]:
        """Projects summed by legal entity and month."""
        return _margins(self.margins, "legal_entity", "period", "currency")


@dataclass(frozen=True, slots=True)
class Basis:
    """What the report is of.

    Attributes:
        first_day: First day of the months that are shown.
        day_seconds: Of a full working day.
    """

    firm: str
    run_id: str
    as_of: datetime
    as_of_date: date
    time_zone: str
    first_day: date
    day_seconds: int
    costed: tuple[str, ...]


def business_report(queries: Queries, basis: Basis) -> BusinessReport:
    """Read everything from a settled night's warehouse; a table that fails stays empty."""
    parts = Parts()

    def lines(
        part: str, kind: type[Line], name: str, params: Params | None = None
    ) -> tuple[Line, ...]:
        def made() -> tuple[Line, ...]:
            data = read.rows(queries, f"business_{name}", params)
            return tuple(msgspec.convert(data, list[kind]))  # type: ignore[valid-type] # at run time

        return parts.make(part, made, ())

    months = {"first_period": f"{basis.first_day:%Y-%m}"}
    people = {"first_day": basis.first_day, "day_seconds": basis.day_seconds}
    weeks = {"first_day": basis.first_day}
    found = BusinessReport(
        firm=basis.firm,
        run_id=basis.run_id,
        as_of=basis.as_of,
        as_of_date=basis.as_of_date,
        time_zone=basis.time_zone,
        day_seconds=basis.day_seconds,
        costed=basis.costed,
        unbilled=lines("Work in progress", UnbilledSum, "unbilled"),
        unbilled_lines=lines(
            "Unbilled lines", UnbilledLine, "unbilled_lines", {"lines_max": LINES_MAX}
        ),
        projects=lines("Projects", ProjectLine, "projects"),
        utilisation=lines("Utilisation", UtilisationLine, "utilisation", people),
        margins=lines("Revenue and margin", MarginLine, "margin", months),
        three_way=lines("Three-way by project", ThreeWayLine, "three_way", months),
        weeks=lines("Three-way by person and week", WeekLine, "weeks", weeks),
        accounts=lines("ERP revenue by account", AccountLine, "accounts", months),
        systems=lines("Systems", SystemLine, "systems", {"days": HEALTH_DAYS}),
    )
    return replace(found, failed_parts=parts.failed)


def encode(report: BusinessReport) -> bytes:
    """The value as JSON."""
    return msgspec.json.encode(report)


def decode(data: bytes) -> BusinessReport:
    """A kept value.

    Raises:
        CouldNotRunError: It is none, or of another version.
    """
    try:
        report = msgspec.json.decode(data, type=BusinessReport)
    except msgspec.MsgspecError as error:
        raise CouldNotRunError(
            f"the business report that is kept cannot be read: {error}"
        ) from error
    if report.version != VERSION:
        raise CouldNotRunError(f"the business report that is kept is of version {report.version}")
    return report


def _grouped(lines: Iterable[Line], *names: str) -> list[tuple[tuple[str, ...], list[Line]]]:
    groups: dict[tuple[str, ...], list[Line]] = {}
    for line in lines:
        groups.setdefault(tuple(str(getattr(line, name)) for name in names), []).append(line)
    return sorted(groups.items(), key=lambda group: group[0])


def _margins(lines: Iterable[MarginLine], *names: str) -> tuple[MarginLine, ...]:
    sums = [one.name for one in fields(MarginLine) if one.name.endswith("_minor")] + ["seconds"]

    def summed(held: Iterable[MarginLine]) -> dict[str, int]:
        return {name: sum(getattr(line, name) for line in held) for name in sums}

    return tuple(
        MarginLine(**dict(zip(names, key, strict=True)), **summed(held))  # type: ignore[arg-type]
        for key, held in _grouped(lines, *names)
    )
