"""Reads the figures of a settled night from the warehouse; one `.sql` file per table."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, localcontext
from functools import cache
from importlib.resources import files
from typing import Final, TypeVar

import msgspec

from ps_integration.domain.money import Money
from ps_integration.domain.ports import Params, Queries, Row
from ps_integration.reports import wording
from ps_integration.reports.exchange import Exchange
from ps_integration.reports.health import QuarantineLine, SourceLine, SourceStatus
from ps_integration.reports.lines import (
    DISPOSITIONS,
    BatchLine,
    CompletenessLine,
    CorrectionLine,
    DispositionLine,
    DispositionSum,
    DocumentLine,
    LedgerLine,
    PostedMonthLine,
    RecordCountLine,
)
from ps_integration.reports.parts import FailedPart, Parts
from ps_integration.reports.texts import say
from ps_integration.reports.value import FxQuote

Line = TypeVar("Line")
Change = Callable[[Row], Row]
_RATE_DIGITS: Final = 12
ALERT: Final = say(
    "Break-glass: {who} approved batch {batch} ({place}, {money}) above the limit: {note}"
)
INVERSE: Final = say("{system}, inverse")
LINK: Final = say("record {record} of {table} {problem}")


@dataclass(frozen=True, slots=True)
class Figures:
    """The tables of the report that need nothing but the warehouse.

    Attributes:
        broken_links: One sentence per record that does not follow from what it was made of.
        failed_parts: What could not be read and is empty.
    """

    completeness: tuple[CompletenessLine, ...]
    record_counts: tuple[RecordCountLine, ...]
    broken_links: tuple[str, ...]
    ledger: tuple[LedgerLine, ...]
    posted_months: tuple[PostedMonthLine, ...]
    corrections: tuple[CorrectionLine, ...]
    batches: tuple[BatchLine, ...]
    older_batches: int
    documents: tuple[DocumentLine, ...]
    quarantine: tuple[QuarantineLine, ...]
    dispositions: tuple[DispositionLine, ...]
    sources: tuple[SourceLine, ...]
    failed_parts: tuple[FailedPart, ...] = ()


@cache
def statement(name: str) -> str:
    """The text of one of the report's queries."""
    return files("ps_integration.reports").joinpath("sql", f"{name}.sql").read_text("utf-8")


def rows(queries: Queries, name: str, params: Params | None = None) -> list[Row]:
    """The rows of one of the report's queries."""
    return queries.rows(statement(name), params)


def figures(queries: Queries, since: datetime, parts: Parts) -> Figures:
    """Read every table; finished documents and batches only from `since` on.

    What one part cannot read is left empty and named in `parts`.
    """
    batches = parts.make("Batches", lambda: rows(queries, "batches", {"since": since}), [])

    def lines(
        part: str, kind: type[Line], name: str, change: Change = _as_it_is
    ) -> tuple[Line, ...]:
        def read() -> tuple[Line, ...]:
            params = {"since": since} if name == "documents" else None
            return _lines(kind, [change(row) for row in rows(queries, name, params)])

        return parts.make(part, read, ())

    found = Figures(
        completeness=parts.make("Completeness", lambda: tuple(_completeness(queries)), ()),
        record_counts=lines("Records", RecordCountLine, "record_counts"),
        broken_links=parts.make("Broken links", lambda: _broken_links(queries), ()),
        ledger=lines("Ledger", LedgerLine, "ledger"),
        posted_months=lines("Posted by month", PostedMonthLine, "posted_months"),
        corrections=lines("Corrections owed", CorrectionLine, "corrections"),
        batches=parts.make("Batches", lambda: _recent(batches), ()),
        older_batches=sum(bool(row["is_old"]) for row in batches),
        documents=lines("Documents", DocumentLine, "documents"),
        quarantine=lines("Quarantine", QuarantineLine, "quarantine", _filled),
        dispositions=lines("Dispositions", DispositionLine, "dispositions", _renamed),
        sources=parts.make("Sources", lambda: tuple(map(_source, rows(queries, "sources"))), ()),
    )
    return replace(found, failed_parts=parts.failed)


def _broken_links(queries: Queries) -> tuple[str, ...]:
    return tuple(
        str(
            say(
                LINK.one,
                record=str(row["record_key"]),
                table=str(row["table_name"]),
                problem=str(row["problem"]),
            )
        )
        for row in rows(queries, "broken_links")
    )


