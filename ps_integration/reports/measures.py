"""The metrics as the report shows them: tonight's figure, what it is of, and its trend."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Protocol

import msgspec

from ps_integration.domain.ports import Queries, Row

SCALE: Final = 1000
"""Width of a trend line's drawing; its height is a quarter."""


class MetricText(Protocol):
    """What the report needs of one metric's file."""

    @property
    def name(self) -> str:
        """Its name in the series."""

    @property
    def title(self) -> str:
        """What people call it."""

    @property
    def definition(self) -> str:
        """What is counted."""

    @property
    def statistics(self) -> tuple[str, ...]:
        """Its figures, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricLine:
    """One figure of one metric.

    Attributes:
        unit: `seconds`, `days`, `share` (0 to 1) or `count`.
        labels: What it is of, by name; empty = of everything.
        value: None where nothing was counted.
        sample: How many things it rests on.
        trend: The same figure, night by night, oldest first and tonight's last.
    """

    metric: str
    title: str
    definition: str
    statistic: str
    unit: str
    labels: dict[str, str]
    value: Decimal | None
    sample: int
    trend: tuple[Decimal | None, ...]

    @property
    def place(self) -> str:
        """What it is of, in words."""
        return " \N{MIDDLE DOT} ".join(self.labels.values())


def metric_lines(queries: Queries, sql: str, texts: Sequence[MetricText]) -> tuple[MetricLine, ...]:
    """Tonight's figures in the order of the metrics' files, of everything first."""
    found: Mapping[str, list[Row]] = {text.name: [] for text in texts}
    for row in queries.rows(sql):
        if str(row["metric"]) in found:
            found[str(row["metric"])].append(row)
    return tuple(
        _line(text, row)
        for text in texts
        for row in sorted(found[text.name], key=lambda row, text=text: _rank(text, row))  # type: ignore[misc] # a loop's own text
    )


def _rank(text: MetricText, row: Row) -> tuple[bool, str, int]:
    statistic = str(row["statistic"])
    at = text.statistics.index(statistic) if statistic in text.statistics else 0
    return row["labels"] != "{}", str(row["labels"]), at


def _line(text: MetricText, row: Row) -> MetricLine:
    said = {
        **row,
        "title": text.title,
        "definition": text.definition,
        "labels": json.loads(str(row["labels"])),
    }
    return msgspec.convert(said, MetricLine)


def trend_points(line: MetricLine) -> str:
    """The trend as points of a polyline, 0 at the foot; empty for fewer than two nights."""
    known = [(at, value) for at, value in enumerate(line.trend) if value is not None]
    if len(known) < 2:  # noqa: PLR2004 # a line needs two points
        return ""
    top = max(value for _, value in known) or Decimal(1)
    height = SCALE // 4
    step = Decimal(SCALE) / (len(line.trend) - 1)
    return " ".join(
        f"{int(at * step)},{height - int(max(value, Decimal(0)) * height / top)}"
        for at, value in known
    )
