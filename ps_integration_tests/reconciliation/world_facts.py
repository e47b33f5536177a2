"""The clean world's one hour: worked, approved, rated, posted and agreed by the ERP."""

from datetime import date
from decimal import Decimal

from ps_integration.domain.ports import Row
from ps_integration_tests.reconciliation.world_master import at, cross, from_record

FACTS: dict[str, list[Row]] = {
    "canonical.expenses": [],
    "canonical.intercompany_charges": [],
    "canonical.subcontractor_costs": [],
    "reconciliation.field_history": [],
    "raw.calls": [],
    "config.quotas": [],
    "canonical.milestones": [],
    "canonical.opportunities": [],
    "canonical.absences": [],
    "canonical.assignments": [],
    "config.public_holidays": [],
    "canonical.erp_documents": [
        {
            **from_record("bc", "invoices", "G1"),
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
            **from_record("bc", "invoices", "G1-10000"),
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
            **from_record("bc", "periods", "2026-03"),
            "company": "US Inc",
            "period": "2026-03",
            "state": "open",
        }
    ],
    "canonical.fx_rates": [],
    "canonical.invoice_statuses": [
        {
            **from_record("kantata", "statuses", "S1"),
            "subject_kind": "project",
            "subject_external_id": "K1",
            "reference": "G1",
            "status": "open",
        }
    ],
    "canonical.crosswalk": [
        cross("project", "apollo", "kantata", "K1"),
        cross("project", "apollo", "harvest", "H1"),
        cross("project", "apollo", "bc", "B1"),
        cross("resource", "ann@x.com", "kantata", "KR1"),
        cross("resource", "ann@x.com", "harvest", "HR1"),
        cross("customer", "acme", "kantata", "K-C1"),
        cross("customer", "acme", "bc", "B-C1"),
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
    "ops.erp_reversals": [],
    "ops.open_breaks": [],
    "ops.decisions": [],
    "ops.match_decisions": [],
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
for _row in FACTS["billing.entries"][1:]:
    _row.update({k: v for k, v in FACTS["billing.entries"][0].items() if k not in _row})
