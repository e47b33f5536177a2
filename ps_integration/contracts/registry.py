"""Every contract by the name of its table."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, get_args

from ps_integration.contracts.absences import ABSENCES
from ps_integration.contracts.approvals import APPROVALS
from ps_integration.contracts.assignments import ASSIGNMENTS
from ps_integration.contracts.books import ACCOUNTING_PERIODS, FX_RATES, LEGAL_ENTITIES
from ps_integration.contracts.customers import CUSTOMERS
from ps_integration.contracts.erp import ERP_DOCUMENTS, ERP_LINES, INVOICE_STATUSES
from ps_integration.contracts.expenses import EXPENSES
from ps_integration.contracts.intercompany import INTERCOMPANY_CHARGES
from ps_integration.contracts.milestones import MILESTONES
from ps_integration.contracts.model import Versioned
from ps_integration.contracts.opportunities import OPPORTUNITIES
from ps_integration.contracts.posting import BILLING_EVENTS, POSTING_BATCHES
from ps_integration.contracts.projects import PROJECTS
from ps_integration.contracts.rates import RATES
from ps_integration.contracts.resources import RESOURCES
from ps_integration.contracts.subcontractors import SUBCONTRACTOR_COSTS
from ps_integration.contracts.tasks import TASKS
from ps_integration.contracts.time_entries import TIME_ENTRIES
from ps_integration.domain.records import CanonicalObject

CANONICAL: Final[tuple[CanonicalObject, ...]] = get_args(CanonicalObject)

CONTRACTS: Final[Mapping[str, Versioned]] = MappingProxyType(
    {
        "customers": CUSTOMERS,
        "projects": PROJECTS,
        "tasks": TASKS,
        "resources": RESOURCES,
        "assignments": ASSIGNMENTS,
        "rates": RATES,
        "time_entries": TIME_ENTRIES,
        "approvals": APPROVALS,
        "expenses": EXPENSES,
        "milestones": MILESTONES,
        "erp_documents": ERP_DOCUMENTS,
        "erp_lines": ERP_LINES,
        "accounting_periods": ACCOUNTING_PERIODS,
        "fx_rates": FX_RATES,
        "intercompany_charges": INTERCOMPANY_CHARGES,
        "subcontractor_costs": SUBCONTRACTOR_COSTS,
        "invoice_statuses": INVOICE_STATUSES,
        "opportunities": OPPORTUNITIES,
        "absences": ABSENCES,
        "legal_entities": LEGAL_ENTITIES,
        "billing_events": BILLING_EVENTS,
        "posting_batches": POSTING_BATCHES,
    }
)
"""The canonical tables by name, then the firm's legal entities and what goes out."""
