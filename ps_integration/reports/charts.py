"""Geometry of the page's charts: whole numbers for shapes, words for those who cannot see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ps_integration.domain.money import allocate
from ps_integration.reports.exchange import Exchange
from ps_integration.reports.lines import DISPOSITIONS, ExceptionLine
from ps_integration.reports.texts import say
from ps_integration.reports.value import NightReport

SCALE: Final = 1000
"""Width of a full bar, and height of a full column, in units of the drawing."""
COLUMN_NIGHTS: Final = 30
_AGES: Final = (
    (1, say("under 2 days")),
    (7, say("2 to 7 days")),
    (30, say("8 to 30 days")),
    (None, say("over 30")),
)


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a bar: where it starts, how wide it is, and the money it stands for."""

    name: str
    start: int
    width: int
    minor: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart, with the figures of its row in the table."""

    label: str
    count: int
    minor: int
    segments: tuple[Segment, ...]


def disposition_bars(report: NightReport) -> tuple[Bar, ...]:
    """One bar per legal entity: its approved money in the reporting currency, by disposition.

    What has no exchange rate cannot be drawn and is left out; the tables have it.
    """
    exchange = Exchange(report.reporting_currency, {q.currency: q for q in report.fx})
    sums: dict[str, dict[str, int]] = {}
    counts: dict[str, int] = {}
    for line in report.dispositions:
        minor = exchange.minor(line.minor, line.currency) or 0
        mine = sums.setdefault(line.legal_entity, {})
        mine[line.disposition] = mine.get(line.disposition, 0) + minor
        counts[line.legal_entity] = counts.get(line.legal_entity, 0) + line.count
    return tuple(
        Bar(entity, counts[entity], sum(mine.values()), segments(mine, DISPOSITIONS))
        for entity, mine in sorted(sums.items())
        if any(minor > 0 for minor in mine.values())
    )


def segments(sums: Mapping[str, int], order: Sequence[str]) -> tuple[Segment, ...]:
    """The pieces of a full bar, in that order; what is not above zero has none."""
    names = [name for name in order if sums.get(name, 0) > 0]
    widths = allocate(SCALE, [sums[name] for name in names])
    starts = [sum(widths[:index]) for index in range(len(widths))]
    return tuple(
        Segment(name, start, width, sums[name])
        for name, start, width in zip(names, starts, widths, strict=True)
    )


def ageing_bars(exceptions: Sequence[ExceptionLine]) -> tuple[Bar, ...]:
    """Open breaks by age; money of roots only, in the reporting currency."""
    counts, sums = [0] * len(_AGES), [0] * len(_AGES)
    for line in exceptions:
        at = next(i for i, (days, _) in enumerate(_AGES) if days is None or line.age_days <= days)
        counts[at] += 1
        if line.root_break_id is None:
            sums[at] += abs(line.reporting_minor or 0)
    most = max(sums) or 1
    return tuple(
        Bar(
            label,
            counts[at],
            sums[at],
            (Segment("at risk", 0, sums[at] * SCALE // most, sums[at]),),
        )
        for at, (_, label) in enumerate(_AGES)
    )


@dataclass(frozen=True, slots=True)
class Night:
    """One column of the trend."""

    x: int
    height: int
    width: int
    index: int


def night_columns(report: NightReport) -> tuple[Night, ...]:
    """Posted money per night, the last nights, oldest first."""
    nights = report.history[-COLUMN_NIGHTS:]
    most = max((night.posted_minor for night in nights), default=0) or 1
    slot = SCALE // max(len(nights), 6)
    first = len(report.history) - len(nights)
    return tuple(
        Night(
            x=index * slot,
            height=max(0, night.posted_minor) * SCALE // most,
            width=max(1, slot * 7 // 10),
            index=first + index,
        )
        for index, night in enumerate(nights)
    )
