"""What a record in quarantine still tells of itself: its days, hours and money, where readable.

A period asks only for what may belong to it, and the report says how much approved time waits. Both
need the fields of a refused record that are in order; what is not is left out, never guessed.
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from ps_integration.connectors.glimpse import UNREAD, forgiving
from ps_integration.connectors.parse import strict_json
from ps_integration.connectors.protocol import Connector
from ps_integration.domain.days import day_in
from ps_integration.domain.ports import Row
from ps_integration.domain.records import CanonicalRow
from ps_integration.errors import BadAnswerError
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows.mapping import MAPPING_ERRORS

OPEN_END: Final = date(9999, 12, 31)
_DAY: Final = {
    "time_entries": "work_date",
    "expenses": "spent_on",
    "milestones": "reached_on",
    "erp_documents": "posting_date",
}
"""Objects of one day, and the column that says it."""
_SPAN: Final = {
    "rates": ("valid_from", "valid_to"),
    "fx_rates": ("valid_on", ""),
    "absences": ("starts_on", "ends_on"),
    "accounting_periods": ("starts_on", "ends_on"),
}
"""Objects that hold from a day to another, or on."""
_MONTH: Final = ("intercompany_charges", "subcontractor_costs")
"""Objects that name the period themselves."""
_UNDATED: Final = ("approvals", "erp_lines")
HAS_PERIOD: Final = frozenset({*_DAY, *_SPAN, *_MONTH, *_UNDATED})
"""Objects that a period asks for. All others are master data: what they said last stands, and what
needs one that was never read is held by a break of its own."""
_RECORD: Final = ("system", "stream", "record_id", "raw_seq")
_STATES: Final = {"approved": True, "draft": False, "submitted": False, "rejected": False}
_ROWS: Final = 20_000
_MISSING: Final = f"""
select qr.system, qr.stream, qr.record_id, qr.raw_seq, any_value(rr.payload) as payload,
    list(distinct qr.object || '.' || qr.field) as broken
from quarantine.records as qr
inner join raw.records as rr on qr.raw_seq = rr.raw_seq
anti join quarantine.told as tl
    on
        qr.system = tl.system
        and qr.stream = tl.stream
        and qr.record_id = tl.record_id
        and qr.raw_seq = tl.raw_seq
where qr.system = $system
group by qr.system, qr.stream, qr.record_id, qr.raw_seq
limit {_ROWS}
"""
_FORGET: Final = """
delete from quarantine.told as tl
where not exists (
    select 1 from quarantine.records as qr
    where
        qr.system = tl.system and qr.stream = tl.stream and qr.record_id = tl.record_id
        and qr.raw_seq = tl.raw_seq
)
"""


def note(warehouse: Warehouse, connectors: Mapping[str, Connector]) -> None:
    """Fill `quarantine.told` for every record that came into quarantine or changed there."""
    warehouse.execute(_FORGET)
    for system, connector in connectors.items():
        feeds = {stream.name: stream.feeds for stream in connector.streams()}
        while found := warehouse.arrow(_MISSING, {"system": system}).to_pylist():
            warehouse.insert(
                "quarantine.told",
                [
                    {**{name: row[name] for name in _RECORD}, **told}
                    for row in found
                    for told in _told(connector, row, feeds.get(str(row["stream"]), ()))
                ],
            )


def _told(connector: Connector, row: Row, feeds: Sequence[str]) -> Iterator[Row]:
    """One row per object that the record is, or may be where its mapping cannot tell."""
    rows = _glimpse(connector, str(row["stream"]), row["payload"])
    if not rows:
        yield from (_nothing(name) for name in feeds or ("",))
    broken = row["broken"] if isinstance(row["broken"], list) else []
    for one in rows:
        yield _facts(one, {str(name) for name in broken})


def _glimpse(connector: Connector, stream: str, payload: object) -> Sequence[CanonicalRow]:
    try:
        record = strict_json(str(payload))
        if not isinstance(record, dict):
            return ()
        with forgiving():
            return connector.parse(stream, record)
    except (BadAnswerError, *MAPPING_ERRORS):
        return ()


def _nothing(table: str) -> Row:
    end = OPEN_END if table in _SPAN else None
    facts = dict.fromkeys(("first_day", "seconds", "is_approved", "amount_minor", "currency"))
    return {"object": table, "has_period": table in HAS_PERIOD, "last_day": end, **facts}


def _facts(row: CanonicalRow, broken: set[str]) -> Row:
    """What one row says, without what is refused of it."""
    read = {
        name: value
        for name, value in row.values.items()
        if value is not UNREAD and f"{row.table}.{name}" not in broken
    }
    found = _nothing(row.table)
    found["first_day"], found["last_day"] = _days(row.table, read)
    found["seconds"] = read.get("seconds")
    found["is_approved"] = _is_approved(row.table, read)
    if isinstance(read.get("currency"), str) and isinstance(read.get("amount_minor"), int):
        found["amount_minor"], found["currency"] = read["amount_minor"], read["currency"]
    if row.table == "milestones" and read.get("is_reached") is False:
        found["has_period"] = False
    return found


def _is_approved(table: str, read: Row) -> bool | None:
    if table == "milestones":
        reached = read.get("is_reached")
        return reached if isinstance(reached, bool) else None
    return _STATES.get(str(read.get("approval_state")))


def _days(table: str, read: Row) -> tuple[date | None, date | None]:
    """First and last day that the record may be of; None where it does not say."""
    if table in _SPAN:
        start, end = _SPAN[table]
        last = read.get(end)
        return _day(read.get(start)), _day(last) or OPEN_END
    if table in _MONTH:
        return _month(read.get("period"))
    only = _day(read.get(_DAY.get(table, "")))
    started = read.get("started_at")
    if only is None and isinstance(started, datetime):
        # where the person was is not known; no zone is a day away from UTC
        here = day_in(started, "UTC")
        return here - timedelta(days=1), here + timedelta(days=1)
    return only, only


def _day(value: object) -> date | None:
    return value if isinstance(value, date) else None


def _month(value: object) -> tuple[date | None, date | None]:
    try:
        first = date.fromisoformat(f"{value}-01")
    except ValueError:
        return None, None
    return first, first.replace(day=monthrange(first.year, first.month)[1])
