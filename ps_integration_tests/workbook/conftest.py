"""A firm with four open breaks, its people, and the workbook it exports."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from ps_integration.contracts.found import COLUMNS
from ps_integration.domain.breaks import RuleOutcome, break_id
from ps_integration.domain.trail import Key, KeyRing
from ps_integration.settings.firm import Firm
from ps_integration.stores.operational import breaks
from ps_integration.stores.operational.break_tending import tend
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows.break_work import desk
from ps_integration.workflows.custody import custodian
from ps_integration.workflows.workbook_export import Sealing, draw, workbook_keys
from ps_integration.workflows.workbook_import import Bench, import_workbook
from ps_integration_tests.workbook import hand_typed

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
TODAY = date(2026, 4, 1)
RING = KeyRing(Key(b"k" * 32))

FIRM = Firm.model_validate(
    {
        "firm": {
            "id": "acme", "name": "Acme", "time_zone": "Europe/London",
            "reporting_currency": "GBP",
        },
        "legal_entities": [
            {"id": "UK", "name": "Acme Ltd", "currency": "GBP", "time_zone": "Europe/London",
             "holiday_calendar": "GB-ENG"},
            {"id": "JP", "name": "Acme KK", "currency": "JPY", "time_zone": "Asia/Tokyo"},
        ],
        "systems": [{"id": "bc", "vendor": "business_central", "roles": ["erp"]}],
        "routing": {},
        "approval": {
            "people": {
                "maria": {"roles": ["controller"]},
                "olga": {"roles": ["controller"], "logins": ["olga", "olga.k"]},
                "ben": {"roles": ["clerk"]},
            },
            "roles": {
                "controller": {
                    "max_amount_per_batch": {"GBP": "10000", "JPY": "100000", "USD": "10000"},
                },
                "clerk": {"max_amount_per_batch": {"GBP": "50"}},
            },
        },
        "breaks": {"assign": [{"rule": "TM06", "to": "billing queue"}]},
    }
)  # fmt: skip

ROWS = [  # in the order of the sheet: by money at risk in the reporting currency, then without
    ("TM06", "harvest:1", 12345, "GBP"),
    ("TM01", "harvest:2", 5000, "GBP"),
    ("TM04", "clockify:3", 900, "JPY"),
    ("MD05", "apollo", None, None),
]
IDS = [break_id(rule, key, "2026-03") for rule, key, *_ in ROWS]


def found(rule, key, money, currency, **more):
    blank = dict.fromkeys(("rule", *COLUMNS))
    return {
        **blank, "rule": rule, "record_key": key, "period": "2026-03", "at_risk_minor": money,
        "currency": currency, "legal_entity": "JP" if currency == "JPY" else "UK",
        "detail": f"{key} differs", "cause": "unknown", **more,
    }  # fmt: skip


@dataclass
class Desk:
    """The firm at work."""

    store: OperationalStore
    warehouse: Warehouse

    def night(self, day=0, rows=ROWS, at=NOW, **more):
        night = (f"r{day}", at)
        outcomes = [RuleOutcome(rule, "found", "high", "finance") for rule, *_ in ROWS]
        with self.store.session() as session:
            breaks.record(session, night, [found(*row, **more) for row in rows], outcomes)
            tend(session, night, custodian(FIRM, at.date()))
        return self

    def export(self, firm=FIRM, run_id="r0", key=None):
        with self.store.snapshot() as session:
            sealing = Sealing(firm, run_id, key or workbook_keys(RING)[0])
            return draw(session, self.warehouse, sealing, NOW)

    def bring(self, data, who="maria", **more):
        file = SimpleNamespace(firm=FIRM)
        at_desk = desk(file, who, NOW)
        bench = Bench(at_desk, workbook_keys(RING), "acme", self.warehouse)
        return import_workbook(self.store, data, bench, **more)

    def show(self, row):
        with self.store.snapshot() as session:
            return breaks.show(session, IDS[row])

    def contents(self):
        """Everything the operational store holds, for "nothing has changed"; not the refusals."""
        dump = self.store.engine.raw_connection()
        try:
            lines = [line for line in dump.driver_connection.iterdump() if "audit" not in line]
        finally:
            dump.close()
        return lines


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory):
    with Warehouse(tmp_path_factory.mktemp("workbook") / "w.duckdb") as opened:
        yield opened


@pytest.fixture(scope="session")
def template(tmp_path_factory, warehouse):
    """A store with the four breaks, migrated once."""
    path = tmp_path_factory.mktemp("workbook") / "store.sqlite"
    store = OperationalStore(f"sqlite:///{path}", keys=RING)
    store.migrate()
    Desk(store, warehouse).night()
    store.close()
    return path.read_bytes()


@pytest.fixture
def typed(work):
    """The same firm, with lines typed by hand, after a night of its own."""
    with hand_typed.opened() as warehouse:
        work.warehouse = warehouse
        yield work


@pytest.fixture
def work(tmp_path, template, warehouse):
    (tmp_path / "store.sqlite").write_bytes(template)
    store = OperationalStore(f"sqlite:///{tmp_path / 'store.sqlite'}", keys=RING)
    yield Desk(store, warehouse)
    store.close()
