"""The bench's firm: three legal entities, one time system, one PSA, one ERP."""

from datetime import UTC, date, datetime
from pathlib import Path

from ps_integration.settings.firm import Firm
from ps_integration.stores.operational.models import Opening
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows.night import Night

AS_OF = datetime(2026, 4, 1, 3, tzinfo=UTC)
BILL_FROM = date(2026, 3, 2)
ENTITIES = {"US": "USD", "UK": "GBP", "DE": "EUR"}
ENVIRON = {"BENCH_TOKEN": "none"}


def firm() -> Firm:
    """The firm file as a value."""
    token = {"token": "env:BENCH_TOKEN"}
    return Firm.model_validate(
        {
            "firm": {
                "id": "bench",
                "name": "Bench",
                "time_zone": "UTC",
                "reporting_currency": "USD",
            },
            "legal_entities": [
                {"id": code, "name": code, "currency": currency, "time_zone": "UTC"}
                for code, currency in ENTITIES.items()
            ],
            "systems": [
                {
                    "id": "harvest",
                    "vendor": "harvest",
                    "roles": ["time"],
                    "account": "1",
                    "credentials": token,
                },
                {"id": "psa", "vendor": "kantata", "roles": ["psa"]},
                {
                    "id": "bc",
                    "vendor": "business_central",
                    "roles": ["erp"],
                    "options": {
                        "tenant": "bench.example",
                        "environment": "production",
                        "companies": {code: f"{code} Ltd" for code in ENTITIES},
                    },
                },
            ],
            "routing": {
                "time": [{"legal_entity": code, "system": "harvest"} for code in ENTITIES],
                "psa": [{"legal_entity": code, "system": "psa"} for code in ENTITIES],
                "erp": [
                    {"legal_entity": code, "system": "bc", "company": f"{code} Ltd"}
                    for code in ENTITIES
                ],
            },
            "going_live": [
                {"legal_entity": code, "time_system": "harvest", "bill_from": BILL_FROM}
                for code in ENTITIES
            ],
            "rates": {"source": "psa"},
        }
    )


def night(folder: Path) -> Night:
    """The night of 31 March."""
    return Night("bench", AS_OF, firm(), "0" * 64, folder, "schedule", "schedule")


def sign_openings(store: OperationalStore) -> None:
    """Sign the opening lists, so that posting may start."""
    with store.session() as session:
        for code in ENTITIES:
            session.add(
                Opening(
                    legal_entity=code,
                    time_system="harvest",
                    bill_from=BILL_FROM,
                    list_sha256="0" * 64,
                    signed_by="Ravi Shah",
                    signed_at=AS_OF,
                )
            )
