"""A past night is planned again from what it recorded, byte for byte, or told where it differs."""

import pytest

from ps_integration.errors import CouldNotRunError
from ps_integration.stores.warehouse.snapshot import SNAPSHOT_NAME
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows.replay import replay


@pytest.mark.parametrize("run_id", ["then", "now"])
def test_a_night_is_planned_again_byte_for_byte_whatever_came_after(played, run_id):
    result = replay(played.file, run_id, played.environ)
    assert result.differences == ()
    assert result.same


def test_replaying_leaves_both_stores_and_the_books_alone(played):
    before = (played.invoices(), len(played.server.log.requests()))
    replay(played.file, "then", played.environ)
    assert (played.invoices(), len(played.server.log.requests())) == before


def test_what_differs_is_named_down_to_the_line(played):
    snapshot = played.folder / "state" / SNAPSHOT_NAME
    with Warehouse(snapshot) as warehouse:
        warehouse.execute(
            "update raw.records set payload = replace(payload, '133.33', '140.00')"
            " where stream = 'rates'"
        )

    result = replay(played.file, "then", played.environ)

    assert not result.same
    lines = [line for line in result.differences if "unit_price" in line]
    assert any("AP-1" in line and "was 133.330000, is 140.000000" in line for line in lines)


def test_another_configuration_is_said_first(played):
    path = played.folder / "firm.yaml"
    path.write_text(
        path.read_text("utf-8").replace("bill_from: 2026-03-01", "bill_from: 2026-03-03")
    )
    result = replay(played.file, "then", played.environ)
    assert not result.same
    assert result.differences[0].startswith("configuration: the run had ")


def test_a_run_that_planned_nothing_cannot_be_replayed(world):
    with pytest.raises(CouldNotRunError, match="there is none of that id"):
        replay(world.file, "unknown", world.environ)


def test_dagster_replays_too_and_fails_on_a_difference(played, instance):
    config = {"ops": {"plan_again": {"config": {"run_id": "then"}}}}
    job = played.defs.resolve_job_def("replay")
    assert job.execute_in_process(config, instance=instance).success


def test_dagster_asks_whether_a_period_is_clean_and_fails_when_it_is_not(played, instance):
    told = {"legal_entity": "UK", "period": "2026-03"}
    config = {"ops": {"ask_period": {"config": told}}}
    job = played.defs.resolve_job_def("period_status")
    result = job.execute_in_process(config, instance=instance, raise_on_error=False)
    [failure] = [event for event in result.all_events if event.is_step_failure]
    assert "UK 2026-03" in failure.step_failure_data.user_failure_data.description