def _recent(batches: list[Row]) -> tuple[BatchLine, ...]:
    return _lines(BatchLine, [_without(row, "is_old") for row in batches if not row["is_old"]])


def alerts(queries: Queries, since: datetime) -> tuple[str, ...]:
    """What was put right in the warehouse, then one sentence per approval above a limit."""
    mended = tuple(str(row["sentence"]) for row in rows(queries, "mendings"))
    return mended + tuple(
        str(
            say(
                ALERT.one,
                who=str(row["decided_by"]),
                batch=str(row["batch_id"]),
                place=f"{row['legal_entity']} {row['period']}",
                money=Money(msgspec.convert(row["amount_minor"], int), str(row["currency"])),
                note=str(row["note"]),
            )
        )
        for row in rows(queries, "alerts", {"since": since})
    )


def as_of(queries: Queries) -> datetime:
    """The instant that a night's books are of."""
    return msgspec.convert(queries.value("select as_of from config.run"), datetime)


def exchange(queries: Queries, reporting_currency: str) -> Exchange:
    """The rates into the reporting currency that the ERP holds for the night's date."""
    quotes = {}
    for row in rows(queries, "fx"):
        currency, rate = str(row["currency"]), Decimal(str(row["rate"]))
        with localcontext() as context:
            context.prec = 40
            used = 1 / rate if row["is_inverse"] else rate
            used = round(used, _RATE_DIGITS).normalize()
        quotes[currency] = msgspec.convert(
            {
                "currency": currency,
                "rate": used,
                "valid_on": row["valid_on"],
                "source": str(
                    say(INVERSE.one, system=str(row["system"]))
                    if row["is_inverse"]
                    else row["system"]
                ),
            },
            FxQuote,
        )
    return Exchange(reporting_currency, quotes)


def _lines(kind: type[Line], data: list[Row]) -> tuple[Line, ...]:
    """Rows as values; a column of another type than declared is an error, never a guess."""
    return tuple(msgspec.convert(data, list[kind]))  # type: ignore[valid-type] # a type at run time


def _completeness(queries: Queries) -> Iterator[CompletenessLine]:
    sums: dict[tuple[object, ...], dict[str, Row]] = {}
    for row in rows(queries, "disposition_sums"):
        sums.setdefault(_group(row), {})[str(row["disposition"])] = row
    for row in rows(queries, "completeness"):
        mine = sums.get(_group(row), {})
        by_disposition = tuple(_sum(name, mine.get(name)) for name in DISPOSITIONS)
        line = msgspec.convert({**row, "by_disposition": ()}, CompletenessLine)
        yield replace(line, by_disposition=by_disposition)


def _group(row: Row) -> tuple[object, ...]:
    return row["legal_entity"], row["currency"], row["period"]


def _sum(name: str, row: Row | None) -> DispositionSum:
    sums = row or {"parts": 0, "seconds": 0, "minor": 0}
    line = {"count": sums["parts"], "seconds": sums["seconds"], "minor": sums["minor"]}
    return msgspec.convert({"disposition": name, **line}, DispositionSum)


def _as_it_is(row: Row) -> Row:
    return row


def _without(row: Row, name: str) -> Row:
    return {key: value for key, value in row.items() if key != name}


def _renamed(row: Row) -> Row:
    return {("count" if key == "parts" else key): value for key, value in row.items()}


def _filled(row: Row) -> Row:
    """Texts that a contract may leave out read as empty."""
    return {
        key: "" if value is None and key in ("remedy", "field", "object") else value
        for key, value in row.items()
    }


def _source(row: Row) -> SourceLine:
    line: Mapping[str, object] = {
        "system": row["system"],
        "vendor": row["vendor"],
        "stream": row["stream"],
        "status": _source_status(row),
        "last_read_at": row["last_read_at"],
        "last_complete_at": row["last_complete_at"],
        "records_read": row["records_read"],
        "records_changed": row["records_changed"],
        "message": wording.source_message(row, _source_status(row)),
    }
    return msgspec.convert(line, SourceLine)


def _source_status(row: Row) -> SourceStatus:
    if row["status"] is None:
        return "never_read"
    if row["status"] != "complete":
        return "failed"
    if row["error_kind"] is not None:
        return "not_whole"
    return "stale" if row["is_stale"] else "complete"
