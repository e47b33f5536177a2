"""The clean world's configuration, reads and master data."""

from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType

from ps_integration.domain.ports import Row

AS_OF = datetime(2026, 3, 20, 4, 30, tzinfo=UTC)
PAST, EVER = date(1900, 1, 1), date(9999, 12, 31)


def at(day: int, hour: int = 12, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def from_record(system: str, stream: str, external_id: str) -> Row:
    return {
        "system": system,
        "stream": stream,
        "record_id": external_id,
        "raw_seq": 1,
        "external_id": external_id,
    }


def _project(system: str, external_id: str, **more: object) -> Row:
    return {
        **from_record(system, "projects", external_id),
        "match_key": "apollo",
        "name": "Apollo",
        "customer_external_id": "C1",
        "customer_key": "acme",
        "legal_entity": "us",
        "company": None,
        "currency": "USD",
        "status": "active",
        "billing_type": "time_and_materials",
        "is_billable": True,
        "cap_minor": None,
        "tax_code": None,
        "revenue_account": None,
        "cost_centre": None,
        "billing_rule": None,
        "purchase_order": None,
        "has_billing_attributes": False,
        "starts_on": None,
        "ends_on": None,
        "closed_on": None,
        "updated_at": at(1),
        **more,
    }


def cross(kind: str, canonical_id: str, system: str, external_id: str) -> Row:
    return {
        "object_kind": kind,
        "canonical_id": canonical_id,
        "system": system,
        "external_id": external_id,
        "valid_from": PAST,
        "valid_to": EVER,
        "how": "match_key",
    }


def _read(system: str, stream: str) -> Row:
    return {
        "run_id": "r1",
        "system": system,
        "stream": stream,
        "mode": "full",
        "status": "complete",
        "started_at": at(20, 4),
        "finished_at": at(20, 4),
        "error_kind": None,
        "error_message": None,
    }


def _resource(system: str, external_id: str) -> Row:
    return {
        **from_record(system, "resources", external_id),
        "match_key": "ann@x.com",
        "name": "Ann Example",
        "home_legal_entity": "us",
        "is_active": True,
        "starts_on": None,
        "ends_on": None,
    }


ERP_BILLING = MappingProxyType(
    {
        "company": "US Inc",
        "tax_code": "TAX",
        "revenue_account": "4000",
        "cost_centre": "CC1",
        "billing_rule": "TM",
        "purchase_order": "PO-1",
        "has_billing_attributes": True,
    }
)

MASTER: dict[str, list[Row]] = {
    "config.run": [
        {"run_id": "r1", "as_of": AS_OF, "as_of_date": date(2026, 3, 20), "ledger_seq": 1}
    ],
    "config.currencies": [
        {"currency": "USD", "minor_units": 2, "factor": 100},
        {"currency": "EUR", "minor_units": 2, "factor": 100},
    ],
    "config.legal_entities": [
        {
            "legal_entity": "us",
            "currency": "USD",
            "rounding": "half_up",
            "closed_period_policy": "hold",
            "future_period_policy": "hold",
        }
    ],
    "config.systems": [
        {"system": "kantata", "account": "kantata", "roles": "psa", "freshness_hours": 30},
        {"system": "harvest", "account": "harvest", "roles": "time", "freshness_hours": 30},
        {"system": "bc", "account": "bc", "roles": "erp", "freshness_hours": 30},
    ],
    "canonical.feeds": [],
    "config.routing": [
        {
            "role": role,
            "legal_entity": "us",
            "system": system,
            "company": "US Inc" if role == "erp" else None,
            "valid_from": PAST,
            "valid_to": EVER,
        }
        for role, system in (("psa", "kantata"), ("time", "harvest"), ("erp", "bc"))
    ],
    "config.going_live": [
        {"legal_entity": "us", "time_system": "harvest", "bill_from": date(2026, 2, 1)}
    ],
    "config.ownership": [],
    "config.rate_precedence": [{"scope": "project", "rank": 1}],
    "config.revenue_targets": [{"system": "bc", "object_number": "4000"}],
    "config.rule_settings": [],
    "raw.records": [],
    "raw.reads": [
        _read("kantata", "projects"),
        _read("kantata", "statuses"),
        _read("harvest", "time_entries"),
        _read("bc", "invoices"),
    ],
    "raw.missing": [],
    "raw.doubted": [],
    "raw.shapes": [
        {
            "system": "harvest",
            "stream": "time_entries",
            "path": "$.hours",
            "json_type": "number",
            "first_seen_at": at(1, month=2),
            "last_seen_at": at(20, 4),
        }
    ],
    "raw.shape_runs": [],
    "quarantine.records": [],
    "quarantine.told": [],
    "canonical.customers": [
        {
            **from_record(system, "customers", external_id),
            "match_key": "acme",
            "name": "Acme",
            "currency": "USD",
            "legal_entity": "us",
        }
        for system, external_id in (("kantata", "K-C1"), ("bc", "B-C1"))
    ],
    "canonical.projects": [
        _project("kantata", "K1"),
        _project("harvest", "H1"),
        _project("bc", "B1", **ERP_BILLING),
    ],
    "canonical.tasks": [],
    "canonical.approvals": [],
    "canonical.resources": [_resource("kantata", "KR1"), _resource("harvest", "HR1")],
    "canonical.rates": [
        {
            **from_record(system, "rates", external_id),
            "scope": "project",
            "project_external_id": project,
            "resource_external_id": None,
            "role": None,
            "currency": "USD",
            "unit_price": Decimal("150.000000"),
            "valid_from": PAST,
            "valid_to": None,
        }
        for system, external_id, project in (("kantata", "KP1", "K1"), ("bc", "BP1", "B1"))
    ],
    "canonical.time_entries": [
        {**from_record("harvest", "time_entries", "1"), "submitted_at": at(10)},
        {**from_record("kantata", "time_entries", "901"), "submitted_at": None},
    ],
}
