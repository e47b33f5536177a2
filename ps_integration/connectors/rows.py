"""Canonical rows with every column of their table: what a vendor leaves out is null."""

from dataclasses import replace
from typing import Final

from ps_integration.domain.records import CanonicalObject, CanonicalRow
from ps_integration.domain.text import key_text

_TABLES: Final[dict[CanonicalObject, str]] = {
    "customers": "match_key name currency legal_entity company is_blocked updated_at",
    "projects": """
        match_key name customer_external_id customer_key legal_entity company currency status
        billing_type is_billable cap_minor tax_code revenue_account cost_centre billing_rule
        purchase_order has_billing_attributes starts_on ends_on closed_on updated_at
    """,
    "tasks": "match_key project_external_id name is_billable is_active updated_at",
    "resources": """
        match_key name email home_legal_entity home_valid_from role supplier_key time_zone
        is_active starts_on ends_on updated_at
    """,
    "assignments": """
        project_external_id task_external_id resource_external_id role starts_on ends_on
        is_active
    """,
    "rates": """
        scope project_external_id resource_external_id task_external_id role currency unit_price
        valid_from valid_to
    """,
    "time_entries": """
        resource_external_id project_external_id task_external_id role work_date seconds
        is_billable approval_state approved_at approver is_locked is_running is_invoiced
        unit_price currency started_at ended_at time_zone note submitted_at updated_at
    """,
    "approvals": "entry_external_id state approver decided_at updated_at",
    "expenses": """
        resource_external_id project_external_id category spent_on amount_minor currency
        is_billable approval_state has_receipt is_invoiced note updated_at
    """,
    "milestones": """
        project_external_id name amount_minor currency is_reached reached_on is_invoiced
        updated_at
    """,
    "erp_documents": """
        company kind number reference status is_posted is_standing customer_key currency
        invoice_date posting_date amount_minor tax_minor total_minor remaining_minor
        credited_minor applies_to updated_at
    """,
    "erp_lines": """
        company document_external_id line_no line_type object_number project_key description
        quantity unit_price amount_minor currency tax_code
    """,
    "accounting_periods": "company period starts_on ends_on state",
    "fx_rates": "company from_currency to_currency rate_type valid_on rate",
    "intercompany_charges": """
        company from_legal_entity to_legal_entity project_key period number is_posted amount_minor
        currency updated_at
    """,
    "subcontractor_costs": """
        company supplier_key resource_key project_key period number is_posted seconds amount_minor
        currency updated_at
    """,
    "invoice_statuses": "subject_kind subject_external_id reference status message updated_at",
    "opportunities": """
        name customer_key legal_entity stage won_on amount_minor currency project_key updated_at
    """,
    "absences": """
        resource_external_id kind starts_on ends_on seconds_per_day approval_state updated_at
    """,
}
STANDING: Final = frozenset({"open", "part_paid", "paid"})
"""States of an ERP document that counts in the books now; a cancelled one and what corrects it do
not, both together come to nothing."""
COLUMNS: Final[dict[CanonicalObject, tuple[str, ...]]] = {
    table: ("external_id", *columns.split()) for table, columns in _TABLES.items()
}
"""Columns of `canonical.<object>` after the four that say where the row came from."""
_KEY_ENDS: Final = ("external_id", "_key", "legal_entity")
_KEY_NAMES: Final = frozenset({"company", "reference", "object_number"})
_EMPTY: Final[dict[CanonicalObject, dict[str, object]]] = {
    table: dict.fromkeys(columns) for table, columns in COLUMNS.items()
}

_KEYS: Final[dict[CanonicalObject, tuple[str, ...]]] = {
    table: tuple(name for name in columns if name.endswith(_KEY_ENDS) or name in _KEY_NAMES)
    for table, columns in COLUMNS.items()
}


def keyed(found: CanonicalRow) -> CanonicalRow:
    """The row with every key in its one spelling; a row without another one is given back."""
    values = found.values
    others = {
        name: key_text(told)
        for name in _KEYS[found.table]
        if isinstance(told := values.get(name), str) and key_text(told) != told
    }
    if not others:
        return found
    return replace(
        found, values={**values, **{name: told or None for name, told in others.items()}}
    )


def row(table: CanonicalObject, external_id: str, **values: object) -> CanonicalRow:
    """Make one row.

    Args:
        table: The canonical object.
        external_id: The vendor's id of it.
        **values: Columns by name; those left out are null.

    Raises:
        KeyError: The table has no such column.
    """
    empty = _EMPTY[table]
    if not values.keys() <= empty.keys():
        unknown = ", ".join(sorted(values.keys() - empty.keys()))
        raise KeyError(f"canonical.{table} has no column {unknown}")
    return CanonicalRow(table, {**empty, "external_id": external_id, **values})
