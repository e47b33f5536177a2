from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from ps_integration.settings.firm import Firm
from ps_integration.stores.operational.base import Base
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows.night import Night
from ps_integration.workflows.reconcile import after_posting, reconcile
from ps_integration_tests.reconciliation.world import AS_OF, RULES, UNPOSTED, WORLD, fill

FIRM = Firm.model_validate(
    {
        "firm": {"id": "f", "name": "F", "time_zone": "UTC", "reporting_currency": "USD"},
        "legal_entities": [{"id": "us", "name": "US", "currency": "USD", "time_zone": "UTC"}],
        "systems": [{"id": "bc", "vendor": "business_central", "roles": ["erp"]}],
        "routing": {},
    }
)


class Store:
    def __init__(self):
        self.engine = create_engine("sqlite://")
        Base.metadata.create_all(self.engine)

    @contextmanager
    def session(self):
        with Session(self.engine) as session, session.begin():
            yield session


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path, monkeypatch):
    """Alerts are written into the folder of the night, which is here the current one."""
    monkeypatch.chdir(tmp_path)


def _night(day=0):
    return Night(
        run_id=f"r{day}", as_of=AS_OF + timedelta(days=day), firm=FIRM, config_hash="c",
        folder=Path(), trigger="person", maker="mia",
    )  # fmt: skip


def _reconcile(store, changes, day=0):
    with Warehouse(Path(":memory:")) as warehouse:
        fill(warehouse, changes)
        result = reconcile(_night(day), warehouse, store)
        return result, warehouse.rows("select * from ops.open_breaks")


def test_the_step_has_a_check_per_rule_before_planning_and_one_that_blocks():
    store = Store()
    result, _ = _reconcile(store, {})
    assert [check.name for check in result.checks] == [
        *(code.lower() for code, rule in RULES.items() if not rule.is_after_posting),
        "blocking_rules_ran",
    ]  # fmt: skip
    assert all(check.passed for check in result.checks)
    assert [check.name for check in result.checks if check.is_blocking] == ["blocking_rules_ran"]
    store.engine.dispose()


def test_breaks_carry_over_nights_and_tell_what_they_hold():
    store = Store()
    missing = {**UNPOSTED, "billing__projects": [{"erp_external_id": None}]}
    first, held = _reconcile(store, missing)
    assert [(row["rule"], row["blocked_id"]) for row in held] == [("MD01", "apollo")]
    assert first.metadata["opened"] == 1
    assert not next(check for check in first.checks if check.name == "md01").passed
    second, held = _reconcile(store, {}, day=0)
    assert (second.metadata["resolved"], held) == (1, [])
    store.engine.dispose()


def test_what_is_not_in_the_erp_is_looked_at_after_posting_alone():
    store = Store()
    with Warehouse(Path(":memory:")) as warehouse:
        fill(warehouse, UNPOSTED)
        assert not reconcile(_night(), warehouse, store).metadata["opened"]
        settled = after_posting(_night(), warehouse, store)
        assert settled.metadata["opened"] == 1
        assert [check.name for check in settled.checks if not check.passed] == ["tm01"]
        last = {code.lower() for code, rule in RULES.items() if rule.is_after_posting}
        assert last == {check.name for check in settled.checks} >= {"tm01", "tm15"}
        # the next night's rules before planning leave the break as it is
        assert reconcile(_night(1), warehouse, store).metadata["open"] == 1
        for table in ("ops.documents", "ops.posting_lines"):
            warehouse.insert(table, WORLD[table])
        settled = after_posting(_night(1), warehouse, store)
        assert (settled.metadata["resolved"], settled.metadata["open"]) == (1, 0)
    store.engine.dispose()


def test_a_blocking_rule_that_could_not_run_is_a_blocking_failure():
    store = Store()
    silent = {"canonical__projects": [{}, {}, {"has_billing_attributes": False}]}
    result, _ = _reconcile(store, silent)
    [check] = [check for check in result.checks if check.is_blocking]
    assert not check.passed
    assert "MD03 no billing attributes of projects read from bc" in check.description
    store.engine.dispose()
