"""A small clean world: one project, one person, one hour worked, posted and agreed by the ERP.

Every table has template rows; a test names only what it changes. `breaks_of` runs one rule of the
product's catalogue the way the night does, after those that it reads from.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from ps_integration.domain.ports import Row
from ps_integration.reconciliation.engine import RuleRun, run_rules
from ps_integration.reconciliation.rule import load_rules
from ps_integration.stores.warehouse.warehouse import Warehouse

AS_OF = datetime(2026, 3, 20, 4, 30, tzinfo=UTC)
PAST, EVER = date(1900, 1, 1), date(9999, 12, 31)
RULES = {rule.code: rule for rule in load_rules()}


def at(day: int, hour: int = 12, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def _from(system: str, stream: str, external_id: str) -> Row:
    return {
        "system": system,
        "stream": stream,
        "record_id": external_id,
        "raw_seq": 1,
        "external_id": external_id,
    }


def _project(system: str, external_id: str, **more: object) -> Row:
    return {
        **_from(system, "projects", external_id),
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


def _cross(kind: str, canonical_id: str, system: str, external_id: str) -> Row:
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
        **_from(system, "resources", external_id),
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

WORLD: dict[str, list[Row]] = {
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
        {"system": "kantata", "roles": "psa", "freshness_hours": 30},
        {"system": "harvest", "roles": "time", "freshness_hours": 30},
        {"system": "bc", "roles": "erp", "freshness_hours": 30},
    ],
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
    "quarantine.records": [],
    "canonical.customers": [
        {
            **_from(system, "customers", external_id),
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
    "canonical.resources": [_resource("kantata", "KR1"), _resource("harvest", "HR1")],
    "canonical.rates": [
        {
            **_from(system, "rates", external_id),
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
        {**_from("harvest", "time_entries", "1"), "submitted_at": at(10)},
        {**_from("kantata", "time_entries", "901"), "submitted_at": None},
    ],
    "canonical.milestones": [],
    "canonical.erp_documents": [
        {
            **_from("bc", "invoices", "G1"),
            "company": "US Inc",
            "kind": "invoice",
            "number": "S-INV1",
            "reference": "PS-APOLLO-202603-1",
            "status": "open",
            "is_posted": True,
            "customer_key": "acme",
            "currency": "USD",
            "invoice_date": date(2026, 3, 15),
            "posting_date": date(2026, 3, 15),
            "amount_minor": 15000,
        }
    ],
    "canonical.erp_lines": [
        {
            **_from("bc", "invoices", "G1-10000"),
            "company": "US Inc",
            "document_external_id": "G1",
            "line_no": 10000,
            "line_type": "account",
            "object_number": "4000",
            "project_key": "APOLLO",
            "quantity": Decimal("1.00000"),
            "unit_price": Decimal("150.000000"),
            "amount_minor": 15000,
            "currency": "USD",
        }
    ],
    "canonical.accounting_periods": [
        {
            **_from("bc", "periods", "2026-03"),
            "company": "US Inc",
            "period": "2026-03",
            "state": "open",
        }
    ],
    "canonical.fx_rates": [],
    "canonical.invoice_statuses": [
        {
            **_from("kantata", "statuses", "S1"),
            "subject_kind": "project",
            "subject_external_id": "K1",
            "reference": "G1",
            "status": "open",
        }
    ],
    "canonical.crosswalk": [
        _cross("project", "apollo", "kantata", "K1"),
        _cross("project", "apollo", "harvest", "H1"),
        _cross("project", "apollo", "bc", "B1"),
        _cross("resource", "ann@x.com", "kantata", "KR1"),
        _cross("resource", "ann@x.com", "harvest", "HR1"),
        _cross("customer", "acme", "kantata", "K-C1"),
        _cross("customer", "acme", "bc", "B-C1"),
    ],
    "canonical.entry_versions": [
        {
            "entry_id": "harvest:1",
            "version_no": 1,
            "version_sha256": "v1",
            "system": "harvest",
            "external_id": "1",
            "resource_external_id": "HR1",
            "project_external_id": "H1",
            "task_external_id": None,
            "work_date": date(2026, 3, 10),
            "seconds": 3600,
            "is_billable": True,
            "approval_state": "approved",
            "is_deleted": False,
            "first_seen_at": at(11),
        }
    ],
    "ops.documents": [
        {
            "document_ref": "PS-APOLLO-202603-1",
            "batch_id": "b1",
            "kind": "invoice",
            "system": "bc",
            "company": "US Inc",
            "legal_entity": "us",
            "project_id": "apollo",
            "customer_key": "acme",
            "currency": "USD",
            "period": "2026-03",
            "state": "posted",
            "amount_minor": 15000,
            "erp_id": "G1",
            "erp_number": "S-INV1",
            "confirmed_at": at(15),
        }
    ],
    "ops.posting_lines": [
        {
            "line_key": "bc|harvest|time_entry|1|1|0",
            "document_ref": "PS-APOLLO-202603-1",
            "line_no": 1,
            "object_kind": "time_entry",
            "object_id": "harvest:1",
            "part": 1,
            "correction_no": 0,
            "version_sha256": "v1",
            "project_id": "apollo",
            "legal_entity": "us",
            "period": "2026-03",
            "work_date": date(2026, 3, 10),
            "seconds": 3600,
            "quantity": Decimal("1.00000"),
            "unit_price": Decimal("150.000000"),
            "amount_minor": 15000,
            "currency": "USD",
        }
    ],
    "ops.open_breaks": [],
    "ops.decisions": [],
    "ops.openings": [{"legal_entity": "us", "time_system": "harvest"}],
    "ops.feedback": [
        {
            "system": "kantata",
            "subject_kind": "project",
            "subject_external_id": "K1",
            "reference": "G1",
            "status": "open",
            "state": "told",
            "changed_at": at(16),
            "told_at": at(16),
        }
    ],
    "billing.projects": [
        {
            "project_id": "apollo",
            "name": "Apollo",
            "customer_key": "acme",
            "legal_entity": "us",
            "currency": "USD",
            "status": "active",
            "billing_type": "time_and_materials",
            "is_billable": True,
            "cap_minor": None,
            "closed_on": None,
            "psa_system": "kantata",
            "psa_external_id": "K1",
            "erp_system": "bc",
            "erp_company": "US Inc",
            "erp_external_id": "B1",
        }
    ],
    "billing.resources": [
        {
            "resource_id": "ann@x.com",
            "name": "Ann Example",
            "home_legal_entity": "us",
            "is_active": True,
            "starts_on": None,
            "ends_on": None,
            "source_system": "kantata",
        }
    ],
    "billing.entries": [
        {
            "entry_id": "harvest:1",
            "system": "harvest",
            "external_id": "1",
            "version_no": 1,
            "version_sha256": "v1",
            "is_primary": True,
            "resource_external_id": "HR1",
            "project_external_id": "H1",
            "task_external_id": None,
            "resource_id": "ann@x.com",
            "project_id": "apollo",
            "resource_matches": 1,
            "project_matches": 1,
            "role": "consultant",
            "home_legal_entity": "us",
            "work_date": date(2026, 3, 10),
            "seconds": 3600,
            "is_billable": True,
            "approval_state": "approved",
            "approved_at": at(11),
            "is_deleted": False,
            "is_invoiced": False,
            "legal_entity": "us",
            "currency": "USD",
            "period": "2026-03",
            "customer_key": "acme",
            "project_status": "active",
            "billing_type": "time_and_materials",
            "project_is_billable": True,
            "task_is_billable": True,
            "cap_minor": None,
            "closed_on": None,
            "erp_system": "bc",
            "erp_company": "US Inc",
            "period_state": "open",
        },
        {"entry_id": "kantata:901", "system": "kantata", "external_id": "901", "is_primary": False},
    ],
    "billing.rated_entries": [
        {
            "entry_id": "harvest:1",
            "version_no": 1,
            "rate_id": "KP1",
            "rate_system": "kantata",
            "rate_scope": "project",
            "rate_candidates": 1,
            "rate_price": Decimal("150.000000"),
            "rate_currency": "USD",
            "unit_price": Decimal("150.000000"),
            "currency": "USD",
            "quantity": Decimal("1.00000"),
            "amount_minor": 15000,
            "problem": None,
            "derivation": "project rate",
        }
    ],
}
for _row in WORLD["billing.entries"][1:]:
    _row.update({k: v for k, v in WORLD["billing.entries"][0].items() if k not in _row})

UNPOSTED: dict[str, list[Row]] = {
    "ops__documents": [],
    "ops__posting_lines": [],
    "ops__feedback": [],
    "canonical__erp_documents": [],
    "canonical__erp_lines": [],
    "canonical__invoice_statuses": [],
}
"""Changes that make the world's one entry not posted yet."""


