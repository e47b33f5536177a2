"""A night, a firm and a store in memory for the report step."""

from contextlib import contextmanager

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from ps_integration.settings.firm import Firm
from ps_integration.stores.operational.base import Base
from ps_integration.workflows.night import Night
from ps_integration_tests.reports import world

FIRM = Firm.model_validate(
    {
        "firm": {
            "id": "halden",
            "name": "Halden Ridge",
            "time_zone": "America/New_York",
            "reporting_currency": "USD",
        },
        "legal_entities": [
            {"id": "US", "name": "US", "currency": "USD", "time_zone": "America/New_York"}
        ],
        "systems": [{"id": "bc", "vendor": "business_central", "roles": ["erp"]}],
        "routing": {},
        "owners": {"delivery_ops": "Delivery office"},
    }
)


class Store:
    """An operational store in memory."""

    def __init__(self, breaks):
        self.engine = create_engine("sqlite://")
        Base.metadata.create_all(self.engine)
        with self.session() as session:
            session.add_all(breaks)

    @contextmanager
    def session(self):
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session


def make_night(folder):
    """The night that the tables of the world are of."""
    return Night(
        run_id="night-2",
        as_of=world.AS_OF,
        firm=FIRM,
        config_hash="c0ffee" * 10,
        folder=folder,
        trigger="schedule",
        maker="schedule",
    )
