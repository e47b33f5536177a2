"""A metric as its file says it: a header of `-- key: value` lines, then one query."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Literal, cast, get_args

from ps_integration.errors import FixConfigError

Unit = Literal["seconds", "days", "share", "count"]
SHARES: Final = "share"
"""A statistic whose name starts so is a share, whatever the metric's unit."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: its words, and the query that computes it.

    Attributes:
        name: The file's name.
        unit: Of its statistics, but for those whose name starts with `share`, and `counts`.
        definition: What is counted, in one or two sentences.
        labels: Columns that say what a row is about; null in all of them = of everything.
        statistics: Columns that are figures; `sample` beside them says how many things they rest
            on.
        counts: Those of them that count things, whatever the unit.
    """

    name: str
    title: str
    unit: Unit
    definition: str
    labels: tuple[str, ...]
    statistics: tuple[str, ...]
    counts: frozenset[str]
    sql: str

    def unit_of(self, statistic: str) -> Unit:
        """What one of its figures is counted in."""
        if statistic.startswith(SHARES):
            return "share"
        return "count" if statistic in self.counts else self.unit


@cache
def all_metrics() -> tuple[Metric, ...]:
    """Every metric, by name.

    Raises:
        FixConfigError: A file's header is not whole.
    """
    folder = files("ps_integration.metrics").joinpath("sql")
    names = sorted(one.name for one in folder.iterdir() if one.name.endswith(".sql"))
    return tuple(
        parse(name.removesuffix(".sql"), folder.joinpath(name).read_text("utf-8"))
        for name in names
        if name != "macros.sql"
    )


def macros() -> str:
    """The arithmetic that the metrics share."""
    return files("ps_integration.metrics").joinpath("sql", "macros.sql").read_text("utf-8")


def parse(name: str, text: str) -> Metric:
    """Read one file.

    Raises:
        FixConfigError: Its header is not whole, or names no unit that is known.
    """
    header = _header(text)
    missing = {"title", "unit", "definition", "labels", "statistics"} - set(header)
    if missing or header["unit"] not in get_args(Unit):
        wrong = ", ".join(sorted(missing)) or f"unit {header['unit']!r}"
        raise FixConfigError(f"metric {name}: the header lacks or has a wrong {wrong}")
    return Metric(
        name=name,
        title=header["title"],
        unit=cast("Unit", header["unit"]),
        definition=header["definition"],
        labels=_names(header["labels"]),
        statistics=_names(header["statistics"]),
        counts=frozenset(_names(header.get("counts", ""))),
        sql=text,
    )


def _header(text: str) -> dict[str, str]:
    header: dict[str, str] = {}
    key = ""
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        said = line.removeprefix("--").strip()
        if line.startswith("--   ") and key:
            header[key] += f" {said}"
            continue
        key, _, value = said.partition(":")
        header[key] = value.strip()
    return header


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
