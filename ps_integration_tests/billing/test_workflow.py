from datetime import UTC, datetime
from pathlib import Path

import pytest

from ps_integration.settings.firm import Firm
from ps_integration.workflows import bill
from ps_integration.workflows.night import Night
from ps_integration_tests.billing.world import World


@pytest.fixture
def night() -> Night:
    firm = Firm.model_validate({
        "firm": {"id": "f", "name": "F", "time_zone": "UTC", "reporting_currency": "GBP"},
        "legal_entities": [{"id": "UK", "name": "UK", "currency": "GBP", "time_zone": "UTC"}],
        "systems": [{"id": "tt", "vendor": "harvest", "roles": ["time"]}],
        "routing": {},
    })  # fmt: skip
    as_of = datetime(2026, 3, 20, tzinfo=UTC)
    return Night("r1", as_of, firm, "0" * 64, Path(), "schedule", "schedule")


def test_the_steps_show_rows_money_and_checks(world: World, night: Night):
    world.rate("r1")
    world.entry("1", 5400)
    world.entry("2", project_id="p1", is_billable=False)
    rated = bill.rate(night, world.warehouse)
    assert (rated.row_count, rated.metadata["amount"]) == (1, {"GBP": "150.00 GBP"})
    classified = bill.classify(night, world.warehouse)
    assert classified.row_count == 2
    assert classified.metadata["queued"] == {"parts": 1, "amount": {"GBP": "150.00 GBP"}}
    world.honest()
    accounted = bill.account(night, world.warehouse)
    assert [(c.name, c.passed, c.is_blocking) for c in accounted.checks] == [
        ("completeness", True, True), ("ledger", True, True),
    ]  # fmt: skip
    assert [batch.amount_minor for batch in bill.plan(night, world.warehouse)] == [15000]


def test_problems_of_prices_are_counted_by_name(world: World, night: Night):
    world.entry("1")
    assert bill.rate(night, world.warehouse).metadata["problems"] == {"rate_missing": 1}


def test_a_failing_check_names_the_worst_group(world: World, night: Night):
    world.rate("r1")
    world.entry("1")
    world.document("PS-P1-202603-1", "posted", ("tt:1", 3600, "100"), readback_minor=1)
    world.night()
    world.warehouse.execute("delete from billing.dispositions")
    completeness, ledger = bill.account(night, world.warehouse).checks
    assert not completeness.passed
    assert completeness.description.startswith("UK GBP 2026-03: 1 approved entries")
    assert not ledger.passed
    assert ledger.description.startswith("UK GBP 2026-03: confirmed 10000")


def test_lost_records_fail_the_completeness_check(world: World, night: Night):
    world.entry("1", approval_state="draft")
    world.warehouse.execute("delete from canonical.entry_versions")
    completeness, _ = bill.account(night, world.warehouse).checks
    assert not completeness.passed
    assert "tt" in completeness.description
