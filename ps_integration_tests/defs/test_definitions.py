"""What Dagster is told: loads clean, every asset is described, names and times are as meant."""

from datetime import datetime

import dagster as dg
import pytest

from ps_integration.definitions import definitions_of
from ps_integration.errors import FixConfigError
from ps_integration.reconciliation.rule import load_rules

ASSETS = [
    "approvals", "breaks", "canonical", "configuration", "delivery", "dispositions", "entries",
    "equations", "invoice_feedback", "ledger_copy", "metrics", "posting_batches",
    "posting_ledger", "published_night", "rated_entries", "raw/books", "raw/sheets",
    "reconciliation_report", "recovery", "settled_equations",
]  # fmt: skip
BLOCKING = [
    "breaks:blocking_rules_ran", "equations:completeness", "equations:ledger",
    "posting_ledger:posting_fence", "recovery:posting_fence",
    "settled_equations:completeness", "settled_equations:ledger",
]  # fmt: skip


@pytest.fixture
def repository(world):
    made = world.defs.get_repository_def()
    made.load_all_definitions()
    return made


@pytest.fixture
def specs(world):
    return {spec.key.to_user_string(): spec for spec in world.defs.resolve_all_asset_specs()}


def checks_of(repository) -> dict[str, dg.AssetCheckSpec]:
    keys = repository.asset_graph.asset_check_keys
    return {
        f"{key.asset_key.to_user_string()}:{key.name}": repository.asset_graph.get_check_spec(key)
        for key in keys
    }


def test_there_is_one_asset_per_step_and_per_connected_system(specs):
    assert sorted(specs) == ASSETS


def test_every_asset_has_owner_group_description_and_kinds(specs):
    for spec in specs.values():
        assert spec.owners, spec.key
        assert spec.group_name != "default", spec.key
        assert spec.description, spec.key
        assert spec.kinds, spec.key


def test_groups_flow_one_way_so_that_the_lineage_reads_from_left_to_right(repository):
    graph = repository.asset_graph
    order = ("prepare", "extract", "conform", "rate", "reconcile", "bill", "post", "feedback",
             "report")  # fmt: skip
    for node in graph.asset_nodes:
        for parent in node.parent_keys:
            before = graph.get(parent).group_name
            assert order.index(before) <= order.index(node.group_name), node.key


def test_only_the_equations_the_fence_and_what_could_not_look_are_blocking(repository):
    blocking = [name for name, spec in checks_of(repository).items() if spec.blocking]
    assert sorted(blocking) == BLOCKING


def test_every_rule_and_every_system_has_its_check(repository):
    names = checks_of(repository)
    assert {
        f"{'settled_equations' if rule.is_after_posting else 'breaks'}:{rule.code.lower()}"
        for rule in load_rules()
    } <= names.keys()
    assert {"raw/books:read_books", "raw/sheets:read_sheets", "canonical:contract_projects"} <= (
        names.keys()
    )


def test_the_jobs_are_those_of_the_design(repository):
    names = {job.name for job in repository.get_all_jobs() if not job.name.startswith("__")}
    assert names == {"nightly_sync", "post_approved_batches", "billing_feedback", "replay",
                     "period_status"}  # fmt: skip


def test_the_night_runs_in_the_firms_own_zone_once_a_person_switches_it_on(repository):
    (schedule,) = repository.schedule_defs
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 4 * * *", "Europe/London")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED


def test_a_scheduled_night_is_as_of_the_scheduled_instant(repository, world, monkeypatch):
    (schedule,) = repository.schedule_defs
    context = dg.build_schedule_context(
        scheduled_execution_time=datetime.fromisoformat("2026-07-01T04:30:00+01:00")
    )
    request = schedule(context)
    assert request.tags["ps/as_of"] == "2026-07-01T03:30:00+00:00"
    assert request.run_config == {}


def test_writing_the_warehouse_and_asking_an_account_take_their_pools(world):
    pools = {
        key.to_user_string(): asset.op.pool for asset in world.defs.assets for key in asset.keys
    }
    assert pools["raw/books"] == "api_books"
    assert {pool for name, pool in pools.items() if "/" not in name} == {"warehouse_writer"}


def test_raw_records_are_fresh_for_as_long_as_the_firm_says(specs):
    assert specs["raw/sheets"].freshness_policy.fail_window.to_timedelta().total_seconds() == (
        24 * 3600
    )


def test_no_asset_has_a_retry_policy_that_would_repeat_a_mistake(world):
    assert all(asset.op.retry_policy is None for asset in world.defs.assets)


def test_a_wrong_executor_is_named(world, monkeypatch):
    monkeypatch.setenv("PS_EXECUTOR", "thread")
    with pytest.raises(FixConfigError, match="PS_EXECUTOR='thread'"):
        definitions_of(world.folder / "firm.yaml")
