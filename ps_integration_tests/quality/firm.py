"""The firm of the labelled worlds: three legal entities, two time systems, PSA, ERP, HR and CRM."""

from datetime import UTC, date, datetime
from pathlib import Path

from ps_integration.settings.firm import Firm
from ps_integration.workflows.night import Night

AS_OF = datetime(2026, 4, 1, 3, tzinfo=UTC)
BEFORE = datetime(2026, 3, 29, 3, tzinfo=UTC)
"""The night in which everything that is posted was posted."""
BILL_FROM = date(2026, 2, 2)
ENTITIES = {"US": "USD", "UK": "GBP", "DE": "EUR"}
TIME_SYSTEM = {"US": "harvest", "UK": "harvest", "DE": "clockify"}
REVENUE = "4000"


def listed(folder: str, *objects: str) -> dict[str, object]:
    """The options of a system of files that lists the objects."""
    streams = [
        {"name": one, "table": one, "path": f"{one}.csv", "id": ["Id"], "columns": {}}
        for one in objects
    ]
    return {"folder": folder, "streams": streams}


def firm() -> Firm:
    """The firm file as a value."""
    return Firm.model_validate(
        {
            "firm": {
                "id": "quality", "name": "Quality", "time_zone": "UTC", "reporting_currency": "USD",
            },
            "legal_entities": [
                {"id": code, "name": code, "currency": currency, "time_zone": "UTC"}
                for code, currency in ENTITIES.items()
            ],
            "systems": [
                {"id": "harvest", "vendor": "harvest", "roles": ["time"], "daily_calls": 9000},
                {"id": "clockify", "vendor": "clockify", "roles": ["time"], "daily_calls": 7000},
                {"id": "psa", "vendor": "kantata", "roles": ["psa"], "daily_calls": 5000},
                {
                    "id": "bc", "vendor": "business_central", "roles": ["erp"],
                    "daily_calls": 8000,
                    "options": {
                        "tenant": "quality.example", "environment": "production",
                        "companies": {code: f"{code} Ltd" for code in ENTITIES},
                        "revenue_accounts": [REVENUE],
                        "custom_api": {"publisher": "q", "group": "billing", "version": "v1.0"},
                    },
                },
                {
                    "id": "hr", "vendor": "files", "roles": ["hr"],
                    "options": listed("hr", "resources", "absences"),
                },
                {
                    "id": "crm", "vendor": "files", "roles": ["crm"],
                    "options": listed("crm", "opportunities"),
                },
            ],
            "routing": {
                "time": [
                    {"legal_entity": code, "system": system} for code, system in TIME_SYSTEM.items()
                ],
                "psa": [{"legal_entity": code, "system": "psa"} for code in ENTITIES],
                "erp": [
                    {"legal_entity": code, "system": "bc", "company": f"{code} Ltd"}
                    for code in ENTITIES
                ],
            },
            "going_live": [
                {"legal_entity": code, "time_system": system, "bill_from": BILL_FROM}
                for code, system in TIME_SYSTEM.items()
            ],
            "rates": {"source": "psa"},
            "rules": {"TM09": {"blocks": False}, "TM16": {"blocks": False},
                "BL07": {"tolerances": {"charge_days": 0}},
                "BL10": {"tolerances": {"cost_days": 0}},
            },
        }
    )  # fmt: skip


def night(as_of: datetime = AS_OF) -> Night:
    """A night of that firm."""
    run_id = f"quality-{as_of:%m-%d}"
    return Night(run_id, as_of, firm(), "0" * 64, Path("/nowhere"), "schedule", "schedule")