def fill(warehouse: Warehouse, changes: dict[str, list[Row]]) -> None:
    """Insert the world; a named table has the test's rows, each over the template of its place."""
    for table, templates in WORLD.items():
        rows = templates
        if table.replace(".", "__") in changes:
            given = changes[table.replace(".", "__")]
            last = templates[-1] if templates else {}
            base = [templates[i] if i < len(templates) else last for i in range(len(given))]
            rows = [{**below, **row} for below, row in zip(base, given, strict=True)]
        for row in rows:
            warehouse.insert(table, [row])


def runs_of(changes: dict[str, list[Row]], codes: set[str] | None = None) -> dict[str, RuleRun]:
    """Run the rules over the changed world."""
    with Warehouse(Path(":memory:")) as warehouse:
        fill(warehouse, changes)
        rules = [rule for code, rule in RULES.items() if codes is None or code in codes]
        return {run.rule.code: run for run in run_rules(warehouse, rules)}


def breaks_of(rule: str, *, beside: tuple[str, ...] = (), **changes: list[Row]) -> list[Row]:
    """What one rule finds in the changed world; `beside` runs others whose findings it reads."""
    run = runs_of(changes, {rule, *beside})[rule]
    assert run.status != "could_not_run" or run.found, run.message
    return list(run.found)
