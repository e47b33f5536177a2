"""What to read tonight: per stream, everything, what changed, or the open days again."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from ps_integration.connectors.protocol import Ask, Connector, Stream
from ps_integration.domain.days import day_in
from ps_integration.domain.ports import Queries
from ps_integration.workflows.night import Night

_LAST_FULL: Final = """
select system, stream, max(started_at) as last_full
from raw.reads
where mode = 'full' and status = 'complete' and error_kind is null
group by system, stream
"""
_OPEN_SINCE: Final = """
select min(starts_on) as starts_on
from canonical.accounting_periods
where state = 'open'
"""
_AHEAD_DAYS: Final = 31


def asks(
    night: Night, warehouse: Queries, connectors: Mapping[str, Connector]
) -> Mapping[str, tuple[Ask, ...]]:
    """Every stream of every system, in the order to read them.

    An incremental stream starts at its watermark less the system's overlap, inclusive. A window
    starts with the earliest open accounting period, or the previous month when that is earlier.
    """
    watermarks = {
        (str(row["system"]), str(row["stream"])): datetime.fromisoformat(str(row["watermark"]))
        for row in warehouse.rows("select system, stream, watermark from raw.watermarks")
    }
    fulls = {
        (str(row["system"]), str(row["stream"])): row["last_full"]
        for row in warehouse.rows(_LAST_FULL)
    }
    window = _window(night, warehouse)
    return {
        system: tuple(
            _ask(
                night,
                stream,
                watermarks.get((system, stream.name)),
                fulls.get((system, stream.name)),
                (timedelta(hours=night.firm.system(system).overlap_hours), window),
            )
            for stream in connector.streams()
        )
        for system, connector in connectors.items()
    }


def _ask(
    night: Night,
    stream: Stream,
    watermark: datetime | None,
    last_full: object,
    how: tuple[timedelta, tuple[date, date]],
) -> Ask:
    overlap, window = how
    is_due = not isinstance(last_full, datetime) or (
        stream.full_every_days > 0
        and (night.as_of_date - day_in(last_full, night.firm.firm.time_zone)).days
        >= stream.full_every_days
    )
    match stream.mode:
        case "incremental" if not is_due and watermark is not None:
            return Ask(stream, "incremental", watermark - overlap, None, night.as_of)
        case "window" if not is_due:
            return Ask(stream, "window", None, window, night.as_of)
        case _:
            return Ask(stream, "full", None, None, night.as_of)


def _window(night: Night, warehouse: Queries) -> tuple[date, date]:
    today = night.as_of_date
    previous = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    opened = warehouse.value(_OPEN_SINCE)
    start = min(previous, opened) if isinstance(opened, date) else previous
    return start, today + timedelta(days=_AHEAD_DAYS)


def days(ask: Ask) -> Iterator[str | None]:
    """The bounds of a window read as text, None and None otherwise."""
    for day in ask.window or (None, None):
        yield None if day is None else day.isoformat()
