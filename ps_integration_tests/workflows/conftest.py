"""A small firm, a connector that maps payloads one to one, and config tables filled by hand."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ps_integration.connectors.protocol import Ask, Stream
from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.domain.records import CanonicalRow, FieldProblem, RawRecord, RecordRefusedError
from ps_integration.settings.firm import Firm
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows.conform import conform
from ps_integration.workflows.night import Night
from ps_integration.workflows.resolve import resolve

FAR_PAST, FAR_FUTURE = date(1900, 1, 1), date(9999, 12, 31)
_DATES = {"work_date", "starts_on", "ends_on", "valid_from", "valid_to", "closed_on", "valid_on",
          "reached_on", "home_valid_from"}  # fmt: skip
STREAMS = (
    Stream("people", "full", ("resources",)),
    Stream("projects", "full", ("projects",)),
    Stream("project_attributes", "full", ("projects",)),
    Stream("time", "incremental", ("time_entries",)),
    Stream("requests", "full", ("approvals",)),
    Stream("rates", "full", ("rates",)),
    Stream("invoices", "full", ("erp_documents", "erp_lines")),
    Stream("periods", "full", ("accounting_periods",)),
    Stream("stories", "full", ("tasks", "milestones")),
)


def typed(key, value):
    if value is None:
        return None
    if key in _DATES:
        return date.fromisoformat(value)
    if key.endswith("_at"):
        return datetime.fromisoformat(value)
    return Decimal(value) if key in {"unit_price", "quantity"} else value


class FakeConnector:
    """Payload {"rows": [[table, {column: value}], ...]} or {column: value} of the first feed."""

    def __init__(self, system):
        self.system = system

    def streams(self) -> Sequence[Stream]:
        return STREAMS

    def pages(self, ask: Ask) -> Iterator[Sequence[RawRecord]]:
        raise NotImplementedError

    def parse(self, stream: str, payload: Mapping[str, object]) -> Sequence[CanonicalRow]:
        if payload.get("hours") == "NaN":
            raise RecordRefusedError(FieldProblem("hours", "NaN", "finite_number"))
        feeds = next(one.feeds for one in STREAMS if one.name == stream)
        rows = payload.get("rows") or [[feeds[0], payload]]
        return [
            CanonicalRow(
                table,
                {"external_id": values["external_id"]}
                | {key: typed(key, value) for key, value in values.items() if key != "extra"},
            )
            for table, values in rows
        ]

    def probe(self) -> Mapping[str, object]:
        return {}


FIRM = {
    "firm": {
        "id": "acme",
        "name": "Acme",
        "time_zone": "Europe/London",
        "reporting_currency": "GBP",
    },
    "legal_entities": [
        {"id": "uk", "name": "Acme UK", "currency": "GBP", "time_zone": "Europe/London"},
        {"id": "us", "name": "Acme US", "currency": "USD", "time_zone": "America/New_York"},
    ],
    "systems": [
        {"id": "clock", "vendor": "fake", "roles": ["time"]},
        {"id": "clock2", "vendor": "fake", "roles": ["time"]},
        {"id": "plan", "vendor": "fake", "roles": ["psa"]},
        {"id": "books", "vendor": "fake", "roles": ["erp"]},
    ],
    "routing": {
        "time": [
            {"legal_entity": "uk", "system": "clock", "valid_to": "2026-07-01"},
            {"legal_entity": "uk", "system": "clock2", "valid_from": "2026-07-01"},
            {"legal_entity": "us", "system": "clock2"},
        ],
        "erp": [
            {"legal_entity": "uk", "system": "books", "company": "UK"},
            {"legal_entity": "us", "system": "books", "company": "US"},
        ],
    },
}


def configure(warehouse, firm, night):
    tables = ("run", "currencies", "legal_entities", "systems", "routing", "ownership")
    for table in tables:
        warehouse.execute(f"delete from config.{table}")
    warehouse.insert(
        "config.run",
        [{"run_id": night.run_id, "as_of": night.as_of, "as_of_date": night.as_of_date}],
    )
    warehouse.insert(
        "config.currencies",
        [
            {"currency": code, "minor_units": units, "factor": 10**units}
            for code, units in MINOR_UNITS.items()
        ],
    )
    warehouse.insert(
        "config.legal_entities",
        [
            {
                "legal_entity": one.id,
                "name": one.name,
                "currency": one.currency,
                "time_zone": one.time_zone,
                "rounding": one.rounding,
                "closed_period_policy": one.closed_period,
                "future_period_policy": one.future_period,
            }
            for one in firm.legal_entities
        ],
    )
    warehouse.insert(
        "config.systems",
        [
            {"system": one.id, "vendor": one.vendor, "roles": ",".join(sorted(one.roles))}
            for one in firm.systems
        ],
    )
    warehouse.insert(
        "config.routing",
        [
            {
                "role": role,
                "legal_entity": one.legal_entity,
                "system": one.system,
                "company": one.company,
                "valid_from": one.valid_from,
                "valid_to": one.valid_to,
            }
            for role in ("time", "erp", "psa", "hr", "crm")
            for one in getattr(firm.routing, role)
        ],
    )
    warehouse.insert(
        "config.ownership",
        [
            {"object_kind": one.object, "field": one.field, "system": one.system}
            for one in firm.ownership
        ],
    )


class Suite:
    """Lands records and plays nights."""

    def __init__(self, warehouse, folder):
        self.warehouse = warehouse
        self.folder = folder
        self.seq = 0
        self.nights = 0
        self.firm_file = FIRM
        self.result = None
        self.connectors = {one: FakeConnector(one) for one in ("clock", "clock2", "plan", "books")}

    def land(self, system, stream, *payloads, **named):
        """Payloads by record id: `land("clock", "time", e1={...})`; None is a tombstone."""
        records = dict(named) | {one["external_id"]: one for one in payloads}
        rows = []
        for record_id, payload in records.items():
            self.seq += 1
            text = payload if isinstance(payload, str | None) else json.dumps(payload)
            rows.append(
                {
                    "raw_seq": self.seq,
                    "system": system,
                    "stream": stream,
                    "record_id": record_id,
                    "payload": text,
                    "payload_sha256": text and hashlib.sha256(text.encode()).hexdigest(),
                    "is_tombstone": payload is None,
                }
            )
        self.warehouse.insert("raw.records", rows)

    def night(self):
        self.nights += 1
        night = Night(
            run_id=f"run{self.nights}",
            as_of=datetime(2026, 6, self.nights, 4, tzinfo=UTC),
            firm=Firm.model_validate(self.firm_file, strict=False),
            config_hash="",
            folder=self.folder,
            trigger="person",
            maker="kim",
        )
        configure(self.warehouse, night.firm, night)
        self.result = conform(night, self.warehouse, self.connectors)
        return resolve(night, self.warehouse)

    def rows(self, sql, **params):
        return self.warehouse.rows(sql, params or None)

    def values(self, sql, **params):
        return [tuple(row.values()) for row in self.rows(sql, **params)]


@pytest.fixture
def suite(tmp_path):
    with Warehouse(tmp_path / "warehouse.duckdb") as warehouse:
        yield Suite(warehouse, tmp_path)


def make_entry(external_id="e1", **changed):
    return {
        "external_id": external_id,
        "resource_external_id": "r1",
        "project_external_id": "p1",
        "work_date": "2026-05-04",
        "seconds": 3600,
        "is_billable": True,
        "approval_state": "approved",
        "approved_at": "2026-05-05T10:00:00+00:00",
    } | changed
